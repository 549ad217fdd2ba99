# SPDX-License-Identifier: Apache-2.0
"""What tests of whaleflux serve --slurm share: a daemon on a lab, the jobs that a case submits, and the way that
cases run one after the other.  WHALEFLUX names the program, beside which is slurm/whaleflux-slurm; WHALEFLUX_CHROOT a
folder with another Slurm's programs, and WHALEFLUX_SLURM then the adapter for it (tests/slurm/adapter-for);
WHALEFLUX_REST=yes asks slurmrestd instead."""
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

from lab import Lab
from lab_base import SKIP, Trouble, wait_until

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = pathlib.Path(os.environ.get('WHALEFLUX', 'build/whaleflux')).resolve()
REST = bool(os.environ.get('WHALEFLUX_REST'))
PLAIN_USER = None if REST else 'nobody'  # slurmrestd takes only its own account and root without a token
LIVE = ('PENDING', 'RUNNING', 'COMPLETING', 'SUSPENDED', 'CONFIGURING')
STATES = {'waiting': 'PENDING', 'held': 'PENDING', 'running': 'RUNNING', 'ending': 'RUNNING'}


def programs(folder):
    """Copies the daemon and the adapter for another Slurm into one folder, with the libraries that its Debian may
    lack; returns the daemon's path. The C library is that Debian's own."""
    found = subprocess.run(['ldd', PROGRAM], stdout=subprocess.PIPE, text=True, check=True).stdout
    (folder / 'libraries').mkdir(parents=True)
    for line in found.splitlines():
        words = line.split()
        if len(words) > 2 and words[1] == '=>' and not words[0].startswith(('libc.', 'libm.', 'libresolv.')):
            shutil.copy(words[2], folder / 'libraries' / words[0])
    (folder / 'slurm').mkdir()
    shutil.copy(os.environ['WHALEFLUX_SLURM'], folder / 'slurm' / 'whaleflux-slurm')
    return shutil.copy(PROGRAM, folder / 'whaleflux')


class Serve:
    """A daemon that follows the cluster, with a data folder of its own."""

    def __init__(self, lab, folder, program, user=None):
        self.lab, self.data, self.user, self.process, self.log = lab, folder / 'data', user, None, folder / 'log'
        self.program = program
        folder.mkdir()
        folder.chmod(0o755)
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)

    def command(self, *words):
        return [str(word) for word in (self.program, words[0], '--data-dir', self.data, *words[1:])]

    def inside(self, argv):
        return argv if REST else self.lab.inside(argv, self.user)

    def environment(self):
        environment = self.lab.environment()
        if self.lab.root() and not REST:
            environment['LD_LIBRARY_PATH'] = str(self.program.parent / 'libraries')
        return environment

    def start(self, mode, *options):
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                self.inside(self.command(
                    'serve', '--slurm', mode, '--listen', '127.0.0.1:0',
                    *(['--slurm-rest', f'unix:{self.lab.folder}/rest/socket'] if REST else
                      ['--slurm-conf', self.lab.conf]),
                    *(['--slurm-heartbeat', self.lab.heartbeat] if mode == 'decide' else []), *options)),
                stdout=log, stderr=log, env=self.environment(), cwd='/')
        wait_until(f'the daemon answers: {self.log.read_text()}', 20,
                   lambda: self.ask('ps', check=False).returncode == 0)

    def ask(self, *words, check=True):
        done = subprocess.run(self.inside(self.command(*words)), capture_output=True, text=True,
                              timeout=60, env=self.environment(), cwd='/', check=False)
        if check and done.returncode != 0:
            raise Trouble(f'{" ".join(words)}: status {done.returncode}: {done.stderr.strip()}')
        return done

    def jobs(self, *options):
        text = self.ask('ps', '--json', '--limit', '10000', *options).stdout
        return {job['key']: job for job in json.loads(text)['jobs'] if job.get('key')}

    def kill(self, signum=signal.SIGKILL):
        if self.process:
            self.process.send_signal(signum)
            self.process.wait(20)
            self.process = None

    def adapter(self):
        """The pid of the adapter that listens for this daemon."""
        for folder in pathlib.Path('/proc').iterdir():
            try:
                words = (folder / 'cmdline').read_bytes().split(b'\0')
            except OSError:
                continue
            if words[0].endswith((b'whaleflux-slurm', b'whaleflux-slurm-rest')) and str(self.data / 'slurm.sock').encode() in words:
                return int(folder.name)
        return None

    def end(self):
        self.kill(signal.SIGTERM)
        pid = self.adapter()
        if pid:
            os.kill(pid, signal.SIGTERM)
            wait_until('the adapter ends', 10, lambda: not pathlib.Path('/proc', str(pid)).exists())


