#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The accounting of a real Slurm through whaleflux replay: Slurm's own policy, replayed, against what really
happened; and slurmdbd, which keeps it, killed.  WHALEFLUX names the program, beside which is
slurm/whaleflux-slurm; WHALEFLUX_HISTORY_SEED another stream of jobs; WHALEFLUX_HISTORY_KEEP a folder for
what sacct printed. TAP on standard output."""
import datetime
import math
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import lab_base  # noqa: E402
import own_policy  # noqa: E402
import tap  # noqa: E402
from lab import Lab  # noqa: E402
from lab_base import SKIP, Trouble, wait_until  # noqa: E402
from own_policy import ERROR_MAX, near  # noqa: E402
from serve import PROGRAM, Serve  # noqa: E402
from stream import Job, Player  # noqa: E402

SEED = int(os.environ.get('WHALEFLUX_HISTORY_SEED', '1'))
NVIDIA, AMD, GPUS = 10, 6, 8
# As docs/slurm.md has it.
COLUMNS = ('JobID,User,Account,Partition,Submit,Eligible,Start,End,ElapsedRaw,Timelimit,State,ExitCode,ReqTRES,'
           'AllocTRES,ReqMem,ReqCPUS,NCPUS,NNodes,NodeList,Constraints,Priority,JobName')
# Limits of jobs that run for seconds are minutes: what a minute is to a site's hours a second is to them.
# Without bf_window_linear=1 Slurm looks at expected ends in steps that double, which no replay does; without
# bf_max_time a look lasts no longer than bf_interval, and on a busy machine none comes to the end of the queue.
SCHEDULER = 'batch_sched_delay=0,sched_interval=2,bf_interval=1,bf_max_time=10,bf_resolution=1,bf_window_linear=1'
# The same burst of jobs on the same cluster, submitted twice, waits 4 to 8 % longer or shorter the second time.
BURSTS = 3
NODE_THAT_FAILS = 'h6'


def stream(seed, seconds=45, load=1.8, run=10.0, overdue=0):
    """Jobs of some seconds, of both vendors' GPUs, that come at random times, more than there is room for,
    so that a queue builds up; their limits are such as users ask for, loose and tight. `overdue` more run past theirs."""
    rng = random.Random(seed)
    jobs, at = [], 0.0
    models = {'h100': NVIDIA, 'mi300x': AMD}
    sizes = {1: .5, 2: .22, 4: .18, 8: .08, 16: .02}
    rate = load * (NVIDIA + AMD) * GPUS / (sum(size * part for size, part in sizes.items()) * run)
    while True:
        at += rng.expovariate(rate)
        if at > seconds:
            break
        size = rng.choices(list(sizes), list(sizes.values()))[0]
        model = rng.choices(list(models), list(models.values()))[0]
        takes = min(3.5 * run, max(1.0, rng.lognormvariate(math.log(run) - .32, .8)))
        options = ['-t', str(rng.choice((1, 2, 5, 10, 30))), '-N', str(max(1, size // GPUS)), '--mem=100',
                   f'--gres=gpu:{model}:{min(size, GPUS)}']
        kind = rng.random()
        if kind < .03 and size <= 2:
            options.append('--array=1-4')
        jobs.append(Job(at, options, takes, exit=3 if .04 < kind < .08 else 0,
                        cancel=rng.uniform(1, 6) if kind > .97 else None, user=rng.choice(('games', 'news'))))
    # Slurm ends them in its own time.
    jobs += [Job(1 + i, ['-t', '1', '--mem=100', '--gres=gpu:mi300x:1'], 300, user='news') for i in range(overdue)]
    return jobs


def fail(lab, node):
    """A machine is lost, and comes back."""
    lab.kill_node(node)
    lab.run(['scontrol', 'update', f'nodename={node}', 'state=down', 'reason=test'])
    time.sleep(8)
    lab.lost(node).unlink(missing_ok=True)
    lab.start(node)


def print_history(lab, folder):
    """What an administrator would keep, as docs/slurm.md has it."""
    (folder / 'history.txt').write_text(lab.run([
        'env', 'TZ=UTC', 'sacct', '--allusers', '--parsable2', '--duplicates', '--starttime', 'now-1hours',
        '--format', COLUMNS]).stdout)
    (folder / 'events.txt').write_text(lab.run([
        'env', 'TZ=UTC', 'sacctmgr', '--parsable2', 'show', 'event', 'start=now-1hours']).stdout)
    (folder / 'nodes.txt').write_text(lab.run(['scontrol', 'show', 'node']).stdout)
    keep = os.environ.get('WHALEFLUX_HISTORY_KEEP')
    if keep:
        for name in ('history.txt', 'events.txt', 'nodes.txt'):
            shutil.copy(folder / name, keep)


def rows(folder):
    """sacct's lines but for steps, by the names of the columns."""
    lines = (folder / 'history.txt').read_text().splitlines()
    names = lines[0].split('|')
    return [row for row in (dict(zip(names, line.split('|', len(names) - 1))) for line in lines[1:])
            if '.' not in row['JobID']]


def gpu_hours(folder):
    """What the accounting says, reckoned by other means than the program's."""
    total = 0
    for row in rows(folder):
        gpus = [part.split('=')[1] for part in row['AllocTRES'].split(',') if part.startswith('gres/gpu=')]
        if gpus and row['Start'] not in ('Unknown', 'None') and row['End'] != 'Unknown':
            begin, end = (datetime.datetime.fromisoformat(row[name]) for name in ('Start', 'End'))
            total += int(gpus[0]) * (end - begin).total_seconds()
    return total / 3600


