# SPDX-License-Identifier: Apache-2.0
"""FIFO and EASY backfill on nodes that are all alike, as plainly as they can be written.

It shares no code with WhaleFlux, so that the two can be held against each other. Its rules:

- Times are whole seconds. At one time jobs end first, then jobs come, then one pass starts jobs.
- Jobs wait in the order of their submission, among equals of their number.
- A job has `tasks` tasks of `gpus` GPUs each, all or none of which start. A task goes to the node
  with the fewest free GPUs among those with enough, the lowest number first; one after the other.
- A job runs for run_s, or is stopped after limit_s if that is less.
- fifo: a pass starts jobs from the head of the queue and stops at the first that does not fit.
- easy: the first that does not fit, the head, has a reservation: the earliest time at which it fits
  if every running job runs to its limit, and the nodes it takes then, the lowest numbers first. Jobs
  behind it start, in order, if they fit now and take nothing of that from it: a task goes to GPUs
  that the head leaves, or else, if the job's limit is over by that time, to any. So does Slurm.
"""
import collections
import dataclasses
import heapq


@dataclasses.dataclass
class Job:
    number: int
    submit_s: int
    tasks: int
    gpus: int  # of each task
    run_s: int
    limit_s: int
    user: str = "user"
    name: str = "job"
    account: str = "all"
    fails: bool = False  # ends by itself, but not well
    start_s: int = None
    end_s: int = None
    nodes: list = dataclasses.field(default_factory=list)  # by task
    reserved_s: int = None  # the first time promised to it as a head that did not fit

    @property
    def all_gpus(self):
        return self.tasks * self.gpus


def fits(free, job):
    return sum(gpus // job.gpus for gpus in free) >= job.tasks


def place(free, job):
    """Takes a job's GPUs from the list of free ones; returns the nodes, by task. It must fit."""
    nodes = []
    for _ in range(job.tasks):
        node = min((gpus, node) for node, gpus in enumerate(free) if gpus >= job.gpus)[1]
        free[node] -= job.gpus
        nodes.append(node)
    return nodes


def release(free, job):
    for node in job.nodes:
        free[node] += job.gpus


class Cluster:
    def __init__(self, nodes, gpus_per_node, policy):
        if policy not in ("fifo", "easy"):
            raise ValueError(f"no policy '{policy}' (policies: fifo easy)")
        self.size = [gpus_per_node] * nodes
        self.free = list(self.size)
        self.policy = policy
        self.running = {}  # by number
        self.waiting = collections.deque()
        self.ends = []

    def start(self, job, now_s, nodes):
        job.nodes = nodes
        for node in nodes:
            self.free[node] -= job.gpus
        job.start_s = now_s
        job.end_s = now_s + min(job.run_s, job.limit_s)
        self.running[job.number] = job
        heapq.heappush(self.ends, (job.end_s, job.number))

    def end(self, number):
        release(self.free, self.running.pop(number))

    def reservation(self, head):
        """When the head fits if all run to their limits, what is free then and what it leaves."""
        free = list(self.free)
        limits = collections.defaultdict(list)
        for job in self.running.values():
            limits[job.start_s + job.limit_s].append(job)
        for time_s in sorted(limits):
            for job in limits[time_s]:
                release(free, job)
            if fits(free, head):
                left, tasks = list(free), head.tasks
                for node, gpus in enumerate(free):
                    here = min(tasks, gpus // head.gpus)
                    left[node] -= here * head.gpus
                    tasks -= here
                return time_s, left
        raise ValueError(f"job {head.number} does not fit into the empty cluster")

    def place_beside(self, job, left, is_over_in_time):
        """Nodes for a job behind the head, by task, or None; takes what the head leaves."""
        free, left_then, nodes = list(self.free), list(left), []
        for _ in range(job.tasks):
            beside = [(min(pair), node) for node, pair in enumerate(zip(free, left_then))
                      if min(pair) >= job.gpus]
            between = [(gpus, node) for node, gpus in enumerate(free) if gpus >= job.gpus]
            choice = beside or (is_over_in_time and between)
            if not choice:
                return None
            node = min(choice)[1]
            free[node] -= job.gpus
            if beside:
                left_then[node] -= job.gpus
            nodes.append(node)
        return nodes

    def backfill(self, now_s):
        head = self.waiting[0]
        time_s, left = self.reservation(head)
        if head.reserved_s is None:
            head.reserved_s = time_s
        for job in list(self.waiting)[1:]:
            is_over_in_time = now_s + job.limit_s <= time_s
            nodes = fits(self.free, job) and self.place_beside(job, left, is_over_in_time)
            if not nodes:
                continue
            self.waiting.remove(job)
            self.start(job, now_s, nodes)
            if not is_over_in_time:
                for node in nodes:
                    left[node] -= job.gpus

    def start_jobs(self, now_s):
        while self.waiting and fits(self.free, self.waiting[0]):
            job = self.waiting.popleft()
            self.start(job, now_s, place(list(self.free), job))
        if self.waiting and self.policy == "easy":
            self.backfill(now_s)

    def run(self, jobs):
        """Gives every job its start, end and nodes."""
        for job in jobs:
            if not fits(self.size, job):
                raise ValueError(f"job {job.number} does not fit into the empty cluster")
        coming = collections.deque(sorted(jobs, key=lambda job: (job.submit_s, job.number)))
        while coming or self.ends:
            now_s = coming[0].submit_s if coming else self.ends[0][0]
            now_s = min(now_s, self.ends[0][0]) if self.ends else now_s
            while self.ends and self.ends[0][0] == now_s:
                self.end(heapq.heappop(self.ends)[1])
            while coming and coming[0].submit_s == now_s:
                self.waiting.append(coming.popleft())
            self.start_jobs(now_s)
        return jobs
