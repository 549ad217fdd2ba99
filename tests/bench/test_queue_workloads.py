#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/queue-workloads writes what its text says."""
import collections
import csv
import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "bench/queue-workloads"
loader = importlib.machinery.SourceFileLoader("workloads", str(SCRIPT))
workloads = importlib.util.module_from_spec(importlib.util.spec_from_loader("workloads", loader))
loader.exec_module(workloads)
PHILLY = workloads.DATA / "philly_vc_arrivals.csv.gz"


def write(only, *more):
    """Runs the script; returns the texts of the files by name."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, SCRIPT, folder, "--only", only, *more], check=True,
                       capture_output=True)
        return {path.name: path.read_text(encoding="utf-8")
                for path in pathlib.Path(folder).iterdir()}


def rows(text):
    return list(csv.DictReader(text.splitlines(), delimiter="|"))


def gpus(row):
    return int(re.search(r"gres/gpu=(\d+)", row["AllocTRES"])[1])


class Limits(unittest.TestCase):
    def test_they_are_those_of_the_simulator(self):
        # The same figures as in tests/unit/sim/rerun/test_made_up_limit.c
        made = [workloads.made_up_limit_s(42, job, 20 * 60) // 60 for job in range(8)]
        self.assertEqual(made, [60, 240, 60, 60, 60, 240, 60, 240])

    def test_they_hold_the_run_past_a_week_too(self):
        week = 168 * 3600
        for job in range(500):
            limit = workloads.made_up_limit_s(1, job, 10 * week // 7)
            self.assertTrue(limit >= 10 * week // 7 and limit % week == 0)


@unittest.skipUnless(PHILLY.exists(), "no Philly trace: set WHALEFLUX_DATA")
class Deadlines(unittest.TestCase):
    def test_one_job_in_three_has_one_that_can_be_met(self):
        jobs = rows(write("deadline", "--seeds", "1")["deadline-seed1.txt"])
        plain = rows(write("philly", "--seeds", "1")["philly-seed1.txt"])
        with_one = [row for row in jobs if row["Deadline"] != "Unknown"]
        self.assertAlmostEqual(len(with_one) / len(jobs), 1 / 3, delta=0.02)
        self.assertTrue(all(row["Deadline"] > row["End"] for row in with_one))
        for row in jobs:
            del row["Deadline"]
        self.assertEqual(jobs, plain)


class Kueue(unittest.TestCase):
    def test_the_shape_is_as_published(self):
        files = write("kueue")
        jobs = rows(files["kueue.txt"])
        self.assertEqual(len(jobs), 15000)
        kinds = collections.Counter((row["User"], row["NNodes"], gpus(row), row["Priority"])
                                    for row in jobs)
        for cohort in range(1, 6):
            for queue in range(1, 7):
                name = f"cohort{cohort}/queue{queue}"
                self.assertEqual(kinds[name, "1", 1, "50"], 350)
                self.assertEqual(kinds[name, "5", 5, "100"], 100)
                self.assertEqual(kinds[name, "20", 20, "200"], 50)
        mine = [row for row in jobs if row["User"] == "cohort5/queue6" and row["NNodes"] == "20"]
        self.assertEqual([row["Submit"][11:] for row in mine[:3]],
                         ["00:00:00", "00:20:00", "00:40:00"])
        self.assertEqual(mine[1]["End"][11:], "00:36:40")  # 1,000 s later

    def test_cohorts_hold_their_queues(self):
        cluster = write("kueue-large")["kueue-large.yaml"]
        self.assertIn("    nodes: 2500\n", cluster)
        self.assertEqual(cluster.count("guarantee_gpus: 20\n    limit_gpus: 120\n"), 1000)
        self.assertEqual(cluster.count("guarantee_gpus: 2000\n    limit_gpus: 2000\n"), 10)
        self.assertLess(cluster.index("name: cohort10\n"), cluster.index("name: cohort10/queue1\n"))

    def test_the_large_one_has_fewer_jobs_a_queue(self):
        jobs = workloads.kueue_jobs(*workloads.KUEUE["kueue-large"])
        self.assertEqual(len(jobs), 1000 * (35 + 11 + 4))


@unittest.skipUnless(PHILLY.exists(), f"no {PHILLY}")
class Philly(unittest.TestCase):
    def test_the_load_is_high_and_can_be_borne(self):
        arrivals = workloads.philly_arrivals(PHILLY)
        for seed in range(1, 6):
            jobs = workloads.philly_jobs(arrivals, seed)
            work = sum(job[4] * job[5] for job in jobs)
            offered = work / (workloads.PHILLY_WINDOW_S * workloads.PHILLY_NODES * 8)
            self.assertTrue(0.8 < offered < 1, offered)

    def test_run_times_follow_the_published_law(self):
        arrivals = workloads.philly_arrivals(PHILLY) * 4
        minutes = sorted(job[5] / 60 for job in workloads.philly_jobs(arrivals, 1))
        self.assertGreaterEqual(minutes[0], 10**1.5 - 0.02)
        self.assertLessEqual(minutes[-1], 10**4)
        below = sum(minute < 1000 for minute in minutes) / len(minutes)
        self.assertAlmostEqual(below, 0.8, delta=0.015)
        self.assertAlmostEqual(minutes[len(minutes) * 4 // 10] / 10**2.25, 1, delta=0.1)

    def test_seeds_differ_and_repeat(self):
        first = write("philly", "--seeds", "1-2")
        again = write("philly", "--seeds", "1")
        self.assertEqual(sorted(first), ["philly-seed1.txt", "philly-seed2.txt", "philly.yaml"])
        self.assertEqual(first["philly-seed1.txt"], again["philly-seed1.txt"])
        self.assertNotEqual(first["philly-seed1.txt"], first["philly-seed2.txt"])

    def test_gangs_fill_nodes(self):
        jobs = rows(write("philly", "--seeds", "3")["philly-seed3.txt"])
        self.assertEqual(len(jobs), 4887)
        for row in jobs:
            tasks = int(row["NNodes"])
            self.assertTrue(gpus(row) % tasks == 0 and gpus(row) // tasks <= 8)
            self.assertTrue(tasks == 1 or gpus(row) > 8)
            self.assertEqual(row["Start"], row["Submit"])
        self.assertEqual([row["Submit"] for row in jobs], sorted(row["Submit"] for row in jobs))


class Split(unittest.TestCase):
    def test_as_few_alike_tasks_as_can_be(self):
        self.assertEqual([workloads.split(gpus) for gpus in (1, 7, 8, 12, 16, 20, 24, 64)],
                         [1, 1, 1, 2, 2, 4, 3, 8])


class Openb(unittest.TestCase):
    def test_clusters_have_the_gpus_that_they_say(self):
        files = write("openb")
        self.assertEqual(sorted(files), ["openb-32.yaml", "openb-48.yaml"])
        self.assertIn("    nodes: 4\n", files["openb-32.yaml"])
        self.assertIn("    nodes: 6\n", files["openb-48.yaml"])


if __name__ == "__main__":
    unittest.main()
