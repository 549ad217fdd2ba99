# SPDX-License-Identifier: Apache-2.0
"""Made-up jobs that look like those of a GPU cluster, and job lists from a file.

Users have a few job names each; runs of one name take about the same time (log-normal around the
name's own middle) and ask for the same GPUs and the same, mostly far too long, limit. Some come in
batches. More come by day than by night, and fewer at the weekend. One seed, one workload.
"""
import csv
import math
import random

from scheduler import Job

DAY_S = 24 * 3600
LIMITS_S = [900, 3600, 4 * 3600, 12 * 3600, DAY_S, 2 * DAY_S, 7 * DAY_S]
SIZES = [(1, .50), (2, .13), (4, .13), (8, .13), (16, .06), (32, .035), (64, .015)]
BATCH_SHARE, BATCH_MAX = 0.1, 12
FAIL_SHARE = 0.07


class Draw:
    """Only random() of the library, the one whose numbers Python promises to keep."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, count):
        return int(self.random() * count)

    def even(self, low, high):
        return low + (high - low) * self.random()

    def normal(self):
        return math.sqrt(-2 * math.log(1 - self.random())) * math.cos(2 * math.pi * self.random())

    def weighted(self, pairs):
        at = self.random() * sum(weight for _, weight in pairs)
        for value, weight in pairs:
            at -= weight
            if at < 0:
                return value
        return pairs[-1][0]


def round_up(seconds):
    return next((limit for limit in LIMITS_S if seconds <= limit), LIMITS_S[-1])


def make_names(draw, users, gpus_max):
    """What each job name of each user does, with how often it comes."""
    sizes = [(gpus, weight) for gpus, weight in SIZES if gpus <= gpus_max]
    names = []
    for user in range(users):
        busy = math.exp(draw.normal())
        for name in range(1 + draw.below(5)):
            middle = math.exp(draw.even(math.log(120), math.log(10 * 3600)))
            scatter = draw.even(0.1, 0.6)
            asked = middle * 10 ** draw.even(0.1, 1)
            names.append(({
                "user": f"user{user:02}", "name": f"train{name}", "account": f"team{user % 5}",
                "gpus": draw.weighted(sizes), "middle": middle, "scatter": scatter,
                "limit_s": round_up(asked),
            }, busy * math.exp(0.7 * draw.normal())))
    return names


def intensity(time_s):
    """Of arrivals, at most 1; time 0 is a Monday's midnight."""
    hour = time_s % DAY_S / 3600
    day = 0.55 - 0.4 * math.cos(2 * math.pi * (hour - 3) / 24)
    return day * (0.5 if time_s // DAY_S % 7 >= 5 else 1)


def make(seed, count, nodes, gpus_per_node, load, users=24):
    """Returns count jobs that ask on average for `load` times the cluster's GPUs."""
    draw = Draw(seed)
    names = make_names(draw, users, nodes * gpus_per_node)
    drawn = []
    while len(drawn) < count:
        kind = draw.weighted(names)
        batch = 2 + draw.below(BATCH_MAX - 1) if draw.random() < BATCH_SHARE else 1
        for _ in range(min(batch, count - len(drawn))):
            run_s = max(1, round(kind["middle"] * math.exp(kind["scatter"] * draw.normal())))
            fails = draw.random() < FAIL_SHARE
            if fails:
                run_s = max(1, round(run_s * draw.random()))
            drawn.append((kind, run_s, fails, batch))
    work = sum(min(run_s, kind["limit_s"]) * kind["gpus"] for kind, run_s, _, _ in drawn)
    span_s = work / (load * nodes * gpus_per_node)
    times, batch_left, last = [], 0, 0
    for _, _, _, batch in drawn:
        if batch_left > 0:  # a batch comes within minutes
            batch_left -= 1
            times.append(last + draw.below(60))
            continue
        last = draw.even(0, span_s)
        while draw.random() >= intensity(last):
            last = draw.even(0, span_s)
        times.append(int(last))
        last, batch_left = int(last), batch - 1
    jobs = []
    for submit_s, (kind, run_s, fails, _) in sorted(zip(times, drawn), key=lambda pair: pair[0]):
        tasks = max(1, -(-kind["gpus"] // gpus_per_node))
        jobs.append(Job(len(jobs) + 1, submit_s, tasks, -(-kind["gpus"] // tasks), run_s,
                        kind["limit_s"], kind["user"], kind["name"], kind["account"], fails))
    return jobs


def read(path, gpus_per_node):
    """Jobs of a table with the columns submit_s, gpus, run_s, limit_s and, if there, user, name and
    account. A job of more GPUs than a node has is a gang of as few alike tasks as can be."""
    jobs = []
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            gpus = int(row["gpus"])
            tasks = max(1, -(-gpus // gpus_per_node))
            if gpus < 1 or gpus % tasks:
                raise ValueError(f"{path}: {gpus} GPUs cannot be split over nodes of "
                                 f"{gpus_per_node}")
            more = {key: row[key] for key in ("user", "name", "account") if row.get(key)}
            jobs.append(Job(len(jobs) + 1, int(row["submit_s"]), tasks, gpus // tasks,
                            int(row["run_s"]), int(row["limit_s"]), **more))
    return jobs
