# SPDX-License-Identifier: Apache-2.0
"""Looks at a cluster again and again: no node may ever give out more than it has."""
import collections
import re
import threading
import time

import lab_config
from day_jobs import fields, nodes_of, tasks_of
from lab_base import Trouble

PIECE = re.compile(r' Nodes=(\S+) CPU_IDs=(\S+) Mem=(\d+) GRES=(\S*)')
WHOLE = re.compile(r'gpu(?::\w+)?:(\d+)\(IDX:([^)]*)\)')
SHARE = re.compile(r'shard(?::\w+)?:(\d+)\(IDX:([^)]*)\)')
MOST_WAIT_SECONDS = 5
PARTS = lab_config.SHARDS_PER_NODE // lab_config.GPUS_PER_NODE


class Node:
    def __init__(self):
        self.cpus, self.memory = collections.Counter(), 0
        self.gpus, self.shards, self.parts = collections.Counter(), 0, collections.Counter()


def add(node, cpus, memory, gres):
    node.cpus.update(tasks_of(cpus))
    node.memory += int(memory)
    for count, numbers in WHOLE.findall(gres):
        used = [] if numbers in ('', 'N/A') else tasks_of(numbers)
        node.gpus.update(used if used else {'unknown': int(count)})
    for count, numbers in SHARE.findall(gres):
        node.shards += int(count)
        used = tasks_of(numbers) if numbers not in ('', 'N/A') else []
        if len(used) == 1:  # of more GPUs Slurm does not tell how many parts are of which
            node.parts[used[0]] += int(count)


def faults(text, cpus, memory, gpus):
    """What scontrol -o -d show job has of running jobs that is more than nodes have, as sentences; how many jobs run,
    and how many GPUs are out as a whole; and how many are so and in shares, too. Slurm chooses GPUs of a node by
    itself, and 22.05 does the latter also without any of our programs and without a kill."""
    nodes, running = collections.defaultdict(Node), 0
    for line in text.splitlines():
        facts = fields(line)
        if facts.get('JobState') != 'RUNNING':
            continue
        running += 1
        for names, ids, size, gres in PIECE.findall(line):
            for name in nodes_of(names):
                add(nodes[name], ids, size, gres)
    found = []
    for name, node in nodes.items():
        twice = [number for number, count in node.cpus.items() if count > 1]
        if twice or len(node.cpus) > cpus:
            found.append(f'{name}: CPUs {twice or len(node.cpus)} are given out twice')
        if node.memory > memory:
            found.append(f'{name}: {node.memory} MiB of {memory} are given out')
        twice = [number for number, count in node.gpus.items() if count > 1 and number != 'unknown']
        if twice or sum(node.gpus.values()) > gpus:
            found.append(f'{name}: GPUs {dict(node.gpus)} are given out')
        if node.shards > gpus * PARTS or any(count > PARTS for count in node.parts.values()):
            found.append(f'{name}: shares {node.shards} {dict(node.parts)} are given out')
    return found, running, sum(sum(node.gpus.values()) for node in nodes.values()), sum(
        1 for node in nodes.values() for number, count in node.parts.items() if count and node.gpus[number])


class Watch(threading.Thread):
    """About once a second, and a tenth of the time, but at least every few seconds."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        self.lab, self.over = lab, threading.Event()
        self.samples, self.found, self.most_running, self.most_gpus, self.missed, self.both = 0, [], 0, 0, 0, 0

    def run(self):
        wait = 1.0
        while not self.over.wait(wait):
            begun = time.monotonic()
            try:
                text = self.lab.run(['scontrol', '-o', '-d', 'show', 'job']).stdout
            except Trouble:  # slurmctld is dead just now
                self.missed += 1
                continue
            found, running, gpus, both = faults(text, 64, 512000, lab_config.GPUS_PER_NODE)
            self.found += [f'{time.strftime("%H:%M:%S")} {each}' for each in found]
            self.samples += 1
            self.both = max(self.both, both)
            self.most_running, self.most_gpus = max(self.most_running, running), max(self.most_gpus, gpus)
            wait = min(MOST_WAIT_SECONDS, max(1.0, 9 * (time.monotonic() - begun)))

    def end(self):
        self.over.set()
        self.join(60)
