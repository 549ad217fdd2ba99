#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""serve --slurm on sites that are not as they should be: jobs changed by hand, gres that nobody knows, a node that gets
another name, a full table of jobs, clocks that differ.  On a real Slurm; see serve.py. TAP on standard output."""
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lab_base import Trouble, wait_until  # noqa: E402
from serve import Case, forget_runs, main  # noqa: E402

JOBS_MAX = 40


def decide(case, *options):
    forget_runs(case)
    serve = case.serve('decide', '--slurm-partitions', 'gpu', *options)
    wait_until('the heartbeat is written', 20, case.lab.heartbeat.exists)
    return serve


def explained(serve, job, *words, seconds=30):
    """Waits until explain says one of these."""
    seen = {}

    def said():
        seen['text'] = serve.ask('explain', f'slurm:{job}', check=False).stdout
        return any(word in seen['text'] for word in words)
    try:
        wait_until('', seconds, said)
    except Trouble:
        raise Trouble(f'explain says {seen["text"]}, none of {words}; {serve.log.read_text()[-1500:]}') from None


def ours(case, job, nodes, seconds=60):
    facts = case.lab.wait_job(job, 'COMPLETED', seconds=seconds)
    if 'whaleflux:j' not in facts.get('AdminComment', '') or facts['NodeList'] not in nodes:
        raise Trouble(f'job {job} ran on {facts["NodeList"]}, wanted {nodes}: {facts.get("AdminComment")}')


def what_is_changed_by_hand_counts_and_releases_nothing(case):
    lab, serve = case.lab, decide(case)

    def change(job, *settings):
        lab.run(['scontrol', 'update', f'jobid={job}', *settings])
    full = [case.once(f'full{node}', 300, '-w', node, '--gres=gpu:8') for node in ('h1', 'h2', 'm1', 'm2')]
    for job in full:
        lab.wait_job(job, 'RUNNING', seconds=60)
    named, feature, limit, moved = (case.once(name, 1, '--gres=gpu:1') for name in ('named', 'feature', 'limit', 'moved'))
    wait_until('all wait here', 30, lambda: all(
        serve.jobs().get(job, {}).get('state') == 'waiting' for job in (named, feature, limit, moved)))
    change(named, 'reqnodelist=m2')
    change(feature, 'features=amd')
    change(limit, 'timelimit=3')
    change(moved, 'partition=plain')
    time.sleep(5)
    for job in (named, feature, limit):
        if lab.job_state(job) != 'PENDING' or 'whaleflux' not in lab.job(job).get('AdminComment', ''):
            raise Trouble(f'job {job}, which was changed, is not held for us any more: {lab.job(job)}')
    lab.run(['scancel', full[3]])
    ours(case, named, {'m2'})
    ours(case, feature, {'m2'})
    ours(case, limit, {'m2'})
    if lab.job(limit)['TimeLimit'] != '00:03:00':
        raise Trouble(f'the limit is {lab.job(limit)["TimeLimit"]}')
    lab.wait_job(moved, 'COMPLETED', seconds=60)  # Slurm's: it left our partition
    # One that we had pinned, and whose pin is changed while Slurm still keeps it: its last word counts.
    lab.run(['scontrol', 'update', 'nodename=m2', 'state=drain', 'reason=test'])
    wait_until('the node is drained here', 20, lambda: {each['name']: each['state'] for each in json.loads(
        serve.ask('nodes', '--json').stdout)['nodes']}['m2'] == 'drained')
    later = case.once('later', 1, '-w', 'm2', '--gres=gpu:1')
    wait_until('it waits here', 30, lambda: serve.jobs().get(later, {}).get('state') == 'waiting')
    change(later, 'excnodelist=m2', 'reqnodelist=')
    lab.run(['scancel', full[2]])
    ours(case, later, {'m1'})
    case.picture(serve)


def gres_that_nobody_knows_are_left_to_slurm(case):
    lab, serve = case.lab, decide(case)
    done = lab.run(['sbatch', '--parsable', '-p', 'gpu', '--gres=widget:1', '--wrap', 'true'], check=False)
    if done.returncode == 0:  # or Slurm itself refuses it
        explained(serve, done.stdout.strip(), 'left to Slurm')
        lab.run(['scancel', done.stdout.strip()])
    conf = lab.folder / 'etc' / 'gres.conf'
    good = conf.read_text()
    try:
        # Its GPUs are gone from gres.conf, and slurm.conf still promises them.
        conf.write_text('\n'.join(line for line in good.splitlines() if 'm[1-2]' not in line) + '\n')
        lab.stop('m1')
        lab.start('m1')
        wait_until('Slurm does not trust the node', 60, lambda: lab.node_states()['m1'] != 'idle')
        job = case.once('beside', 1, '--gres=gpu:mi300x:8')
        ours(case, job, {'m2'})
        shown = wait_until('the node is not up here', 30, lambda: {
            each['name']: each['state'] for each in json.loads(serve.ask('nodes', '--json').stdout)['nodes']}.get('m1'))
        if shown == 'up':
            raise Trouble('a node without its GPUs counts as up')
    finally:
        conf.write_text(good)
        lab.stop('m1')
        lab.start('m1')
        # It has to register first, and may be called invalid until then.
        wait_until('the node is back', 120, lambda: lab.node_states()['m1'] == 'idle' or not lab.run(
            ['scontrol', 'update', 'nodename=m1', 'state=resume'], check=False))
    case.picture(serve)


def a_full_table_and_forgotten_jobs_break_nothing(case):
    lab, serve = case.lab, decide(case)
    jobs, refused = [], 0
    for number in range(JOBS_MAX + 5):
        done = lab.run(['timeout', '5', 'sbatch', '--parsable', '-p', 'gpu', '-t', '5', '--mem=100', '-J', f't{number}',
                        '--wrap', 'true'], check=False)
        if done.returncode == 0:
            jobs.append(done.stdout.strip())
        else:
            refused += 1
    # MinJobAge is short here: Slurm forgets those that have ended, and their end is known here.
    wait_until('all are over, and forgotten', 120, lambda: not [job for job in jobs if lab.job(job)])
    def states():
        told = serve.jobs('--all')
        return {job: told.get(job, {}).get('state') for job in jobs}
    try:
        wait_until('', 30, lambda: set(states().values()) == {'done'})
    except Trouble:
        raise Trouble(f'{len(jobs)} jobs, {refused} refused: {states()}') from None
    ours_now = case.once('after', 1, '--gres=gpu:1')
    wait_until('the next one is done, too', 60,
               lambda: serve.jobs('--all').get(ours_now, {}).get('state') == 'done')


def a_node_that_gets_another_name_is_another_node(case):
    lab, serve = case.lab, decide(case)
    etc = lab.folder / 'etc'
    good = {path: path.read_text() for path in (etc / 'slurm.conf', etc / 'gres.conf')}

    def here():
        return {each['name']: each['state'] for each in json.loads(serve.ask('nodes', '--json').stdout)['nodes']}
    running = case.once('running', 8, '-w', 'm1', '--gres=gpu:1')
    lab.wait_job(running, 'RUNNING', seconds=60)
    waits = case.once('waits', 1, '-w', 'm2,m1', '--gres=gpu:mi300x:8')
    wait_until('it waits', 30, lambda: waits in serve.jobs())
    try:
        for path, text in good.items():
            path.write_text(text.replace('m[1-2]', 'm[1,9]'))
        lab.stop('m2', 'slurmctld')
        lab.start('slurmctld')
        subprocess.run(lab.inside(['slurmd', '-N', 'm9', '-f', str(lab.conf)]), env=lab.environment(marked=True),
                       cwd='/', check=True, timeout=30)
        wait_until('the old node is gone here and the new one is up', 60,
                   lambda: here().get('m2') in (None, 'down', 'gone') and here().get('m9') == 'up')
        ours(case, case.once('new', 1, '-w', 'm9', '--gres=gpu:1'), {'m9'})
        lab.wait_job(running, 'COMPLETED', seconds=60)
        if lab.job_state(waits) == 'COMPLETED':
            raise Trouble('a job ran that wants a node which is gone')
        lab.run(['scancel', waits])
        case.picture(serve)
    finally:
        lab.run(['scancel', waits], check=False)
        for pid in [int(entry.name) for entry in pathlib.Path('/proc').iterdir() if entry.name.isdigit()
                    and b'-N\0m9\0' in read(entry / 'cmdline') and str(lab.conf).encode() in read(entry / 'cmdline')]:
            pathlib.Path('/proc', str(pid)).exists() and subprocess.run(['kill', str(pid)], check=False)
        for path, text in good.items():
            path.write_text(text)
        lab.stop('slurmctld')
        lab.start('slurmctld')
        lab.start('m2')


def clocks_that_differ_are_told_and_jobs_run(case):
    lab, skew = case.lab, os.environ.get('WHALEFLUX_SKEW')
    if not skew or lab.root():
        print('# no clock is put wrong: WHALEFLUX_SKEW names no library, or it is of another system than Slurm')
        return
    for seconds in ('90', '-90'):
        os.environ.update({'LD_PRELOAD': skew, 'WHALEFLUX_SKEW_SECONDS': seconds})
        try:
            serve = decide(case)
        finally:
            del os.environ['LD_PRELOAD'], os.environ['WHALEFLUX_SKEW_SECONDS']
        wait_until('a sentence says so', 90, lambda: "slurmctld's clock is" in serve.log.read_text())
        job = case.once('off', 2, '--gres=gpu:1')
        lab.wait_job(job, 'COMPLETED', seconds=60)  # by Slurm, where the heartbeat does not look fresh
        wait_until('it is over here, too', 60, lambda: serve.jobs('--all').get(job, {}).get('state') == 'done')
        # What waits is held, and its begin, the moment of its submission, must not be taken for a time to come.
        full = case.once('full', 8, '-N', str(len(lab.nodes())), '--exclusive')
        lab.wait_job(full, 'RUNNING')
        behind = case.once('behind', 2, '--gres=gpu:1')
        wait_until('it is held', 15, lambda: lab.job(behind)['Reason'] == 'JobHeldAdmin')
        lab.wait_job(behind, 'COMPLETED', seconds=40)
        case.end()


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b''


TESTS = [what_is_changed_by_hand_counts_and_releases_nothing, gres_that_nobody_knows_are_left_to_slurm,
         a_full_table_and_forgotten_jobs_break_nothing, a_node_that_gets_another_name_is_another_node,
         clocks_that_differ_are_told_and_jobs_run]


if __name__ == '__main__':
    sys.exit(main(TESTS, '--nodes', '4', '--hold', 'gpu', '--no-heartbeat', '--set', f'MaxJobCount={JOBS_MAX}',
                  '--set', 'MinJobAge=10', '--set', 'GresTypes=gpu,shard,widget'))
