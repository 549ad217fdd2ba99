# SPDX-License-Identifier: Apache-2.0
"""Kills the parts of a cluster and of WhaleFlux at random, starts them again as a service manager would, and
measures how long each takes to work again."""
import collections
import os
import pathlib
import signal
import threading
import time
import traceback

from lab_base import Trouble, send, wait_until

GRACE_SECONDS = 60
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
        self.controller = []  # (killed, back) of slurmctld, in seconds since 1970
        self.lost_nodes = []  # (node, killed, back)
        self.daemons = []  # (node, killed, back) of slurmds alone
        self.cpu = collections.Counter()
        self.generation = 0

    def run(self):
        bag = []
        try:
            while not self.over.wait(self.rng.uniform(1.0, 4.0)):
                if not bag:
                    bag = self.BAG[:]
                    self.rng.shuffle(bag)
                getattr(self, f'kill_{bag.pop()}')()
        except Exception:
            self.trouble = traceback.format_exc()

    def end(self):
        self.over.set()
        self.join(300)

    def probe(self, what, since, *options):
        """A job that is submitted now: the part works again once it has run."""
        wish = self.day.plan.probe(*options)
        if not self.day.submit(wish):
            return
        try:
            wait_until('', GRACE_SECONDS, lambda: (self.day.runs / wish.name).exists())
            self.recovery[what].append((time.monotonic() - since, wish.name))
        except Trouble:
            facts = self.lab.job(wish.id)
            self.recovery[what].append((float('inf'), f'{wish.name} {facts.get("JobState")} {facts.get("Reason")} '
                                        f'{facts.get("AdminComment")}'))

    def say(self, what, detail=''):
        self.counts[what] += 1
        self.day.note(f'kills {what} {detail}')

    def stop_daemon(self):
        self.cpu['daemon'] += cpu_seconds(self.serve.process.pid)
        self.serve.kill()

    def start_daemon(self):
        since = time.monotonic()
        self.serve.start('decide', *self.day.serve_options)
        return since

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
        self.probe('slurmd', since, '-w', nodes[0])

    def kill_node(self):
        node = self.rng.choice(self.lab.static_nodes())
        self.say('node', node)
        killed = time.time()
        self.lab.kill_node(node)
        self.over.wait(self.rng.uniform(0.5, 3))
        self.lab.start(node)
        since = time.monotonic()
        self.lost_nodes.append((node, killed, time.time()))
        self.probe('node', since, '-w', node)
