# SPDX-License-Identifier: Apache-2.0
"""Kills the parts of a cluster and of WhaleFlux at random, starts them again as a service manager would, and
measures how long each takes to work again."""
import collections
import datetime
import os
import pathlib
import signal
import subprocess
import threading
import time
import traceback

from lab_base import Trouble, send, wait_until

GRACE_SECONDS = 30
PLAIN_SECONDS = 15
QUICK_SECONDS = 1  # in which slurmctld answers that has time to
MOST_BAGS = 2  # so that a day ends: whoever is killed all the time gets nowhere
PARTS = ('daemon', 'adapter', 'slurmctld', 'slurmd', 'node')
TICKS = os.sysconf('SC_CLK_TCK')


def cpu_seconds(pid):
    """What a process has used so far."""
    try:
        words = pathlib.Path('/proc', str(pid), 'stat').read_text().rpartition(')')[2].split()
        return (int(words[11]) + int(words[12])) / TICKS
    except OSError:
        return 0.0


class Kills(threading.Thread):
    BAG = ['daemon', 'daemon', 'adapter', 'adapter', 'slurmctld', 'slurmd', 'slurmd', 'node', 'brain', 'head']

    def __init__(self, day, rng):
        super().__init__(daemon=True)
        self.day, self.lab, self.serve, self.rng = day, day.lab, day.serve, rng
        self.over, self.trouble = threading.Event(), None
        self.counts, self.recovery = collections.Counter(), collections.defaultdict(list)
        self.plain = collections.defaultdict(list)  # what Slurm alone took,
        self.unused = collections.Counter()  # and how often it did not use the node for PLAIN_SECONDS
        self.silent = collections.Counter()  # for how long slurmctld itself did not answer, at most
        self.controller = []  # (killed, back) of slurmctld, in seconds since 1970
        self.lost_nodes = []  # (node, killed, back)
        self.daemons = []  # (node, killed, back) of slurmds alone
        self.cpu = collections.Counter()
        self.generation = 0

    def run(self):
        try:
            for _ in range(MOST_BAGS):
                for what in self.rng.sample(self.BAG, len(self.BAG)):
                    if self.over.wait(self.rng.uniform(0.5, 2.5)):
                        return
                    getattr(self, f'kill_{what}')()
        except Exception:
            self.trouble = traceback.format_exc()
        finally:
            self.over.set()

    def end(self):
        self.over.set()
        self.join(300)

    def probe(self, what, since):
        """A job that is submitted now: the part works again once it was decided about, and Slurm knows. When it
        starts is another matter: what a slurmctld that was killed takes for running keeps it waiting. While slurmctld
        answers nobody, as it does for seconds after a start with many jobs that end, nobody can decide. Nor where there
        is no room: the daemon works again, too, once it knows the job and Slurm heard of a decision after that."""
        wish = self.day.plan.probe()
        if not self.day.submit(wish):
            return
        silent, decided, known = max(0, wish.accepted - wish.begun - QUICK_SECONDS), False, None
        while not decided and time.monotonic() - since - silent < GRACE_SECONDS:
            time.sleep(0.2)
            asked = time.monotonic()
            comment = self.lab.job(wish.id).get('AdminComment', '')
            silent += max(0, time.monotonic() - asked - QUICK_SECONDS)
            decided = 'whaleflux:j' in comment or (self.day.runs / wish.name).exists() or \
                known is not None and self.decisions(known)
            known = self.known(wish) if known is None else known
        self.silent[what] = max(self.silent[what], silent)
        self.recovery[what].append((time.monotonic() - since - silent, wish.name) if decided else
                                   (float('inf'), self.words(wish)))

    def known(self, wish):
        """Where slurmctld's log ends now, if the daemon knows the job; else None."""
        try:
            keys = self.serve.jobs('--name', wish.name)
        except (Trouble, ValueError, subprocess.TimeoutExpired):
            return None
        return (self.lab.folder / 'log' / 'slurmctld.log').stat().st_size if keys else None

    def decisions(self, since):
        """Whether slurmctld has noted a decision of ours behind that place of its log."""
        with open(self.lab.folder / 'log' / 'slurmctld.log', 'rb') as log:
            log.seek(since)
            return b'setting admin_comment to whaleflux:j' in log.read()

    def words(self, wish):
        facts = self.lab.job(wish.id)
        return ' '.join(str(facts.get(name)) for name in ('JobName', 'JobState', 'Reason', 'AdminComment'))

    def probe_node(self, what, node, since):
        """Two jobs for that node: Slurm alone starts one of them. What it takes for a node that it still counts as
        busy with jobs which ended while nobody was there, the other one cannot be faster. We use the node again, too,
        once another job of ours begins there: those that wait longer go before it."""
        ours, plain = self.day.plan.probe('-w', node), self.day.plan.probe('-w', node)
        plain.partition = 'plain'
        times, back = {}, time.time() - (time.monotonic() - since)
        if not self.day.submit(plain) or not self.day.submit(ours):
            return

        def seen():
            for wish in (plain, ours):
                if wish.name not in times and (
                        (self.day.runs / wish.name).exists() or wish is ours and self.uses(node, back)):
                    times[wish.name] = time.monotonic() - since
            late = time.monotonic() - since - times.get(plain.name, 0)
            return len(times) == 2 or late > (GRACE_SECONDS if times else PLAIN_SECONDS)
        wait_until('', 2 * GRACE_SECONDS, seen)
        if ours.name in times:
            self.recovery[what].append((times[ours.name] - min(times.get(plain.name, 0), times[ours.name]), ours.name))
            self.plain[what].append(times.get(plain.name, times[ours.name]))
        elif plain.name in times:
            self.recovery[what].append((float('inf'), self.words(ours)))
            self.plain[what].append(times[plain.name])
        else:
            self.unused[what] += 1

    def uses(self, node, since):
        """Whether a job of ours that runs there began after that time."""
        time.sleep(0.3)  # squeue costs slurmctld something
        begins = self.lab.run(['squeue', '-h', '-w', node, '-p', 'gpu', '-t', 'R,CF,CG', '-o', '%S'], check=False)
        return any(datetime.datetime.fromisoformat(each).timestamp() >= since for each in begins.stdout.split()
                   if each != 'N/A')

    def say(self, what, detail=''):
        self.counts[what] += 1
        self.day.note(f'kills {what} {detail}')

    def stop_daemon(self):
        self.cpu['daemon'] += cpu_seconds(self.serve.process.pid)
        self.serve.kill()

    def start_daemon(self):
        self.serve.start('decide', *self.day.serve_options)
        return time.monotonic()  # it answers

    def stop_adapter(self):
        pid = self.serve.adapter()
        if pid:
            self.cpu['adapter'] += cpu_seconds(pid)
            send(pid, signal.SIGKILL)
            wait_until('the adapter is gone', 10, lambda: not pathlib.Path('/proc', str(pid)).exists())

    def kill_daemon(self):
        self.say('daemon')
        self.stop_daemon()
        self.over.wait(self.rng.uniform(0.1, 3))
        self.probe('daemon', self.start_daemon())

    def kill_adapter(self):
        self.say('adapter')
        self.stop_adapter()
        wait_until('the daemon has started another adapter', 30, self.serve.adapter)
        self.probe('adapter', time.monotonic())

    def kill_brain(self):
        """Daemon and adapter at once: the daemon that comes starts another adapter."""
        self.say('daemon')
        self.say('adapter')
        self.stop_daemon()
        self.stop_adapter()
        self.over.wait(self.rng.uniform(0.1, 3))
        self.probe('daemon and adapter', self.start_daemon())

    def stop_controller(self):
        for pid in self.lab.pids('slurmctld'):
            self.cpu['slurmctld'] += cpu_seconds(pid)
        self.lab.kill('slurmctld')
        return time.time()

    def start_controller(self, killed):
        self.lab.start('slurmctld', seconds=60)
        since = time.monotonic()
        self.controller.append((killed, time.time()))
        self.generation += 1
        self.day.find_lost(self.controller[-1])
        return since

    def kill_slurmctld(self):
        self.say('slurmctld')
        killed = self.stop_controller()
        self.over.wait(self.rng.uniform(0.1, 3))
        self.probe('slurmctld', self.start_controller(killed))

    def kill_head(self):
        """The machine that has slurmctld, daemon and adapter."""
        self.say('slurmctld')
        self.say('daemon')
        self.say('adapter')
        self.stop_daemon()
        killed = self.stop_controller()
        self.stop_adapter()
        self.over.wait(self.rng.uniform(0.1, 3))
        self.start_controller(killed)
        self.probe('slurmctld, daemon and adapter', self.start_daemon())

    def kill_slurmd(self):
        nodes = self.rng.sample(self.lab.static_nodes(), self.rng.randint(1, 4))
        for _ in nodes:
            self.say('slurmd', ' '.join(nodes))
        killed = time.time()
        self.lab.kill(*nodes)
        self.over.wait(self.rng.uniform(0.1, 3))
        for node in nodes:
            self.lab.start(node)
        since = time.monotonic()
        self.daemons += [(node, killed, time.time()) for node in nodes]
        self.probe_node('slurmd', nodes[0], since)

    def kill_node(self):
        node = self.rng.choice(self.lab.static_nodes())
        self.say('node', node)
        killed = time.time()
        self.lab.kill_node(node)
        self.over.wait(self.rng.uniform(0.5, 3))
        self.lab.start(node)
        since = time.monotonic()
        self.lost_nodes.append((node, killed, time.time()))
        self.probe_node('node', node, since)
