# SPDX-License-Identifier: Apache-2.0
"""A seeded stream of jobs for a real Slurm: what is submitted when, and what becomes of it.

    jobs = [Job(at=0.5, options=['--gres=gpu:2'], seconds=3), ...]
    player = Player(lab, jobs)
    player.play()          until every job is submitted, and what is done to jobs is done
    player.drain(60)       until none is left
"""
import concurrent.futures
import threading
import time

from lab_base import Trouble, wait_until

LIVE = {'PENDING', 'RUNNING', 'COMPLETING', 'SUSPENDED', 'CONFIGURING', 'STAGE_OUT'}


class Job:
    """at: seconds after the beginning; seconds: how long its script runs; cancel: seconds after its
    submission until somebody cancels it; exit: its status."""

    def __init__(self, at, options, seconds, cancel=None, exit=0, user=None):
        self.at, self.options, self.seconds, self.cancel, self.exit = at, list(options), seconds, cancel, exit
        self.user, self.number = user, None

    def script(self):
        return f'sleep {self.seconds:.2f}' + (f'; exit {self.exit}' if self.exit else '')


class Player:
    def __init__(self, lab, jobs, *options, threads=3):
        """options: what every job is submitted with."""
        self.lab, self.jobs, self.options = lab, sorted(jobs, key=lambda job: job.at), options
        self.threads, self.deeds, self.late = threads, [], 0.0
        self.lock = threading.Lock()

    def at(self, seconds, deed):
        """Something else to be done, so many seconds after the beginning."""
        self.deeds.append((seconds, deed))

    def submit(self, job, began):
        with self.lock:
            self.late = max(self.late, time.monotonic() - began - job.at)
        job.number = self.lab.submit(job.script(), *self.options, *job.options, user=job.user)
        if job.cancel is not None:
            time.sleep(job.cancel)
            self.lab.run(['scancel', job.number])

    def play(self):
        began = time.monotonic()
        steps = [(job.at, index, lambda job=job: self.submit(job, began)) for index, job in enumerate(self.jobs)]
        steps += [(at, len(steps) + index, deed) for index, (at, deed) in enumerate(self.deeds)]
        waits = sum(job.cancel is not None for job in self.jobs) + len(self.deeds)
        with concurrent.futures.ThreadPoolExecutor(self.threads + waits) as pool:
            given = []
            for at, _, step in sorted(steps, key=lambda step: step[:2]):
                time.sleep(max(0, began + at - time.monotonic()))
                given.append(pool.submit(step))
            for each in given:
                each.result()

    def left(self):
        return {job: state for job, state in self.lab.queue().items() if state in LIVE}

    def drain(self, seconds):
        try:
            wait_until('', seconds, lambda: time.sleep(0.5) or not self.left())
        except Trouble:
            raise Trouble(f'after {seconds} seconds these are left: {self.left()}') from None
