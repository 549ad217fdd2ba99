#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mixed day on a real Slurm whose waiting jobs whaleflux serve --slurm decide starts, while the daemon, the
adapter, slurmctld, slurmds and nodes are killed at random: every job is to end as its submitter would expect.
WHALEFLUX names the program, beside which is slurm/whaleflux-slurm; WHALEFLUX_SEED a seed. TAP on standard output."""
import argparse
import collections
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import tap  # noqa: E402
from day_jobs import Plan  # noqa: E402
from day_kills import PARTS, Kills  # noqa: E402
from day_judge import SAVED_SECONDS, Judge  # noqa: E402
from day_watch import Watch  # noqa: E402
from lab import Lab  # noqa: E402
from lab_base import SKIP, Trouble, wait_until  # noqa: E402
from serve import PROGRAM, Case  # noqa: E402

SUBMITTERS = 3
CLOUD = 4
SILENCE_SECONDS = 5
AWAY_SECONDS = 30  # of a cloud node that is taken back
LOOK_SECONDS = 3  # every squeue costs slurmctld as much as a look of the adapter's
REGISTER_SECONDS = 25  # a batch job that is younger than 20 s is not missed


class Day:
    def __init__(self, case, options):
        self.case, self.lab, self.options = case, case.lab, options
        self.rng = random.Random(options.seed)
        self.plan = Plan(random.Random(self.rng.random()), CLOUD)
        self.runs = self.lab.folder / 'jobs' / 'runs'
        self.runs.mkdir()
        self.runs.chmod(0o1777)
        self.lock, self.log = threading.Lock(), open(case.folder / 'day.log', 'w', encoding='utf-8')
        self.wishes, self.count, self.queue = [], 0, collections.deque()
        self.deeds, self.deed_done, self.again, self.troubles = [], [], 0, []
        self.serve_options = ['--slurm-partitions', 'gpu', '--slurm-silence', '60s']
        self.serve = case.serve('decide', *self.serve_options)
        wait_until('the heartbeat is written', 30, self.lab.heartbeat.exists)
        self.kills = Kills(self, random.Random(self.rng.random()))
        self.watch = Watch(self.lab)
        self.done = threading.Event()  # the day is over
        self.registered, self.resumed, self.released = set(), 0, 0  # kills of slurmctld, nodes, jobs
        self.asked = 0.0  # when nodes were last asked to register
        self.reclaimed, self.gone_nodes = None, []
        self.figures = {'reclaimed': 0}

    def note(self, text):
        self.log.write(f'{time.time():.3f} {text}\n')
        self.log.flush()

    # Submitting.

    def submit(self, wish):
        """As a user whose sbatch failed: looks whether it came through, and tries again where it did not."""
        wish.begun = time.time()
        while not self.kills.over.is_set() or wish.kind != 'probe':
            done = self.lab.run(['sbatch', '--parsable', *wish.arguments()], user=wish.user, seconds=120, check=False,
                                text=f'#!/bin/sh\n{wish.script(self.runs)}\n')
            if done.returncode == 0:
                wish.id = done.stdout.strip().split(';')[0]
                break
            self.note(f'sbatch {wish.name}: {done.stderr.strip()}')
            if 'dependency' in done.stderr.lower():
                return False  # what it waits for was lost by Slurm
            found = self.find(wish.name)
            if found:
                wish.id = found[0]
                break
            time.sleep(0.3)
        if not wish.id:
            return False
        wish.accepted = time.time()
        with self.lock:
            self.wishes.append(wish)
            self.count += wish.count()
            if wish.deed:
                self.deeds.append((wish.accepted + wish.deed_after, wish))
        self.note(f'submitted {wish.name} {wish.id}')
        return True

    def insist(self, words, fine=None):
        """Runs a command of Slurm's until slurmctld answers it, or refuses it with these words."""
        for _ in range(300):
            done = self.lab.run(words, check=False)
            if done.returncode == 0 or fine and fine in done.stderr:
                return done
            self.note(f'{" ".join(words)}: {done.stderr.strip()}')
            time.sleep(0.2)
        raise Trouble(f'{" ".join(words)} does not come through: {done.stderr.strip()}')

    def find(self, name):
        """The numbers of the jobs of that name."""
        return sorted(set(self.insist(['squeue', '-h', '-t', 'all', '-n', name, '-o', '%F']).stdout.split()))

    def take(self):
        with self.lock:
            if self.count + sum(wish.count() for made in self.queue for wish in made) >= self.options.jobs:
                return None
            made = self.plan.next()
            self.queue.append(made)
        return made

    def submit_some(self):
        try:
            while not self.done.is_set():
                made = self.take()
                if made is None:
                    time.sleep(0.2)
                    continue
                for wish in made:
                    if wish.after and not self.is_there(wish.after[1]):
                        break
                    if not self.submit(wish):
                        break
                    if wish.after and not self.is_there(wish.after[1]):
                        wish.confused = True  # it may wait for another job that has the lost one's number
                with self.lock:
                    self.queue.remove(made)
        except Exception as error:
            self.troubles.append(f'submitting: {error!r}')

    def is_there(self, wish):
        """Whether that job still has its number: a slurmctld that was killed may have lost it."""
        if not any(killed > wish.begun - SAVED_SECONDS for killed, _ in self.kills.controller):
            return True
        return wish.id in self.find(wish.name)

    def find_lost(self, kill):
        """After a kill of slurmctld: what it does not know any more. As many jobs more are submitted for them."""
        names = set(self.insist(['squeue', '-h', '-t', 'all', '-o', '%j']).stdout.split())
        with self.lock:
            for wish in self.wishes:
                if not wish.lost and wish.name not in names:
                    wish.lost = kill
                    self.count -= wish.count()
                    self.note(f'lost {wish.name} {wish.id} accepted {kill[0] - wish.accepted:.2f} s before')

    # What users do about their jobs.

    def do_deeds(self):
        try:
            while not self.done.is_set():
                time.sleep(0.1)
                now = time.time()
                with self.lock:
                    due = [deed for deed in self.deeds if deed[0] <= now]
                    self.deeds = [deed for deed in self.deeds if deed[0] > now]
                for _, wish in due:
                    if not wish.lost:
                        self.do(wish)
                self.do_again()
        except Exception as error:
            self.troubles.append(f'deeds: {error!r}')

    def do(self, wish):
        for _ in range(600):
            if self.kills.over.is_set() and wish.lost:
                return
            if wish.deed == 'scancel':
                done = self.lab.run(['scancel', '-n', wish.name], check=False)
            elif wish.deed == 'release':
                done = self.lab.run(['scontrol', 'release', f'jobname={wish.name}'], user=wish.user, check=False)
            else:
                done = self.cancel(wish)
            if done is None or done.returncode == 0:
                break
            self.note(f'{wish.deed} {wish.name}: {done.stderr.strip()}')
            time.sleep(0.5)
        self.note(f'did {wish.deed} {wish.name}')
        with self.lock:
            self.deed_done.append((time.time(), wish))

    def cancel(self, wish):
        """By the daemon, which must know it first. None: it was lost."""
        for _ in range(300):
            if wish.lost:
                return None
            try:
                keys = [key for key, job in self.serve.jobs('--name', wish.name).items()]
                if keys:
                    return self.serve.ask('cancel', f'slurm:{keys[0]}', check=False)
            except (Trouble, ValueError, subprocess.TimeoutExpired):
                pass
            time.sleep(0.3)
        raise Trouble(f'the daemon does not know {wish.name} ({wish.id})')

    def do_again(self):
        """What Slurm may have forgotten with the seconds that it had not saved, users do again."""
        due = []
        with self.lock:
            for done, wish in self.deed_done[:]:
                kills = [back for killed, back in self.kills.controller if killed - SAVED_SECONDS <= done <= back + 1]
                if kills and time.time() > max(kills) + 2 and not wish.lost:
                    self.deed_done.remove((done, wish))
                    due.append(wish)
        for wish in due:
            states = self.insist(['squeue', '-h', '-r', '-t', 'all', '-n', wish.name, '-o', '%T %r']).stdout
            undone = 'JobHeldUser' in states if wish.deed == 'release' else 'PENDING' in states or 'RUNNING' in states
            if undone:
                self.again += 1
                self.do(wish)

    # The day.

    def reclaim(self, names):
        """Cloud nodes that are up are taken back, with 2 seconds' notice."""
        self.gone_nodes, killed = names, time.time()
        self.note(f'reclaim {self.gone_nodes}')
        self.lab.reclaim(self.gone_nodes, 2)
        for name in self.gone_nodes:
            self.insist(['scontrol', 'update', f'nodename={name}', 'state=down', 'reason=reclaimed'])
            self.kills.lost_nodes.append((name, killed, time.time() + AWAY_SECONDS))
        self.figures['reclaimed'] = len(self.gone_nodes)
        self.reclaimed = time.monotonic()

    def give_back(self):
        """Others take their places, later than what Slurm still had to say to those that went is said."""
        self.note(f'given back {self.gone_nodes}')
        for name in self.gone_nodes:
            if not self.lab.pids(name):
                self.lab.start(name)
            self.insist(['scontrol', 'update', f'nodename={name}', 'state=resume'], 'Invalid node state')
        self.gone_nodes = []

    def administer(self):
        """What a slurmctld that was killed leaves to its administrator: it may start a job that it forgot to have
        started once more, finds that out, drains the node and holds the job. And that a job has ended, which it had
        forgotten, or which was lost with its node within the first 20 s, it learns when the node registers again:
        that is asked for here, as it is too rare for a short day; and again when nothing is killed any more, since it
        misses no job that it heard of in the 20 s before."""
        lines = self.insist(['sinfo', '-h', '-N', '-p', 'gpu', '-O', 'NodeList:40,StateLong:40,Reason:60'])
        for line in lines.stdout.splitlines():
            if 'Duplicate jobid' in line and line.split()[1].startswith('drain'):
                self.insist(['scontrol', 'update', f'nodename={line.split()[0]}', 'state=resume'], 'Invalid node state')
                self.resumed += 1
        stuck = self.insist(['squeue', '-h', '-r', '-t', 'pending', '-o', '%i %r']).stdout.splitlines()
        for line in stuck:
            if line.endswith('launch failed requeued held'):
                self.insist(['scontrol', 'release', line.split()[0]], 'Invalid')
                self.released += 1
        late = self.kills.over.is_set() and time.time() > self.asked + REGISTER_SECONDS
        for killed, back in self.kills.controller + [times for _, *times in self.kills.lost_nodes]:
            if killed not in self.registered and time.time() > back + REGISTER_SECONDS:
                self.registered.add(killed)
                late = True
        if late:
            self.insist(['scontrol', 'reconfigure'])
            self.asked = time.time()

    def cloud_nodes(self):
        """Those of them that are up."""
        lines = self.insist(['sinfo', '-h', '-N', '-p', 'gpu', '-O', 'NodeList:40,StateLong:40']).stdout.splitlines()
        return [line.split()[0] for line in lines if line.startswith('c') and line.split()[1] in (
            'idle', 'mixed', 'allocated')]

    def left(self):
        """Jobs that still have to end."""
        stays = {wish.name for wish in self.wishes if wish.ends == {'PENDING'}}
        done = self.lab.run(['squeue', '-h', '-r', '-o', '%i %j %T %r'], check=False)
        if done.returncode != 0:
            return None
        return [line for line in done.stdout.splitlines() if line.split()[1] not in stays]

    def run(self):
        begun = time.monotonic()
        workers = [threading.Thread(target=self.submit_some, daemon=True) for _ in range(SUBMITTERS)]
        deeds = threading.Thread(target=self.do_deeds, daemon=True)
        for thread in (self.watch, *workers, deeds, self.kills):
            thread.start()
        reached, end = None, time.monotonic() + self.options.minutes * 60
        while time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
            self.administer()
            names = self.cloud_nodes() if self.reclaimed is None and time.monotonic() - begun > 15 else []
            if names:
                self.reclaim(names)
            if self.gone_nodes and time.monotonic() - self.reclaimed > AWAY_SECONDS:
                self.give_back()
            with self.lock:
                full = self.count >= self.options.jobs
            if reached is None and full:
                reached = time.monotonic()
                self.note('all are submitted')
            if full and not self.kills.over.is_set() and self.is_enough():
                self.note('the last kill')
                self.kills.over.set()
            if self.kills.over.is_set() and full and not self.kills.is_alive():
                left = self.left()
                if left is not None and not left and not self.deeds:
                    break
        self.done.set()
        self.kills.end()
        for thread in (*workers, deeds):
            thread.join(60)
        self.watch.end()
        self.figures.update({'seconds': time.monotonic() - begun, 'submitting': (reached or end) - begun})

    def is_enough(self):
        """Kills go on as long as there is much to do, and until each kind has been."""
        left = self.left()
        kinds = all(self.kills.counts[part] >= 1 for part in PARTS)
        return left is not None and len(left) < self.options.jobs // 20 and kinds

    def without_a_brain(self):
        """The daemon is killed for good, the adapter lives: what is held is given to plain Slurm after the silence."""
        lab, serve = self.lab, self.serve
        self.serve_options = ['--slurm-partitions', 'gpu', '--slurm-silence', f'{SILENCE_SECONDS}s']
        serve.kill(signal.SIGTERM)
        serve.start('decide', *self.serve_options)
        wait_until('the heartbeat is written', 30, lab.heartbeat.exists)
        wide = len(self.lab.static_nodes())
        jobs = [lab.submit('sleep 12', '-p', 'gpu', '-t', '5', '--gres=gpu:8', '-o', '/dev/null', '-J', f'full{number}')
                for number in range(wide)]
        wait_until('the cluster is full', 60, lambda: sum(
            state == 'RUNNING' for job, state in lab.queue().items() if job in jobs) >= wide - 2)
        names = [f'freed{number}' for number in range(40)]
        jobs += [lab.submit(f'touch {self.runs}/{name}', '-p', 'gpu', '-t', '5', '--gres=gpu:4', '-o', '/dev/null',
                            '-J', name) for name in names]
        wait_until('the daemon knows them', 30, lambda: set(jobs) <= set(serve.jobs('--all')))
        self.kills.stop_daemon()
        killed = time.monotonic()

        def held():
            return [line for line in lab.run(['squeue', '-h', '-o', '%j %r']).stdout.splitlines()
                    if line.startswith('freed') and 'Held' in line]
        self.figures['held'] = len(held())
        wait_until('nothing is held', SILENCE_SECONDS + 60, lambda: not held())
        self.figures['freed'] = time.monotonic() - killed
        wait_until('they all end', 120, lambda: all(
            lab.queue().get(job) == 'COMPLETED' for job in jobs))
        missing = [name for name in names if not (self.runs / name).exists()]
        if missing or self.figures['held'] < 10:
            raise Trouble(f'{missing} did not run; {self.figures["held"]} were held')


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--jobs', type=int, default=2000)
    parser.add_argument('--nodes', type=int, default=40)
    parser.add_argument('--minutes', type=float, default=15, help='when it is given up (15)')
    parser.add_argument('--seed', type=int, default=int(os.environ.get('WHALEFLUX_SEED') or random.randrange(10 ** 6)))
    parser.add_argument('--keep', action='store_true', help='keeps the logs')
    return parser.parse_args()