class Case:
    def __init__(self, lab, folder):
        self.lab, self.folder, self.count, self.serves = lab, folder, 0, []
        self.program = pathlib.Path(programs(folder / 'programs') if lab.root() and not REST else PROGRAM)

    def serve(self, mode, *options, user=None):
        self.count += 1
        serve = Serve(self.lab, self.folder / f'daemon{self.count}', self.program, user)
        self.serves.append(serve)
        serve.start(mode, *options)
        return serve

    def left(self):
        return {job: state for job, state in self.lab.queue().items() if state in LIVE}

    def fresh(self):
        for partition in ('gpu', 'plain'):
            self.lab.run(['scancel', f'--partition={partition}'], check=False)
        wait_until(f'no job is left: {self.left()}', 40, lambda: not self.left())
        for node in self.lab.static_nodes():
            self.lab.run(['scontrol', 'update', f'nodename={node}', 'state=resume'], check=False)
        wait_until('all nodes are idle', 40, lambda: all(
            self.lab.node_states().get(node) == 'idle' for node in self.lab.static_nodes()))

    def end(self):
        for serve in self.serves:
            serve.end()
        self.serves = []

    def picture(self, serve, seconds=15):
        """Waits until ps shows what squeue shows."""
        seen = {}

        def equal():
            told = {key: STATES[job['state']] for key, job in serve.jobs().items()}
            queue = {key: 'RUNNING' if state != 'PENDING' else state for key, state in self.left().items()}
            seen['told'], seen['queue'] = told, queue
            return told == queue
        try:
            wait_until('', seconds, equal)
        except Trouble:
            raise Trouble(f'ps shows {seen["told"]}, squeue {seen["queue"]}') from None

    def once(self, name, seconds, *options, partition='gpu'):
        """A job that notes that it ran, and where."""
        script = f'echo "$SLURMD_NODENAME ${{SLURM_ARRAY_TASK_ID:-0}}" >> ran-{name}; sleep {seconds}'
        return self.lab.submit(script, '-p', partition, '-t', '10', '--mem=100', '-J', name, *options)

    def ran(self, name):
        path = self.lab.folder / 'jobs' / f'ran-{name}'
        return path.read_text().split('\n')[:-1] if path.exists() else []


def forget_runs(case):
    for path in (case.lab.folder / 'jobs').glob('ran-*'):
        path.unlink()


def run(case, test):
    try:
        case.fresh()
        test(case)
        return True
    except Trouble as trouble:
        print(f'# {str(trouble)}'.replace('\n', '\n# '))
    except Exception:
        print('# ' + traceback.format_exc().replace('\n', '\n# '))
    finally:
        case.end()
    return False


def main(tests, *options, make=Case):
    """Runs the cases, or those that the command line names, on one lab, which options of up describe."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='whaleflux-engine-'))
    folder.chmod(0o755)
    chroot = os.environ.get('WHALEFLUX_CHROOT')
    adapter = PROGRAM.parent / 'slurm' / ('whaleflux-slurm-rest' if REST else 'whaleflux-slurm')
    if not pathlib.Path(os.environ['WHALEFLUX_SLURM'] if chroot and not REST else adapter).exists():
        print(f'1..0 # SKIP {adapter.name} is not built')
        return 0
    up = subprocess.run([HERE / 'up', folder / 'lab', *options, *(['--slurmrestd', '--accounting'] if REST else []),
                         *(['--chroot', chroot] if chroot else [])],
                        capture_output=True, text=True, check=False)
    if up.returncode == SKIP:
        print(f'1..0 # SKIP {up.stderr.strip()}')
        return 0
    if up.returncode != 0:
        print(f'Bail out! {up.stderr.strip()}')
        return 1
    failed = 0
    tests = [test for test in tests if not sys.argv[1:] or test.__name__ in sys.argv[1:]]
    print(f'1..{len(tests)}')
    try:
        case = make(Lab.load(folder / 'lab'), folder)
        for number, test in enumerate(tests, 1):
            good = run(case, test)
            failed += not good
            print(f'{"ok" if good else "not ok"} {number} - {test.__name__}', flush=True)
    finally:
        subprocess.run([HERE / 'down', folder / 'lab'], check=False, stdout=subprocess.DEVNULL)
        if failed == 0:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f'# logs are in {folder}')
    return 1 if failed else 0
