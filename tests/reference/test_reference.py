#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reference scheduler against schedules made by hand, and against its own rules."""
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import history  # noqa: E402
import workload  # noqa: E402
from scheduler import Cluster, Job, place  # noqa: E402

HOUR = 3600


def starts(policy, nodes, gpus_per_node, *jobs):
    """Runs jobs given as (submit_s, tasks, gpus, run_s, limit_s); returns their starts."""
    made = [Job(number + 1, *job) for number, job in enumerate(jobs)]
    Cluster(nodes, gpus_per_node, policy).run(made)
    return [job.start_s for job in made]


class Fifo(unittest.TestCase):
    def test_nobody_overtakes(self):
        self.assertEqual(starts("fifo", 1, 8,
                                (0, 1, 6, 100, 200),
                                (1, 1, 4, 50, 60),    # waits for the first
                                (2, 1, 1, 10, 10)),   # would fit, but waits behind
                         [0, 100, 100])

    def test_equal_times_go_by_number(self):
        self.assertEqual(starts("fifo", 1, 2, (5, 1, 2, 10, 10), (5, 1, 2, 10, 10)), [5, 15])

    def test_what_ends_makes_room_for_what_comes_at_that_time(self):
        self.assertEqual(starts("fifo", 1, 1, (0, 1, 1, 10, 10), (10, 1, 1, 10, 10)), [0, 10])

    def test_a_job_is_stopped_at_its_limit(self):
        self.assertEqual(starts("fifo", 1, 1, (0, 1, 1, 100, 30), (0, 1, 1, 1, 1)), [0, 30])


class Easy(unittest.TestCase):
    RUNNING = (0, 1, 6, 100, 200)  # the head is promised 200 and gets 100
    HEAD = (1, 1, 8, 50, 60)

    def test_one_that_ends_in_time_goes_ahead(self):
        self.assertEqual(starts("easy", 1, 8, self.RUNNING, self.HEAD, (2, 1, 2, 10, 198)),
                         [0, 100, 2])

    def test_one_that_would_delay_the_head_waits(self):
        self.assertEqual(starts("easy", 1, 8, self.RUNNING, self.HEAD, (2, 1, 2, 10, 199)),
                         [0, 100, 150])

    def test_one_on_gpus_that_the_head_does_not_need_goes_ahead(self):
        self.assertEqual(starts("easy", 1, 8, self.RUNNING, (1, 1, 7, 50, 60),
                                (2, 1, 1, 500, 5000), (3, 1, 1, 500, 5000)),
                         [0, 100, 2, 150])  # the fourth would hold the head up

    def test_the_head_waits_for_one_that_went_ahead_within_its_limit(self):
        # The first ends early, but the third may run until 200, and does so until 190.
        self.assertEqual(starts("easy", 1, 8, self.RUNNING, self.HEAD, (2, 1, 2, 188, 198)),
                         [0, 190, 2])

    def test_only_one_head_is_protected(self):
        # The third, which waits second, is passed by the fourth though it delays it.
        self.assertEqual(starts("easy", 1, 8, self.RUNNING, (1, 1, 6, 50, 60),
                                (2, 1, 8, 5, 5), (3, 1, 2, 400, 400)),
                         [0, 100, 403, 3])


class Places(unittest.TestCase):
    def test_the_fullest_node_that_fits_the_lowest_first(self):
        free = [8, 3, 2, 3]
        self.assertEqual(place(free, Job(1, 0, 1, 3, 1, 1)), [1])
        self.assertEqual(free, [8, 0, 2, 3])
        self.assertEqual(place(free, Job(2, 0, 1, 1, 1, 1)), [2])
        self.assertEqual(place(free, Job(3, 0, 1, 4, 1, 1)), [0])
        self.assertEqual(free, [4, 0, 1, 3])

    def test_tasks_go_one_after_the_other(self):
        free = [8, 5, 2]
        self.assertEqual(place(free, Job(1, 0, 4, 2, 1, 1)), [2, 1, 1, 0])

    def test_all_tasks_or_none(self):
        # Two whole nodes: one is free from the start, the second at 100.
        self.assertEqual(starts("fifo", 2, 8, (0, 1, 1, 100, 100), (1, 2, 8, 10, 10)), [0, 100])

    def test_what_never_fits_is_refused(self):
        with self.assertRaisesRegex(ValueError, "job 1 does not fit"):
            starts("fifo", 2, 8, (0, 3, 8, 1, 1))
        with self.assertRaisesRegex(ValueError, "job 1 does not fit"):
            starts("easy", 2, 8, (0, 1, 9, 1, 1))


class Rules(unittest.TestCase):
    """Over made-up workloads."""

    def each(self):
        for seed in range(6):
            for policy in ("fifo", "easy"):
                jobs = workload.make(seed, 400, 6, 8, 1.0)
                yield policy, Cluster(6, 8, policy).run(jobs)

    def test_no_node_has_more_tasks_than_gpus(self):
        for _, jobs in self.each():
            changes = sorted((time, change, node) for job in jobs for node in job.nodes
                             for time, change in ((job.start_s, job.gpus), (job.end_s, -job.gpus)))
            used = [0] * 6
            for _, change, node in changes:  # at one time, ends come first
                used[node] += change
                self.assertTrue(0 <= used[node] <= 8)

    def test_every_job_runs_once_after_its_submission(self):
        for _, jobs in self.each():
            for job in jobs:
                self.assertGreaterEqual(job.start_s, job.submit_s)
                self.assertEqual(job.end_s - job.start_s, min(job.run_s, job.limit_s))
                self.assertEqual(len(job.nodes), job.tasks)

    def test_fifo_starts_in_order(self):
        for policy, jobs in self.each():
            order = [job.start_s for job in jobs]
            self.assertTrue(policy != "fifo" or order == sorted(order))

    def test_no_head_starts_after_the_time_promised_to_it(self):
        promised = 0
        for _, jobs in self.each():
            for job in jobs:
                if job.reserved_s is not None:
                    promised += 1
                    self.assertLessEqual(job.start_s, job.reserved_s)
        self.assertGreater(promised, 100)

    def test_easy_waits_less(self):
        waits = {"fifo": 0, "easy": 0}
        for policy, jobs in self.each():
            waits[policy] += sum(job.start_s - job.submit_s for job in jobs)
        self.assertLess(waits["easy"], 0.7 * waits["fifo"])


