#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Slurm knows beside jobs and nodes reaches the core: nodes that jobs name, features, reservations, licences,
files of output, accounts, QOS and limits.  On a real Slurm with accounting; see serve.py. TAP on standard output."""
import json
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


def licences_are_waited_for_and_none_are_given_out_twice(case):
    lab, serve = case.lab, decide(case)  # there are four of solver
    big = case.once('big', 300, '-L', 'solver:3')
    lab.wait_job(big, 'RUNNING')
    two = case.once('two', 2, '-L', 'solver:2')
    one = case.once('one', 2, '-L', 'solver')
    array = case.once('array', 3, '--array=1-4', '-L', 'solver:2')
    decided(case, one, NODES)
    says(case, serve, two, 'waits for licences: solver:2')
    if lab.job_state(big) != 'RUNNING' or lab.job_state(two) != 'PENDING':
        raise Trouble('a job did not wait for its licences')
    lab.run(['scancel', big])
    most = 0

    def over():
        nonlocal most
        lines = lab.run(['squeue', '-h', '-r', '-t', 'running,completing', '-o', '%W']).stdout.split()
        most = max(most, sum(int(word.partition(':')[2] or 1) for word in lines if word.startswith('solver')))
        waits = [word for word in lab.run(['squeue', '-h', '-t', 'pending', '-o', '%r']).stdout.splitlines()
                 if 'icense' in word]
        if waits:
            raise Trouble(f'a job was released to Slurm that has no licences there: {waits}')
        return not case.left()
    wait_until('all are over', 90, over)
    decided(case, two, NODES)
    if len(case.ran('array')) != 4 or most != 4:
        raise Trouble(f'the array ran as {case.ran("array")}, {most} licences were used at a time')
    case.picture(serve)


def output_is_found_under_the_name_that_the_job_gave_it(case):
    lab, serve = case.lab, decide(case)
    jobs = lab.folder / 'jobs'
    names = {'given.txt': 'given.txt', f'{jobs}/sub-%j-%u.txt': 'sub-{job}-root.txt',
             '%x-%7j-%%.txt': 'my job-{job:0>7}-%.txt', 'array-%A_%a.out': 'array-{job}_3.out',
             'node-%t-%n.out': 'node-0-0.out', '': 'slurm-{job}.out'}
    for pattern, name in names.items():
        array = ['--array=3'] if 'array' in name else []
        job = lab.submit('echo words of $SLURM_JOB_ID', '-p', 'gpu', '-t', '10', '--mem=100', '-J', 'my job',
                         *(['-o', pattern] if pattern else []), *array)
        key = f'{job}_3' if array else job
        lab.wait_job(key, 'COMPLETED', seconds=60)
        path = jobs / name.format(job=job)
        wait_until(f'{path} is there', 10, path.exists)
        wait_until('it is over here', 20, lambda: serve.jobs('--all').get(key, {}).get('state') == 'done')
        seen = serve.ask('logs', f'slurm:{key}', check=False)
        if seen.stdout != path.read_text() or 'words of' not in seen.stdout:
            raise Trouble(f'{pattern}: logs says {seen.stdout} {seen.stderr}')


def a_higher_tier_goes_first_and_a_closed_partition_waits(case):
    lab = case.lab
    lab.run(['scontrol', 'create', 'partition=express', 'nodes=h[1-2],m[1-2]', 'priority=10'])
    forget_runs(case)
    serve = case.serve('decide')  # all partitions
    wait_until('the heartbeat is written', 20, lab.heartbeat.exists)
    try:
        full = [case.once(f'full{node}', 300, '-w', node, '--gres=gpu:8') for node in ('h1', 'h2', 'm1', 'm2')]
        for job in full:
            lab.wait_job(job, 'RUNNING', seconds=60)
        serve.kill()  # who came first alone would have a start kept, which nobody who comes later moves
        early = case.once('early', 3, '--gres=gpu:8')
        late = case.once('late', 3, '--gres=gpu:8', partition='express')
        serve.start('decide')
        wait_until('both wait here', 30, lambda: {early, late} <= set(serve.jobs()))
        lab.run(['scancel', full[0]])
        decided(case, late, NODES)
        decided(case, early, NODES)
        if lab.job(early)['StartTime'] < lab.job(late)['StartTime']:
            raise Trouble('a job of a lower tier went first')
        lab.run(['scontrol', 'update', 'partition=express', 'state=down'])
        shut = case.once('shut', 1, partition='express')
        says(case, serve, shut, 'its partition is closed in Slurm: express', seconds=60)
        lab.run(['scontrol', 'update', 'partition=express', 'state=up'])
        decided(case, shut, NODES)
        case.picture(serve)
    finally:
        case.end()
        lab.run(['scancel', '--partition=express'], check=False)
        wait_until('the partition is empty', 30, lambda: not lab.run(['squeue', '-h', '-p', 'express']).stdout.strip())
        lab.run(['scontrol', 'delete', 'partition=express'], check=False)


def accounts_share_and_a_limit_keeps_no_node_from_others(case):
    lab = case.lab
    lab.run(['sacctmgr', '-i', '-Q', 'modify', 'account', 'blue', 'set', 'fairshare=3'])
    lab.run(['sacctmgr', '-i', '-Q', 'add', 'qos', 'few'], check=False)
    lab.run(['sacctmgr', '-i', '-Q', 'modify', 'qos', 'few', 'set', 'MaxJobsPerUser=1', 'priority=50'])
    lab.run(['sacctmgr', '-i', '-Q', 'modify', 'account', 'red', 'set', 'qos+=few'])
    serve = decide(case)

    def job(name, user, seconds, *options):
        return lab.submit(f'sleep {seconds}', '-p', 'gpu', '-t', '10', '--mem=100', '-J', name, *options, user=user)
    first = job('first', 'games', 300, '--qos=few', '--gres=gpu:h100:8')
    lab.wait_job(first, 'RUNNING', seconds=60)
    second = job('second', 'games', 2, '--qos=few', '--gres=gpu:h100:8')
    says(case, serve, second, 'Slurm keeps it waiting, whatever is free: QOSMaxJobsPerUser')
    other = job('other', 'news', 2, '--gres=gpu:h100:8')
    decided(case, other, {'h1', 'h2'}, seconds=20)  # a limit keeps its node for seconds, not for half a minute
    weights = {each['name']: each['weight'] for each in json.loads(serve.ask('queues', '--json').stdout)['queues']}
    if weights.get('gpu.blue', 0) < 2.9 * weights.get('gpu.red', 1):
        raise Trouble(f'the shares of red and blue are 1 and 3, and the weights {weights}')
    lab.run(['scancel', first])
    decided(case, second, {'h1', 'h2'}, seconds=120)
    wait_until('what red costs is told', 30,
               lambda: 'gpu.red' in serve.ask('cost', '--by', 'queue', '--since', '1h').stdout)
    # Without slurmdbd everything goes on.
    lab.kill('slurmdbd')
    try:
        decided(case, job('without', 'games', 2, '--gres=gpu:1'), NODES)
        wait_until('a sentence says that slurmdbd is away', 200, lambda: 'slurmdbd' in serve.log.read_text())
    finally:
        lab.start('slurmdbd')
    case.picture(serve)


TESTS = [named_and_excluded_nodes_and_choices_of_features, reservations_keep_their_nodes_and_get_their_jobs,
         licences_are_waited_for_and_none_are_given_out_twice, output_is_found_under_the_name_that_the_job_gave_it,
         a_higher_tier_goes_first_and_a_closed_partition_waits, accounts_share_and_a_limit_keeps_no_node_from_others]


class FactsCase(Case):
    def fresh(self):
        done = self.lab.run(['scontrol', '-o', 'show', 'reservation'], check=False)
        super().fresh()
        for word in done.stdout.split():
            if word.startswith('ReservationName='):
                self.lab.run(['scontrol', 'delete', f'reservationname={word.partition("=")[2]}'], check=False)


if __name__ == '__main__':
    sys.exit(main(TESTS, '--nodes', '4', '--hold', 'gpu', '--no-heartbeat', '--accounting', make=FactsCase))