def main():
    options = parse()
    folder = pathlib.Path(tempfile.mkdtemp(prefix='whaleflux-day-'))
    folder.chmod(0o755)
    if not (PROGRAM.parent / 'slurm' / 'whaleflux-slurm').exists():
        tap.skip_all('whaleflux-slurm is not built')
    chroot = os.environ.get('WHALEFLUX_CHROOT')
    up = subprocess.run([HERE / 'up', folder / 'lab', '--nodes', str(options.nodes), '--cloud', str(CLOUD), '--hold',
                         'gpu', '--no-heartbeat', '--set', 'MinJobAge=7200', *(['--chroot', chroot] if chroot else [])],
                        capture_output=True, text=True, check=False)
    if up.returncode == SKIP:
        tap.skip_all(up.stderr.strip())
    if up.returncode != 0:
        print(f'Bail out! {up.stderr.strip()}')
        sys.exit(1)
    print(f'# seed {options.seed}, {options.jobs} jobs, {options.nodes} nodes and {CLOUD} cloud nodes; '
          f'logs in {folder}', flush=True)
    good = False
    try:
        case = Case(Lab.load(folder / 'lab'), folder)
        try:
            day = Day(case, options)
            day.run()
            good = Judge(day).judge()
        finally:
            case.end()
    finally:
        keep = options.keep or not good
        Lab.load(folder / 'lab').down(keep=keep)
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    tap.finish()


if __name__ == '__main__':
    main()
