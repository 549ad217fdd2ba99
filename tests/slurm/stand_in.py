# SPDX-License-Identifier: Apache-2.0
"""Plays the daemon against a real whaleflux-slurm: docs/slurm-protocol.md."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from lab_base import Trouble, wait_until

GONE = {'job_gone': 'job', 'node_gone': 'node', 'partition_gone': 'partition'}


class Adapter:
    """The process; started again by start()."""

    def __init__(self, lab, program, *options, user=None):
        self.lab, self.program, self.options, self.user = lab, program, options, user
        self.socket = lab.folder / 'run' / 'adapter.sock'
        self.log = lab.folder.parent / 'adapter.log'
        self.process = None
        # Over slurmrestd it needs nothing of the chroot, where there is one.
        self.inside = (lambda argv, user: argv) if '--rest' in options else lab.inside

    def start(self, *options):
        argv = [self.program, '--socket', self.socket, '--heartbeat', self.lab.heartbeat, *self.options, *options]
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(self.inside([str(word) for word in argv], self.user),
                                            env=self.lab.environment(), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd='/')
        wait_until('the adapter listens', 10, self.socket.exists)
        return self

    def kill(self, signum=signal.SIGKILL):
        if self.process:
            self.process.send_signal(signum)
            status = self.process.wait(timeout=30)
            self.process = None
            return status
        return None

    def run(self, *arguments, seconds=60):
        return subprocess.run(self.inside([str(word) for word in (self.program, *self.options, *arguments)], self.user),
                              env=self.lab.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds, check=False)


class Daemon:
    """Keeps the picture that it is told."""

    def __init__(self, path, mode='decide', partitions=('gpu',), silence_ms=60000):
        self.socket = socket.socket(socket.AF_UNIX)
        wait_until('the adapter takes a connection', 10, lambda: self.connects(path))
        self.buffer = b''
        self.asked = 0
        self.answers, self.troubles, self.told = {}, {}, []
        self.things = {kind: {} for kind in ('job', 'node', 'partition', 'license', 'reservation', 'qos',
                                             'association')}
        self.rounds = 0
        if mode:
            self.say({'do': 'mode', 'mode': mode, 'partitions': list(partitions), 'silence_ms': silence_ms})

    def connects(self, path):
        try:
            self.socket.connect(str(path))
            return True
        except OSError:
            return False

    def close(self):
        self.socket.close()

    def say(self, line):
        self.socket.settimeout(30)
        self.socket.sendall((line if isinstance(line, bytes) else json.dumps(line).encode()) + b'\n')

    def hear(self, seconds=10):
        """One line; None when the adapter has hung up. Trouble when none comes."""
        self.socket.settimeout(seconds)
        while b'\n' not in self.buffer:
            try:
                more = self.socket.recv(1 << 20)
            except (TimeoutError, socket.timeout):
                raise Trouble(f'the adapter says nothing for {seconds} seconds') from None
            except ConnectionResetError:
                more = b''
            if not more:
                return None
            self.buffer += more
        text, self.buffer = self.buffer.split(b'\n', 1)
        return self.take(json.loads(text))

    def take(self, line):
        kind = line['is']
        self.told.append(line)
        if kind in self.things:
            self.things[kind][line.get('id', line.get('name'))] = line
        elif kind in GONE:
            self.things[GONE[kind]].pop(line.get('id', line.get('name')), None)
        elif kind in ('done', 'refused'):
            self.answers[line['request']] = line
        elif kind == 'trouble':
            self.troubles[line['what']] = line['text']
        elif kind == 'well':
            self.troubles.pop(line['what'], None)
        elif kind == 'synced':
            self.rounds = line['round']
        return line

    def until(self, what, condition, seconds=15):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Trouble(f'{what}: not within {seconds} seconds')
            if self.hear(seconds) is None:
                raise Trouble(f'{what}: the adapter hung up')
            self.say({'do': 'alive'})

    def sync(self, rounds=1, seconds=15):
        wanted = self.rounds + rounds
        self.until('a look', lambda: self.rounds >= wanted, seconds)

    def send(self, do, **members):
        self.asked += 1
        self.say({'do': do, 'request': self.asked, **members})
        return self.asked

    def ask(self, do, seconds=30, **members):
        number = self.send(do, **members)
        self.until(f'an answer to {do}', lambda: number in self.answers, seconds)
        return self.answers[number]

    @property
    def jobs(self):
        return self.things['job']

    @property
    def nodes(self):
        return self.things['node']

    def job(self, job, seconds=15, **members):
        """Waits until the job is told with these members; returns its line."""
        number = int(job)

        def is_so():
            line = self.jobs.get(number)
            return line is not None and all((line.get(key) or None) == (value or None) for key, value in members.items())

        try:
            self.until(f'job {job} is {members}', is_so, seconds)
        except Trouble as trouble:
            raise Trouble(f'{trouble}; told last: {self.jobs.get(number)}') from None
        return self.jobs[number]


def program():
    """The adapter under test, from the environment."""
    return pathlib.Path(os.environ['WHALEFLUX_SLURM']).resolve()
