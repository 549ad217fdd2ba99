#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Slurm knows beside jobs and nodes reaches the core: nodes that jobs name, features, reservations, licences,
files of output, accounts, QOS and limits.  On a real Slurm with accounting; see serve.py. TAP on standard output."""
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lab_base import Trouble, wait_until  # noqa: E402
from serve import Case, forget_runs, main  # noqa: E402

NODES = {'h1', 'h2', 'm1', 'm2'}


def decide(case, *options):
    forget_runs(case)
    serve = case.serve('decide', '--slurm-partitions', 'gpu', *options)
    wait_until('the heartbeat is written', 20, case.lab.heartbeat.exists)
    return serve


def decided(case, job, nodes, seconds=60):
    """Waits until it is over, and sees that it ran on one of these by a decision of ours."""
    facts = case.lab.wait_job(job, 'COMPLETED', seconds=seconds)
    if 'whaleflux:j' not in facts.get('AdminComment', ''):
        raise Trouble(f'job {job} was left to Slurm: {facts}')
    if facts['NodeList'] not in nodes:
        raise Trouble(f'job {job} ran on {facts["NodeList"]}, not on {nodes}')
    return facts


def says(case, serve, job, words, seconds=30):
    """Waits until explain says these words of it."""
    seen = {}

    def said():
        seen['text'] = serve.ask('explain', f'slurm:{job}', check=False).stdout
        return words in seen['text']
    try:
        wait_until('', seconds, said)
    except Trouble:
        raise Trouble(f'explain says {seen["text"]}, not {words}; {serve.log.read_text()[-1500:]}') from None


def named_and_excluded_nodes_and_choices_of_features(case):
    serve = decide(case)
    jobs = [(case.once('on', 1, '-w', 'm2'), {'m2'}),
            (case.once('both', 1, '-w', 'h1,h2'), {'h[1-2]'}),
            (case.once('off', 1, '-x', 'h1,m1,m2'), {'h2'}),
            (case.once('either', 1, '-C', 'amd|mi300x'), {'m1', 'm2'}),
            (case.once('box', 1, '-C', '[nvlink|amd]', '-x', 'h1,m1,m2'), {'h2'}),
            (case.once('all', 1, '-C', 'nvidia&nvlink', '--gres=gpu:1'), {'h1', 'h2'}),
            (case.once('array', 1, '--array=1-3', '-w', 'm1', '--gres=gpu:1'), {'m1'})]
    for job, nodes in jobs[:-1]:
        decided(case, job, nodes)
    wait_until('all of the array ran', 60, lambda: len(case.ran('array')) == 3)
    if {line.split()[0] for line in case.ran('array')} != {'m1'}:
        raise Trouble(f'the array ran on {case.ran("array")}')
    # One that names a node that is full waits for it, and keeps nobody from the others.
    full = case.once('full', 300, '-w', 'h1', '--gres=gpu:h100:8')
    case.lab.wait_job(full, 'RUNNING')
    waits = case.once('waits', 1, '-w', 'h1', '--gres=gpu:h100:1')
    decided(case, case.once('beside', 1, '--gres=gpu:h100:8'), {'h2'})
    if case.lab.job_state(waits) != 'PENDING':
        raise Trouble('a job that names a full node does not wait')
    case.lab.run(['scancel', full])
    decided(case, waits, {'h1'})
    # Some of its nodes: that is Slurm's.
    left = case.once('some', 1, '-w', 'm1', '-N', '2')
    facts = case.lab.wait_job(left, 'COMPLETED', seconds=60)
    if 'whaleflux' in facts.get('AdminComment', ''):
        raise Trouble(f'a job that names some of its nodes is marked: {facts["AdminComment"]}')
    case.picture(serve)


def reservations_keep_their_nodes_and_get_their_jobs(case):
    lab, serve = case.lab, decide(case)

    def reserve(name, start, nodes, *more):
        lab.run(['scontrol', 'create', 'reservation', f'reservationname={name}', f'starttime={start}', 'duration=60',
                 f'nodes={nodes}', 'users=root', *more])
    reserve('soon', 'now+5minutes', 'h1,h2', 'flags=maint')
    reserve('course', 'now', 'm1')
    time.sleep(12)  # reservations are looked at every ten seconds
    long = case.once('long', 2, '--gres=gpu:h100:1')  # ten minutes: it would not end before
    short = case.once('short', 2, '--gres=gpu:h100:1', '-t', '1')
    other = case.once('other', 2, '--gres=gpu:mi300x:1')
    inside = case.once('inside', 2, '--gres=gpu:mi300x:1', '--reservation', 'course')
    begins = case.once('begins', 2, '--gres=gpu:h100:1', '--reservation', 'soon')
    decided(case, short, {'h1', 'h2'})
    decided(case, other, {'m2'})
    decided(case, inside, {'m1'})
    says(case, serve, long, 'nodes:')
    for job in (long, begins):
        facts = lab.job(job)
        if facts['JobState'] != 'PENDING' or 'whaleflux:j' in facts.get('AdminComment', ''):
            raise Trouble(f'job {job} is pinned to what a reservation keeps: {facts}')
    lab.run(['scontrol', 'delete', 'reservationname=course'])
    lab.run(['scontrol', 'update', 'reservationname=soon', 'starttime=now', 'users=root'])
    decided(case, begins, {'h1', 'h2'})
    if lab.job_state(long) != 'PENDING':
        raise Trouble('a job was started on nodes that are under maintenance')
    lab.run(['scontrol', 'delete', 'reservationname=soon'])
    decided(case, long, {'h1', 'h2'})
    case.picture(serve)


TESTS = [named_and_excluded_nodes_and_choices_of_features, reservations_keep_their_nodes_and_get_their_jobs]


class FactsCase(Case):
    def fresh(self):
        done = self.lab.run(['scontrol', '-o', 'show', 'reservation'], check=False)
        super().fresh()
        for word in done.stdout.split():
            if word.startswith('ReservationName='):
                self.lab.run(['scontrol', 'delete', word.lower().replace('reservationname', 'reservationname')], check=False)


if __name__ == '__main__':
    sys.exit(main(TESTS, '--nodes', '4', '--hold', 'gpu', '--no-heartbeat', make=FactsCase))