def make_history(lab, folder):
    """Bursts of jobs, each when all of the one before have ended."""
    jobs = []
    for burst in range(BURSTS):
        player = Player(lab, stream(f'{SEED}.{burst}', overdue=0 if burst else 2))
        if burst == 0:
            player.at(30, lambda: fail(lab, NODE_THAT_FAILS))
        player.play()
        player.drain(240)
        jobs += player.jobs
    wait_until('the accounting has every end', 20, lambda: not lab.run(
        ['sacct', '--allusers', '--noheader', '-X', '--state=PD,R', '--format=JobID']).stdout.strip())
    print_history(lab, folder)
    return jobs


def the_history_is_read_whole(lab, folder, jobs):
    told = rows(folder)
    states = {row['State'].split()[0] for row in told}
    for state in ('COMPLETED', 'FAILED', 'CANCELLED', 'TIMEOUT'):
        if state not in states:
            raise Trouble(f'no job is {state}: {states}')
    if not any(row['NodeList'] and row['State'] in ('NODE_FAIL', 'REQUEUED') for row in told):
        raise Trouble(f'the node that failed took nobody with it: {states}')
    read = own_policy.replay(folder / 'history.txt', folder / 'nodes.txt', '--policy', 'slurm-like')['history']
    wanted = sum(4 if '--array=1-4' in job.options else 1 for job in jobs)
    told_jobs = {row['JobID'] for row in told}
    if len(told_jobs) != wanted or read['jobs'] + read['never_started'] != wanted or read['damaged'] or read['repeated']:
        raise Trouble(f'{wanted} jobs were submitted, {len(told_jobs)} are in the accounting, read are {read}')


def slurms_own_policy_replayed_is_what_happened(lab, folder):
    """A replay of a queue far from its balance."""
    told = own_policy.with_all(folder / 'history.txt', folder / 'nodes.txt', folder / 'events.txt',
                               'slurm-like,easy,conservative')
    real, own = own_policy.happened_and_own(told)
    print(f'# {told["assumptions"]}', flush=True)
    for run in told['runs']:
        wait, hours = run['wait'], run['use']['used_gpu_hours']
        print(f'# {run["role"]} {run["name"]}: wait {wait["mean_ms"] / 1000:.2f} s, p95 {wait["p95_ms"] / 1000:.1f} s, '
              f'{hours:.3f} GPU-hours', flush=True)
    hours = gpu_hours(folder)
    good = near('GPU-hours as the accounting has them, as read', hours, real['use']['used_gpu_hours'])
    good = near('GPU-hours', hours, own['use']['used_gpu_hours']) and good
    good = near('mean wait, s', real['wait']['mean_ms'] / 1000, own['wait']['mean_ms'] / 1000) and good
    if not good:
        raise Trouble(f'more than {100 * ERROR_MAX:.0f} % off')


def without_slurmdbd_observing_goes_on_and_says_so(lab, folder):
    serve = Serve(lab, folder / 'daemon', PROGRAM)
    serve.start('observe')
    try:
        lab.kill('slurmdbd')
        job = lab.submit('sleep 120', '-t', '5', '--mem=100', '--gres=gpu:h100:1')
        lab.wait_job(job, 'RUNNING')
        wait_until('the job is seen', 20, lambda: serve.jobs().get(job, {}).get('state') == 'running')
        wait_until(lambda: f'it is said: {serve.log.read_text()}', 60,
                   lambda: 'slurmdbd does not take what slurmctld has for it' in serve.log.read_text())
        lab.run(['scancel', job])
        wait_until('its end is seen', 20, lambda: serve.jobs('--all')[job]['state'] == 'cancelled')
        lab.start('slurmdbd')
        wait_until(lambda: f'it is well again: {serve.log.read_text()}', 90,
                   lambda: 'well again: slurmdbd' in serve.log.read_text())
    finally:
        serve.end()


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix='whaleflux-history-'))
    folder.chmod(0o755)
    up = subprocess.run([HERE / 'up', folder / 'lab', '--nvidia', str(NVIDIA), '--amd', str(AMD), '--accounting',
                         '--set', f'SchedulerParameters={SCHEDULER}'], capture_output=True, text=True, check=False)
    if up.returncode == SKIP:
        tap.skip_all(up.stderr.strip())
    if up.returncode != 0:
        print(f'Bail out! {up.stderr.strip()}')
        return 1
    lab = Lab.load(folder / 'lab')
    try:
        jobs = make_history(lab, folder)
        tap.case('the accounting of a real Slurm is read whole', the_history_is_read_whole, lab, folder, jobs)
        tap.case("Slurm's own policy, replayed, is within 5 % of what happened",
                 slurms_own_policy_replayed_is_what_happened, lab, folder)
        if (PROGRAM.parent / 'slurm' / 'whaleflux-slurm').exists():
            tap.case('without slurmdbd, observing goes on and says so',
                     without_slurmdbd_observing_goes_on_and_says_so, lab, folder)
    finally:
        subprocess.run([HERE / 'down', folder / 'lab'], check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)
    return tap.finish()


if __name__ == '__main__':
    try:
        sys.exit(main())
    except lab_base.Trouble as trouble:
        print(f'Bail out! {trouble}')
        sys.exit(1)
