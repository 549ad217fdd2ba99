#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""whaleflux-slurm against a real Slurm.  WHALEFLUX_SLURM names the program, WHALEFLUX_BARE_LOOP the bare loop of
the same calls; WHALEFLUX_CHROOT a folder with another Slurm's programs; WHALEFLUX_REST=yes: it is
whaleflux-slurm-rest, over slurmrestd. TAP on standard output."""
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from lab import REST_USER, Lab  # noqa: E402
from lab_base import SKIP, Trouble, wait_until  # noqa: E402
from stand_in import Adapter, Daemon, program  # noqa: E402

HELD = ('-H', '-p', 'gpu', '-t', '60')
SLEEP = 'sleep 300'


class Case:
    """What every test gets: a cluster without jobs, an adapter that runs, a daemon that decides."""

    def __init__(self, lab):
        self.lab = lab
        self.rest = lab.options['slurmrestd']
        self.adapter = Adapter(lab, program(), *(['--rest', f'unix:{lab.folder}/rest/socket'] if self.rest else []))
        self.daemon = None

    def fresh(self):
        self.lab.run(['scancel', '--partition=gpu'], check=False)
        self.lab.run(['scancel', '--partition=plain'], check=False)
        wait_until(lambda: f'no job is left: {self.left()}', 30, lambda: not self.left())
        for node in self.lab.static_nodes():
            self.lab.run(['scontrol', 'update', f'nodename={node}', 'state=resume'], check=False)
        wait_until('all nodes are idle', 30, lambda: all(
            self.lab.node_states().get(node) == 'idle' for node in self.lab.static_nodes()))
        self.adapter.start()
        self.connect()

    def left(self):
        return {job: state for job, state in self.lab.queue().items()
                if state in ('PENDING', 'RUNNING', 'COMPLETING', 'SUSPENDED', 'CONFIGURING')}

    def connect(self, **options):
        if self.daemon:
            self.daemon.close()
        self.daemon = Daemon(self.adapter.socket, **options)
        self.daemon.sync()
        return self.daemon

    def end(self):
        if self.daemon:
            self.daemon.close()
        return self.adapter.kill(signal.SIGTERM)

    def held(self, *options, script=SLEEP):
        """A job that job_submit.lua would have held for us."""
        job = self.lab.submit(script, *HELD, *options)
        self.update(job, 'AdminComment=whaleflux:held')
        self.daemon.job(job, ours=True)
        return int(job)

    def update(self, job, *changes):
        self.lab.run(['scontrol', 'update', f'jobid={job}', *changes])

    def field(self, job, name):
        text = self.lab.run(['scontrol', '-o', 'show', 'job', str(job)]).stdout
        for word in text.split():
            if word.startswith(name + '='):
                return word[len(name) + 1:]
        raise Trouble(f'scontrol shows no {name} of job {job}: {text}')

    def node(self, number):
        return self.lab.static_nodes()[number]


def same(what, found, wanted):
    if found != wanted:
        raise Trouble(f'{what}: {found!r} instead of {wanted!r}')


def refused(answer, code, *words):
    same('the answer', (answer['is'], answer.get('code')), ('refused', code))
    for word in words:
        if word not in answer['text']:
            raise Trouble(f'"{answer["text"]}" does not say {word}')


def done(answer):
    if answer['is'] != 'done':
        raise Trouble(f'refused: {answer}')


def tells_what_squeue_and_sinfo_show(case):
    daemon, lab = case.daemon, case.lab
    running = [case.lab.submit(SLEEP, '-p', 'gpu', '-t', '60', '--gres=gpu:2', '-c', '2', '--mem=1000')
               for _ in range(3)]
    case.held('--gres=gpu:h100:1')
    lab.submit(SLEEP, '-p', 'gpu', '-t', '60', '--array=1-9:2%2', '-H')
    for job in running:
        lab.wait_job(job, 'RUNNING')
        daemon.job(job, state='running')
    shown = {tuple(line.split('|')) for line in
             lab.run(['squeue', '-h', '-o', '%A|%T|%N']).stdout.split('\n') if line}

    def told_jobs():
        return {(str(line['id']), line['state'].upper(), ','.join(line.get('nodes', [])))
                for line in daemon.jobs.values() if line['state'] in ('pending', 'running')}
    try:
        daemon.until('jobs are as squeue shows them', lambda: told_jobs() == shown, 15)
    except Trouble:
        same('jobs', told_jobs(), shown)
    told = {(line['name'], line['state'], str(line['cpus'])) for line in daemon.nodes.values()
            if not line.get('cloud')}
    shown = {tuple(line.split()) for line in lab.run(['sinfo', '-h', '-N', '-p', 'gpu', '-o', '%N %t %c']).stdout
             .replace(' mix ', ' mixed ').replace(' alloc ', ' allocated ').split('\n')
             if line and not line.startswith('c')}
    same('nodes', told, shown)
    line = daemon.jobs[int(running[0])]
    same('what it has', [(part['cpus'], part['memory_mib'], part['gpu_count'], len(part['gpus']) > 0)
                         for part in line['allocated']], [(2, 1000, 2, True)])
    array = next(line for line in daemon.jobs.values() if line.get('array'))
    same('the array', (array['array']['tasks'], array['array']['at_most'], array['array']['task']),
         ('1,3,5,7,9', 2, -1))


def a_job_starts_where_it_was_put(case):
    waits = []
    for number in (0, 1, 0):
        job = case.held('--gres=gpu:1')
        start = time.monotonic()
        done(case.daemon.ask('start', job=job, nodes=[case.node(number)], decision=f'j{job}-1'))
        line = case.daemon.job(job, state='running')
        waits.append(time.monotonic() - start)
        same('nodes', line['nodes'], [case.node(number)])
        same('decision', (line['decision'], line['ours'], line.get('edited', False)), (f'j{job}-1', True, False))
    print(f'# from start to told running: {" ".join(f"{wait:.2f}" for wait in waits)} s')


def it_runs_on_exactly_the_nodes_named(case):
    daemon, nodes = case.daemon, [case.node(0), case.node(1)]
    # Two tasks fit on one node: Slurm alone would take one.
    job = case.held('-n', '2', '-N', '1-2')
    done(daemon.ask('start', job=job, nodes=nodes, decision='two-1'))
    same('nodes', daemon.job(job, state='running')['nodes'], nodes)
    # What one node cannot give, Slurm must not take from another one.
    cpus = daemon.nodes[case.node(0)]['cpus']
    job = case.held('-n', str(cpus))
    done(daemon.ask('start', job=job, nodes=[case.node(0)], decision='full-1'))
    daemon.sync(3)
    same('state', daemon.jobs[job]['state'], 'pending')
    same('asked for at least', daemon.jobs[job]['nodes_min'], 1)
    done(daemon.ask('leave', job=job))
    line = daemon.job(job, state='running')
    same('free again', ('ours' in line, line.get('admin_comment', '')), (False, ''))


def what_the_submitter_wanted_comes_back(case):
    daemon = case.daemon
    job = case.held('-w', case.node(0), '-N', '1-2', '--gres=gpu:1', '--comment=mine')
    case.update(job, 'AdminComment=whaleflux:held keep=this')
    daemon.job(job, admin_comment='whaleflux:held keep=this')
    refused(daemon.ask('start', job=job, nodes=[case.node(1)], decision='x-1'), 'unfit', case.node(0))
    done(daemon.ask('start', job=job, nodes=[case.node(0), case.node(1)], decision='x-1'))
    line = daemon.job(job, decision='x-1')
    same('wanted', (line['wanted_nodes'], line['nodes_min'], line['nodes_max']), ([case.node(0)], 1, 2))
    daemon.job(job, state='running')
    done(daemon.ask('requeue', job=job))
    line = daemon.job(job, state='pending', admin_comment='whaleflux:held;span=1-2 keep=this')
    same('put back', (line['required_nodes'], line['nodes_min'], line['nodes_max']), ([case.node(0)], 1, 2))
    done(daemon.ask('leave', job=job))
    same('put back', daemon.job(job, held='no', required_nodes=[case.node(0)])['admin_comment'], 'keep=this')


def a_task_of_an_array_starts_alone(case):
    daemon = case.daemon
    job = case.held('--array=1-5', '--gres=gpu:1')
    if case.rest:
        same('told', 'whole' in daemon.jobs[job].get('unstartable', ''), True)
        refused(daemon.ask('start', job=job, task=3, nodes=[case.node(0)], decision='a-3'), 'unfit', 'whole')
        done(daemon.ask('cancel', job=job, task=4))
        daemon.until('task 4 is gone', lambda: any(line.get('array', {}).get('tasks') == '1-3,5'
                                                   for line in daemon.jobs.values()))
        done(daemon.ask('leave', job=job))
        return daemon.until('Slurm starts the others', lambda: 4 == len([
            line for line in daemon.jobs.values() if line['state'] == 'running' and line['array']['id'] == job]))
    refused(daemon.ask('start', job=job, nodes=[case.node(0)], decision='a-1'), 'unfit', 'array')
    refused(daemon.ask('start', job=job, task=9, nodes=[case.node(0)], decision='a-1'), 'unknown-job', '9')
    done(daemon.ask('start', job=job, task=3, nodes=[case.node(1)], decision='a-3'))

    def found():
        return [line for line in daemon.jobs.values() if line.get('decision') == 'a-3'
                and line['state'] == 'running' and line['array']['task'] == 3]

    daemon.until('the task runs', found)
    same('nodes', found()[0]['nodes'], [case.node(1)])
    daemon.until('the others wait', lambda: any(
        line.get('array', {}).get('tasks') == '1-2,4-5' and line['held'] == 'user' for line in daemon.jobs.values()))
    done(daemon.ask('cancel', job=job, task=4))
    daemon.until('task 4 is gone', lambda: any(line.get('array', {}).get('tasks') == '1-2,5'
                                               for line in daemon.jobs.values()))
    same('task 3', found()[0]['state'], 'running')


def a_job_that_waits_on_its_node_is_put_elsewhere(case):
    daemon = case.daemon
    first = case.held('--gres=gpu:8')
    done(daemon.ask('start', job=first, nodes=[case.node(0)], decision='f-1'))
    daemon.job(first, state='running')
    job = case.held('--gres=gpu:8')
    done(daemon.ask('start', job=job, nodes=[case.node(0)], decision='s-1'))
    daemon.sync(3)
    same('state', daemon.jobs[job]['state'], 'pending')
    done(daemon.ask('start', job=job, nodes=[case.node(1)], decision='s-2'))
    line = daemon.job(job, state='running')
    same('moved', (line['nodes'], line['decision']), ([case.node(1)], 's-2'))


def hold_advise_signal_cancel(case):
    daemon, lab = case.daemon, case.lab
    job = case.held('--comment=mine')
    done(daemon.ask('advise', job=job, text='n1 at 12:00'))
    same('comment', daemon.job(job, comment='mine whaleflux: n1 at 12:00')['state'], 'pending')
    done(daemon.ask('advise', job=job, text=''))
    daemon.job(job, comment='mine')
    plain = int(lab.submit(SLEEP, '-p', 'gpu', '-t', '60', '-d', f'afterok:{job}'))
    daemon.job(plain, held='no')
    done(daemon.ask('hold', job=plain))
    line = daemon.job(plain, held='admin')
    same('marked', line['admin_comment'], 'whaleflux:held')
    marker = lab.folder / 'jobs' / 'signalled'
    marker.unlink(missing_ok=True)
    trapping = case.held(script=f'trap "touch {marker}" USR1; for i in $(seq 300); do sleep 0.1; done')
    refused(daemon.ask('signal', job=trapping, signal=10), 'not-running', 'waits')
    done(daemon.ask('start', job=trapping, nodes=[case.node(0)], decision='t-1'))
    daemon.job(trapping, state='running')
    time.sleep(0.5)  # until its trap is set
    done(daemon.ask('signal', job=trapping, signal=10, to='batch'))
    wait_until('the signal arrives', 10, marker.exists)
    done(daemon.ask('cancel', job=trapping))
    daemon.job(trapping, base='cancelled')
    refused(daemon.ask('cancel', job=trapping), 'not-running')


def a_requeued_job_runs_elsewhere_at_once(case):
    daemon, took = case.daemon, []
    for number in range(3):
        job = case.held('--gres=gpu:1')
        done(daemon.ask('start', job=job, nodes=[case.node(0)], decision='r-1'))
        daemon.job(job, state='running')
        start = time.monotonic()
        done(daemon.ask('requeue', job=job))
        done(daemon.ask('start', job=job, nodes=[case.node(1)], decision=f'r-{number}'))
        line = daemon.job(job, state='running', nodes=[case.node(1)])
        took.append(time.monotonic() - start)
        same('restarts', line['restarts'], 1)
    print(f'# from requeue to told running elsewhere: {" ".join(f"{wait:.2f}" for wait in took)} s')
    job = case.held('--no-requeue')
    done(daemon.ask('start', job=job, nodes=[case.node(0)], decision='r-9'))
    daemon.job(job, state='running')
    refused(daemon.ask('requeue', job=job), 'unfit', 'requeued')
    if min(took) > 2:
        raise Trouble('2 s is the limit')


def nodes_are_drained_and_powered(case):
    daemon, node = case.daemon, case.node(0)
    done(daemon.ask('drain', node=node, reason='ours'))
    daemon.until('drained', lambda: daemon.nodes[node].get('drain') and daemon.nodes[node]['reason'] == 'ours')
    done(daemon.ask('resume', node=node))
    daemon.until('resumed', lambda: not daemon.nodes[node].get('drain'))
    refused(daemon.ask('drain', node='nowhere', reason=''), 'unknown-node', 'nowhere')
    cloud = case.lab.nodes('cloud')[0]
    daemon.until('off', lambda: daemon.nodes[cloud]['power'] == 'down')
    for _ in range(3):  # several jobs may want it
        done(daemon.ask('power_up', node=cloud))
    daemon.until('on', lambda: daemon.nodes[cloud]['power'] == 'up' and daemon.nodes[cloud]['state'] == 'idle', 40)
    done(daemon.ask('power_up', node=cloud))
    if (case.lab.folder / 'log' / 'keeper.out').read_text().count(f'resume {cloud}') != 1:
        raise AssertionError('a node that was asked for several times was started several times')
    case.lab.run(['scontrol', 'update', f'nodename={cloud}', 'state=power_up'])  # which 22.05 never forgets
    time.sleep(2)
    if daemon.nodes[cloud]['power'] != 'up':
        raise AssertionError(f'a node that is up and was asked for is {daemon.nodes[cloud]["power"]}')
    job = case.held('--gres=gpu:1')
    done(daemon.ask('start', job=job, nodes=[cloud], decision='c-1'))
    daemon.job(job, state='running', nodes=[cloud])
    done(daemon.ask('cancel', job=job))
    done(daemon.ask('power_down', node=cloud))
    daemon.until('off again', lambda: daemon.nodes[cloud]['power'] in ('going', 'down'), 40)


def observe_writes_nothing(case):
    job = case.held()
    daemon = case.connect(mode='observe')
    for do, members in (('start', {'nodes': [case.node(0)], 'decision': 'o-1'}), ('leave', {}), ('hold', {}),
                        ('advise', {'text': 'x'}), ('signal', {'signal': 10}), ('requeue', {}), ('cancel', {})):
        refused(daemon.ask(do, job=job, **members), 'mode', 'observe')
    for do in ('drain', 'resume', 'power_up', 'power_down'):
        refused(daemon.ask(do, node=case.node(0)), 'mode', 'observe')
    daemon.until('it says that jobs are held', lambda: 'held' in daemon.troubles)
    same('untouched', (case.field(job, 'AdminComment'), case.field(job, 'JobState')), ('whaleflux:held', 'PENDING'))
    daemon = case.connect(mode='advise')
    refused(daemon.ask('leave', job=job), 'mode', 'advise')
    done(daemon.ask('advise', job=job, text='soon'))
    daemon.job(job, comment='whaleflux: soon')


def sentences_of_refusal(case):
    daemon, lab, node = case.daemon, case.lab, case.node(0)
    job = case.held()
    refused(daemon.ask('start', job=job, nodes=['nowhere'], decision='b-1'), 'unknown-node', 'nowhere')
    refused(daemon.ask('start', job=999999, nodes=[node], decision='b-1'), 'unknown-job', '999999')
    refused(daemon.ask('start', job=job, nodes=[node, case.node(1)], decision='b-1', task=1), 'unknown-job', 'task 1')
    plain = int(lab.submit(SLEEP, '-p', 'plain', '-t', '60', '-H'))
    daemon.job(plain, partition='plain')
    refused(daemon.ask('start', job=plain, nodes=[node], decision='b-1'), 'not-ours', 'plain')
    users = int(lab.submit(SLEEP, *HELD))
    case.update(users, 'AdminComment=whaleflux:user-held')
    daemon.job(users, admin_comment='whaleflux:user-held')
    refused(daemon.ask('start', job=users, nodes=[node], decision='b-1'), 'not-ours', 'its owner')
    case.update(job, 'Priority=0')
    done(daemon.ask('start', job=job, nodes=[node], decision='b-1'))
    daemon.job(job, state='running')
    refused(daemon.ask('start', job=job, nodes=[case.node(1)], decision='b-2'), 'not-pending', 'runs already')
    lab.run(['scancel', str(job)])
    daemon.job(job, base='cancelled')
    refused(daemon.ask('start', job=job, nodes=[node], decision='b-2'), 'not-pending')
    # Between two looks: the adapter does not know yet that it runs, or is gone.
    job = case.held()
    lab.run(['scancel', str(job)])
    answer = daemon.ask('start', job=job, nodes=[node], decision='b-3')
    if answer.get('code') not in ('not-pending', 'unknown-job'):
        raise Trouble(f'a job that was cancelled just before: {answer}')


def what_is_edited_by_hand_stays_so(case):
    daemon = case.daemon
    for number in (0, 1):
        full = case.held('--exclusive')
        done(daemon.ask('start', job=full, nodes=[case.node(number)], decision=f'full-{number}'))
        daemon.job(full, state='running')
    job = case.held('--exclusive')
    done(daemon.ask('start', job=job, nodes=[case.node(0)], decision='e-1'))
    daemon.job(job, decision='e-1')
    case.update(job, f'ReqNodeList={case.node(1)}')
    daemon.job(job, edited=True)
    refused(daemon.ask('start', job=job, nodes=[case.node(2)], decision='e-2'), 'edited', case.node(1))
    done(daemon.ask('leave', job=job))
    line = daemon.job(job, required_nodes=[case.node(1)], admin_comment='')
    same('ours no more', line.get('ours', False), False)
    job = case.held('-b', 'now+1hour')
    case.lab.run(['scontrol', 'release', str(job)])
    daemon.job(job, edited=True)
    refused(daemon.ask('start', job=job, nodes=[case.node(2)], decision='e-3'), 'edited', 'released')
    job = case.held('--exclusive')
    done(daemon.ask('start', job=job, nodes=[case.node(0)], decision='e-4'))
    case.lab.run(['scontrol', 'hold', str(job)])
    daemon.job(job, edited=True, held='admin')
    refused(daemon.ask('start', job=job, nodes=[case.node(2)], decision='e-5'), 'edited', 'held')
    done(daemon.ask('start', job=job, nodes=[case.node(2)], decision='e-6', anyway=True))
    daemon.job(job, state='running', nodes=[case.node(2)])


def lines_that_make_no_sense(case):
    daemon = case.daemon

    def answer_to(line, number=0):
        daemon.answers.clear()
        daemon.say(line)
        daemon.until('an answer', lambda: number in daemon.answers)
        return daemon.answers[number]

    refused(answer_to(b'{"do":'), 'malformed', 'JSON')
    refused(answer_to(b'\xff\xfe\x00'), 'malformed')
    refused(answer_to({'do': 'dance', 'request': 5}, 5), 'unknown', 'dance')
    refused(answer_to({'do': 'start', 'request': 6, 'job': 1}, 6), 'malformed', 'nodes')
    refused(answer_to({'do': 'start', 'job': 1, 'nodes': ['a'], 'decision': 'x'}), 'malformed', 'request')
    refused(answer_to({'do': 'start', 'request': 7, 'job': 1, 'nodes': ['a[1-9]'], 'decision': 'x'}, 7), 'malformed')
    refused(answer_to({'do': 'start', 'request': 8, 'job': 1, 'nodes': ['a'], 'decision': 'a;pin=b'}, 8), 'malformed')
    refused(answer_to({'do': 'mode', 'mode': 'rule'}), 'malformed', 'observe')
    refused(answer_to(b'x' * (3 << 20)), 'malformed', '1 MiB')
    done(daemon.ask('advise', job=case.held(), text='still there'))


def a_new_daemon_takes_the_place_of_the_old(case):
    old = case.daemon
    new = Daemon(case.adapter.socket)
    new.sync()
    while old.hear() is not None:
        pass
    case.daemon = new
    same('everything told anew', len(new.nodes) >= 4, True)
    done(new.ask('advise', job=case.held(), text='to the new one'))


def slurmctld_dies_and_comes_back(case):
    daemon, lab = case.daemon, case.lab
    job = case.held('--gres=gpu:1')
    held = time.time()
    lab.run(['scontrol', 'update', f'jobid={job}', 'comment=saved'])  # so that there is something to save after it
    wait_until('slurmctld has saved the job', 30, lambda: any(
        path.stat().st_mtime > held for path in lab.folder.rglob('job_state')))
    lab.kill('slurmctld')
    daemon.until('trouble is told', lambda: 'slurmctld' in daemon.troubles, 40)
    refused(daemon.ask('start', job=job, nodes=[case.node(0)], decision='d-1'), 'away')
    if not lab.heartbeat.exists() or time.time() - lab.heartbeat.stat().st_mtime > 5:
        raise Trouble('the heartbeat stopped, though the daemon lives')
    lab.start('slurmctld')
    start = time.monotonic()
    daemon.until('well again', lambda: 'slurmctld' not in daemon.troubles, 30)
    daemon.sync()
    took = time.monotonic() - start
    print(f'# slurmctld back: known after {took:.2f} s')
    done(daemon.ask('start', job=job, nodes=[case.node(0)], decision='d-2'))
    daemon.job(job, state='running', seconds=60)
    if took > 10:
        raise Trouble('10 s is the limit')


def slurmctld_hangs(case):
    daemon, lab = case.daemon, case.lab
    job = case.held('--gres=gpu:1')
    pid = next(iter(lab.pids('slurmctld')))
    os.kill(pid, signal.SIGSTOP)
    try:
        number = daemon.send('start', job=job, nodes=[case.node(0)], decision='h-1')
        daemon.until('trouble is told', lambda: 'slurmctld' in daemon.troubles, 60)
        daemon.until('the request is answered', lambda: number in daemon.answers, 60)
        if daemon.answers[number].get('code') not in ('timeout', 'away'):
            raise Trouble(f'{daemon.answers[number]}')
        if time.time() - lab.heartbeat.stat().st_mtime > 5:
            raise Trouble('the heartbeat stopped, though the daemon lives')
    finally:
        os.kill(pid, signal.SIGCONT)
    daemon.until('well again', lambda: 'slurmctld' not in daemon.troubles, 60)
    done(daemon.ask('advise', job=job, text='on we go'))


def a_call_that_never_comes_back(case):
    case.adapter.kill(signal.SIGTERM)
    case.adapter.start('--stall', '2')
    daemon = case.connect()
    process = case.adapter.process
    pid = next(iter(case.lab.pids('slurmctld')))
    os.kill(pid, signal.SIGSTOP)
    try:
        while daemon.hear(30) is not None:
            pass  # until it begins anew
    finally:
        os.kill(pid, signal.SIGCONT)
    same('it lives', process.poll(), None)
    daemon = case.connect()
    same('it tells everything', len(daemon.nodes) >= 4, True)


def silence_frees_the_queue(case):
    lab = case.lab
    full = [case.held('--exclusive') for _ in lab.static_nodes()]
    for number, job in enumerate(full):
        done(case.daemon.ask('start', job=job, nodes=[case.node(number)], decision=f'full-{number}'))
    jobs = [case.held() for _ in range(5)]
    pinned = case.held()
    done(case.daemon.ask('start', job=pinned, nodes=[case.node(0)], decision='p-1'))
    by_hand = case.held()
    done(case.daemon.ask('start', job=by_hand, nodes=[case.node(0)], decision='p-2'))
    lab.run(['scontrol', 'hold', str(by_hand)])
    users = int(lab.submit(SLEEP, *HELD))
    admins = int(lab.submit(SLEEP, *HELD))
    lab.run(['scontrol', 'hold', str(admins)])
    daemon = case.connect(silence_ms=2000)
    wait_until('the heartbeat', 5, lab.heartbeat.exists)
    words = lab.heartbeat.read_text().split()
    user = str(pwd.getpwnam(REST_USER).pw_uid) if case.rest else '0'
    same('heartbeat', (words[1:], abs(time.time() - int(words[0])) < 3), ([user, 'gpu'], True))
    start = time.monotonic()
    wait_until('freed', 20, lambda: all(case.field(job, 'Reason').find('Held') < 0 for job in jobs))
    print(f'# silence of 2 s: freed after {time.monotonic() - start:.2f} s')
    wait_until('the pin is off', 5, lambda: case.field(pinned, 'ReqNodeList') == '(null)')
    wait_until('the heartbeat is gone', 5, lambda: not lab.heartbeat.exists())
    for job in (users, admins, by_hand):
        same('held by others, and still so', 'Held' in case.field(job, 'Reason'), True)
    refused(daemon.ask('start', job=users, nodes=[case.node(0)], decision='p-3'), 'mode')
    daemon = case.connect()
    job = case.held()
    done(daemon.ask('leave', job=job))


def an_adapter_killed_knows_its_jobs_again(case):
    daemon = case.daemon
    full = case.held('--exclusive')
    done(daemon.ask('start', job=full, nodes=[case.node(0)], decision='k-1'))
    daemon.job(full, state='running')
    pinned, held = case.held('--exclusive'), case.held()
    done(daemon.ask('start', job=pinned, nodes=[case.node(0)], decision='k-2'))
    case.adapter.kill()
    start = time.monotonic()
    case.adapter.start()
    daemon = case.connect()
    print(f'# killed and back with everything told: {time.monotonic() - start:.2f} s')
    same('running', (daemon.jobs[full]['decision'], daemon.jobs[full]['state']), ('k-1', 'running'))
    same('pinned', (daemon.jobs[pinned]['decision'], daemon.jobs[pinned]['required_nodes']), ('k-2', [case.node(0)]))
    same('held', (daemon.jobs[held]['ours'], daemon.jobs[held].get('decision', '')), (True, ''))
    done(daemon.ask('start', job=pinned, nodes=[case.node(1)], decision='k-3'))
    daemon.job(pinned, state='running', nodes=[case.node(1)])


def without_a_daemon_from_the_start_the_queue_is_freed(case):
    job = case.held()
    case.daemon.close()
    case.adapter.kill()
    case.adapter.start('--silence', '1')
    wait_until('freed', 15, lambda: case.field(job, 'JobState') == 'RUNNING')


def a_requeue_survives_a_kill(case):
    daemon = case.daemon
    job = case.held(script='trap "" TERM; sleep 300 & wait; sleep 300')
    done(daemon.ask('start', job=job, nodes=[case.node(0)], decision='q-1'))
    daemon.job(job, state='running')
    daemon.send('requeue', job=job)
    daemon.until('it is on its way back', lambda: daemon.jobs[job]['admin_comment'].startswith(
        f'whaleflux:held;pin={case.node(0)};'))
    case.adapter.kill()
    case.adapter.start()
    daemon = case.connect()
    daemon.job(job, state='pending', ours=True, seconds=30)
    done(daemon.ask('start', job=job, nodes=[case.node(1)], decision='q-2'))
    daemon.job(job, state='running', nodes=[case.node(1)])


def release_and_check(case):
    job = case.held()
    shown = case.adapter.run('release', '--dry-run')
    same('dry run', (shown.returncode, f'job {job}: would be given back' in shown.stdout), (0, True))
    same('still held', case.field(job, 'AdminComment'), 'whaleflux:held')
    shown = case.adapter.run('release')
    same('release', (shown.returncode, shown.stdout), (0, '1 of 1 jobs given back to plain Slurm\n'))
    case.daemon.job(job, state='running')
    found = json.loads(case.adapter.run('check', '--json').stdout)
    same('cluster', found['site']['cluster'], [
        line.split('=')[1] for line in case.lab.conf.read_text().split('\n') if line.startswith('ClusterName=')][0])
    codes = {finding['code'] for finding in found['findings']}
    same('a flag for each vendor', 'gres-flags' in codes, False)
    for finding in found['findings']:
        same(finding['code'], sorted(finding), ['change', 'code', 'found', 'level', 'why'])


def as_fast_as_the_bare_loop(case):
    daemon, lab, count = case.daemon, case.lab, 400
    bare_loop = os.environ.get('WHALEFLUX_BARE_LOOP')
    jobs = [int(lab.submit('true', *HELD, '-b', 'now+1hour')) for _ in range(count * 2)]
    daemon.until('all are told', lambda: all(job in daemon.jobs for job in jobs), 60)
    ours, theirs = [], []
    for part in range(0, count, 100):
        text = ''.join(f'{job} {case.node(0)}\n' for job in jobs[count + part:count + part + 100])
        if not case.rest:
            theirs.append(float(lab.run([bare_loop], text=text).stdout.split()[0]))
        start, numbers = time.monotonic(), []
        for job in jobs[part:part + 100]:
            numbers.append(daemon.send('start', job=job, nodes=[case.node(0)], decision=f'j{job}-1', anyway=True))
        daemon.until('all answers', lambda: all(number in daemon.answers for number in numbers), 60)
        ours.append(100 / (time.monotonic() - start))
        for number in numbers:
            done(daemon.answers[number])
    if case.rest:
        print(f'# pins a second: {sorted(ours)[len(ours) // 2]:.0f}')
        return
    ours, theirs = sorted(ours)[len(ours) // 2], sorted(theirs)[len(theirs) // 2]
    print(f'# pins a second: {ours:.0f}; the bare loop of the same calls: {theirs:.0f} ({ours / theirs:.0%})')
    if ours < 1000 and ours < 0.8 * theirs:
        raise Trouble('neither 1,000 a second nor 80 % of the bare loop')


TESTS = [
    tells_what_squeue_and_sinfo_show, a_job_starts_where_it_was_put, it_runs_on_exactly_the_nodes_named,
    what_the_submitter_wanted_comes_back, a_task_of_an_array_starts_alone,
    a_job_that_waits_on_its_node_is_put_elsewhere, hold_advise_signal_cancel,
    a_requeued_job_runs_elsewhere_at_once, nodes_are_drained_and_powered, observe_writes_nothing,
    sentences_of_refusal, what_is_edited_by_hand_stays_so, lines_that_make_no_sense,
    a_new_daemon_takes_the_place_of_the_old, silence_frees_the_queue, an_adapter_killed_knows_its_jobs_again,
    without_a_daemon_from_the_start_the_queue_is_freed, a_requeue_survives_a_kill, release_and_check,
    as_fast_as_the_bare_loop, slurmctld_dies_and_comes_back, slurmctld_hangs, a_call_that_never_comes_back,
]


def run(case, test):
    try:
        case.fresh()
        test(case)
        status = case.end()
        if status not in (0, None):
            raise Trouble(f'the adapter ended with status {status}: {case.adapter.log.read_text()[-3000:]}')
        return True
    except (Trouble, OSError, KeyError, StopIteration, subprocess.SubprocessError) as trouble:
        print(f'# {type(trouble).__name__}: {trouble}')
        if not isinstance(trouble, Trouble):
            print(''.join(f'# {line}\n' for line in traceback.format_exc().split('\n')))
        return False
    finally:
        case.end()


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix='whaleflux-adapter-'))
    folder.chmod(0o755)
    chroot = os.environ.get('WHALEFLUX_CHROOT')
    up = subprocess.run([HERE / 'up', folder / 'lab', '--nodes', os.environ.get('WHALEFLUX_NODES', '4'), '--cloud', '1', '--set', 'MessageTimeout=4',
                         '--set', 'PrivateData=cloud',
                         *(['--slurmrestd', '--accounting'] if os.environ.get('WHALEFLUX_REST') else []),
                         *(['--chroot', chroot] if chroot else [])], capture_output=True, text=True, check=False)
    if up.returncode == SKIP:
        print(f'1..0 # SKIP {up.stderr.strip()}')
        return 0
    if up.returncode != 0:
        print(f'Bail out! {up.stderr.strip()}')
        return 1
    failed = 0
    wanted = sys.argv[1:]
    tests = [test for test in TESTS if not wanted or test.__name__ in wanted]
    print(f'1..{len(tests)}')
    try:
        case = Case(Lab.load(folder / 'lab'))
        for number, test in enumerate(tests, 1):
            good = run(case, test)
            failed += not good
            print(f'{"ok" if good else "not ok"} {number} - {test.__name__}', flush=True)
    finally:
        subprocess.run([HERE / 'down', folder / 'lab'], check=False, stdout=subprocess.DEVNULL)
        if failed == 0:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f'# the log of the adapter is {folder}/adapter.log')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