class Workload(unittest.TestCase):
    def test_a_seed_gives_one_workload(self):
        first, again, other = (workload.make(seed, 300, 4, 8, 0.8) for seed in (3, 3, 4))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_jobs_ask_for_the_load_and_for_too_much_time(self):
        jobs = workload.make(1, 3000, 8, 8, 0.8)
        span = jobs[-1].submit_s - jobs[0].submit_s
        work = sum(min(job.run_s, job.limit_s) * job.all_gpus for job in jobs)
        self.assertAlmostEqual(work / (span * 64), 0.8, delta=0.03)
        self.assertLess(sum(job.run_s > job.limit_s for job in jobs), 0.05 * len(jobs))
        self.assertGreater(sum(job.limit_s > 2 * job.run_s for job in jobs), 0.5 * len(jobs))
        self.assertEqual(jobs, sorted(jobs, key=lambda job: (job.submit_s, job.number)))

    def test_runs_of_a_name_are_alike(self):
        jobs = [job for job in workload.make(1, 3000, 8, 8, 0.8) if not job.fails]
        first = jobs[0]
        alike = sorted(job.run_s for job in jobs
                       if (job.user, job.name) == (first.user, first.name))
        self.assertGreater(len(alike), 3)
        self.assertLess(alike[len(alike) * 3 // 4] / alike[len(alike) // 4], 3)


class History(unittest.TestCase):
    def test_a_line_is_as_sacct_prints_it(self):
        jobs = [Job(7, 60, 2, 8, 90000, 2 * 24 * HOUR, "ann", "train", "nlp")]
        Cluster(3, 8, "easy").run(jobs)
        text = io.StringIO()
        history.write_history(jobs, text)
        tres = "billing=128,cpu=128,gres/gpu=16,mem=1024G,node=2"
        self.assertEqual(
            text.getvalue().splitlines()[1],
            "7|ann|nlp|train|gpu|1|2026-01-05T00:01:00|2026-01-05T00:01:00|2026-01-05T00:01:00|"
            f"2026-01-06T01:01:00|2-00:00:00|COMPLETED|0:0|{tres}|{tres}|2|gpu-[000-001]")

    def test_states(self):
        for run_s, fails, expected in ((5, False, "COMPLETED"), (5, True, "FAILED"),
                                       (10, False, "COMPLETED"), (11, True, "TIMEOUT")):
            job = Job(1, 0, 1, 1, run_s, 10, fails=fails)
            self.assertEqual(history.state(job)[0], expected)

    def test_node_lists(self):
        self.assertEqual(history.node_list([4]), "gpu-004")
        self.assertEqual(history.node_list([4, 4]), "gpu-004")
        self.assertEqual(history.node_list([2, 0, 1, 5, 9, 8]), "gpu-[000-002,005,008-009]")

    def test_durations(self):
        self.assertEqual(history.duration(900), "00:15:00")
        self.assertEqual(history.duration(7 * 24 * HOUR + 61), "7-00:01:01")


class Command(unittest.TestCase):
    def run_it(self, *arguments):
        return subprocess.run([sys.executable, HERE / "simulate", *map(str, arguments)],
                              capture_output=True, text=True, check=False)

    def test_a_list_becomes_a_history_and_a_cluster(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "list.csv").write_text("submit_s,gpus,run_s,limit_s,user\n0,16,5,9,ann\n"
                                             "1,1,20,15,bob\n", encoding="utf-8")
            result = self.run_it("--from", folder / "list.csv", "--nodes", 2, "--policy", "fifo",
                                 "--history", folder / "history", "--cluster", folder / "cluster")
            self.assertEqual(result.stdout,
                             "jobs 2 mean_wait_s 2.0 utilisation 0.2969 span_s 20\n")
            lines = (folder / "history").read_text(encoding="utf-8").splitlines()
            self.assertEqual(len(lines), 3)
            rows = [dict(zip(lines[0].split("|"), line.split("|"))) for line in lines[1:]]
            self.assertEqual([row["State"] for row in rows], ["COMPLETED", "TIMEOUT"])
            self.assertEqual([row["Start"][-2:] for row in rows], ["00", "05"])
            self.assertEqual([row["NNodes"] for row in rows], ["2", "1"])
            self.assertIn("    nodes: 2\n", (folder / "cluster").read_text(encoding="utf-8"))

    def test_bad_input_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "list.csv").write_text("submit_s,gpus,run_s,limit_s\n0,17,5,9\n",
                                             encoding="utf-8")
            result = self.run_it("--from", folder / "list.csv", "--history", folder / "history")
            self.assertEqual(result.returncode, 1)
            self.assertIn("17 GPUs cannot be split over nodes of 8", result.stderr)


if __name__ == "__main__":
    unittest.main()
