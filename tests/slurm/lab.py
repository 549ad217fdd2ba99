# SPDX-License-Identifier: Apache-2.0
"""A real Slurm of many nodes on one machine, for tests: see tests/slurm/up --help.

    lab = Lab.load(folder)                   one that tests/slurm/up has started
    job = lab.submit('sleep 60', '--gres=gpu:2', user='games')
    lab.wait_job(job, 'RUNNING', seconds=10)
    lab.kill('slurmctld'); lab.start('slurmctld')
    lab.reclaim(['c1'])                      as a cloud takes a machine back
"""
import binascii
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time

import lab_config
from lab_base import POLL_SECONDS, Missing, Trouble, claim_ports, free_ports, send, wait_until

HERE = pathlib.Path(__file__).resolve().parent
MARK = "WHALEFLUX_LAB"  # in the environment of every process of a cluster: its folder
PROGRAMS = {
    "munge": ["munged"],
    "slurmctld": ["slurmctld"],
    "slurmd": ["slurmd", "slurmstepd"],
    "slurm-client": ["sbatch", "scontrol", "sinfo", "squeue", "scancel"],
}
PROGRAMS_ACCOUNTING = {"slurmdbd": ["slurmdbd"], "slurm-client": ["sacctmgr", "sacct"]}
PROGRAMS_DATABASE = {"mariadb-server": ["mariadbd", "mariadb-install-db"]}
REST_USER = "daemon"
# Small and fast: what a power cut does to it is nobody's worry.
DATABASE_OPTIONS = ["--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M", "--innodb-doublewrite=off",
                    "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync",
                    "--innodb-lock-wait-timeout=900"]
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Lab:
    def __init__(self, folder, record):
        self.folder = pathlib.Path(folder)
        self.options = record["options"]
        self.ports = record["ports"]
        self.version = tuple(record["version"])
        # The same folder, the same name: jobs of an earlier cluster in it are found by it.
        self.cluster = f"lab{binascii.crc32(str(self.folder).encode()):08x}"
        self.conf = self.folder / "etc" / "slurm.conf"

    # Making one.

    @staticmethod
    def load(folder):
        folder = pathlib.Path(folder).resolve()
        try:
            return Lab(folder, json.loads((folder / "lab.json").read_text()))
        except FileNotFoundError:
            raise Trouble(f"{folder} holds no cluster: there is no lab.json in it") from None

    @staticmethod
    def create(folder, options):
        """Writes the folder of a cluster; nothing runs yet. The ports are free now: start soon."""
        folder = pathlib.Path(folder).resolve()
        lab = Lab(folder, {"options": options, "ports": {}, "version": (0, 0)})
        lab.version = lab.find_version()
        counts = [("slurmctld", 1), ("slurmdbd", 1)] + [(kind, options[kind]) for kind in lab_config.KINDS]
        port = free_ports(sum(count for _, count in counts))
        lab.ports["first"], lab.ports["count"] = port, sum(count for _, count in counts)
        for name, count in counts:
            lab.ports[name] = port
            port += count
        lab.write_files()
        return lab

    def write_files(self):
        folder = self.folder
        for name in ("", "etc", "run", "log", "state", "spool", "dev", "jobs", "rest"):
            (folder / name).mkdir(exist_ok=True, parents=True)
            (folder / name).chmod(0o755)
        (folder / "jobs").chmod(0o1777)  # anybody's jobs run and write here
        shutil.chown(folder / "rest", REST_USER)  # slurmrestd refuses to be root
        for kind in lab_config.KINDS:
            for number in range(lab_config.GPUS_PER_NODE):
                path = folder / "dev" / lab_config.device(kind, number)
                if not path.exists():
                    # The null device under another name: slurmd wants character devices.
                    os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        etc = folder / "etc"
        (etc / "slurm.conf").write_text(lab_config.slurm_conf(self))
        (etc / "gres.conf").write_text(lab_config.gres_conf(self))
        (etc / "cgroup.conf").write_text(lab_config.cgroup_conf(self))
        if self.options["accounting"]:
            (etc / "slurmdbd.conf").write_text(lab_config.slurmdbd_conf(self))
            (etc / "slurmdbd.conf").chmod(0o600)
        if self.options["hold"]:
            shutil.copy(HERE.parent.parent / "slurm" / "job_submit.lua", etc / "job_submit.lua")
            (etc / "whaleflux.conf").write_text(f"heartbeat {self.heartbeat}\n")
        for verb in ("resume", "suspend"):
            (etc / verb).write_text(lab_config.power_script(self, verb))
            (etc / verb).chmod(0o755)
        (etc / "munge.key").write_bytes(os.urandom(128))
        (etc / "munge.key").chmod(0o400)
        os.mkfifo(folder / "run" / "keeper.fifo")
        (folder / "lab.json").write_text(json.dumps(
            {"options": self.options, "ports": self.ports, "version": self.version}, indent=1) + "\n")

    def check_needs(self):
        if os.geteuid() != 0:
            raise Missing("a test cluster of Slurm needs root, for device files and daemons of its own")
        needed = [(PROGRAMS, self.root())]
        if self.options["accounting"]:
            needed += [(PROGRAMS_ACCOUNTING, self.root()), (PROGRAMS_DATABASE, "")]
        if self.options["slurmrestd"]:
            needed.append(({"slurmrestd": ["slurmrestd"]}, self.root()))
        missing = []
        for table, root in needed:
            for package, programs in table.items():
                if any(not any(os.path.lexists(f"{root}{folder}/{program}") for folder in PATH.split(":"))
                       for program in programs) and package not in missing:
                    missing.append(package)
        if missing:
            where = f" in {self.root()}" if self.root() else ""
            raise Missing(f'no test cluster of Slurm without the Debian packages {" ".join(missing)}{where}')
        if self.options["slurmrestd"] and self.find_version() < (26, 5):
            raise Missing("slurmrestd is of use from Slurm 26.05 on: tests/slurm/chroot 26.05 DIR gets one, and "
                          "--chroot (WHALEFLUX_CHROOT for tests) names it")
        probe = self.folder.parent / f".{self.folder.name}.device"
        try:
            probe.parent.mkdir(parents=True, exist_ok=True)
            os.mknod(probe, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
            probe.unlink()
        except OSError as err:
            raise Missing(f"no test cluster of Slurm here: device files cannot be made ({err.strerror})") from None

    def find_version(self):
        text = self.run(["slurmctld", "-V"]).stdout  # slurm-wlm 22.05.8
        return tuple(int(part) for part in text.split()[1].split("-")[0].split("."))

    # Running something in it.

    def root(self):
        return self.options["chroot"] or ""

    @property
    def heartbeat(self):
        return self.folder / "run" / "heartbeat"

    def environment(self, marked=False):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("SLURM", "SBATCH", "SQUEUE", "SINFO", MARK))}
        environment.update({"PATH": PATH, "SLURM_CONF": str(self.conf)})
        if marked:
            environment[MARK] = str(self.folder)
        return environment

    def inside(self, argv, user=None):
        """argv as it runs where the cluster's programs are, as that user."""
        if user:
            entry = pwd.getpwnam(user)
            argv = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"] + argv
        if not self.root():
            return argv
        # The mounts are in a namespace of this command's own, and go with it.
        return ["unshare", "--mount", str(HERE / "in-chroot"), self.root(), str(self.folder)] + argv

    def run(self, argv, user=None, seconds=60, check=True, text=None, marked=False, cwd=None):
        """Runs a program of the cluster to its end; returns what subprocess.run does."""
        folder = cwd or self.folder / "jobs"
        try:
            done = subprocess.run(self.inside([str(part) for part in argv], user), input=text,
                                  stdin=subprocess.DEVNULL if text is None else None, timeout=seconds,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env=self.environment(marked), check=False,
                                  cwd=folder if folder.exists() else "/")
        except subprocess.TimeoutExpired:
            raise Trouble(f"{argv[0]} does not end within {seconds:g} seconds") from None
        if check and done.returncode != 0:
            raise Trouble(f'{" ".join(str(part) for part in argv)}: status {done.returncode}: '
                          f"{(done.stderr or done.stdout).strip()}")
        return done

    # Its parts: munged, mariadbd, slurmdbd, slurmctld, slurmrestd, keeper, heartbeat and every node.

    def nodes(self, kind=None):
        return [name for each in lab_config.KINDS if kind in (None, each)
                for name in lab_config.node_names(self.options, each)]

    def static_nodes(self):
        return self.nodes("nvidia") + self.nodes("amd")

    def parts(self):
        """All that may run, in the order of starting."""
        accounting = ["mariadbd", "slurmdbd"] if self.options["accounting"] else []
        return (["munged", "keeper"] + accounting + (["heartbeat"] if self.options["hold"] else []) +
                ["slurmctld"] + (["slurmrestd"] if self.options["slurmrestd"] else []) + self.nodes())

    def command(self, part):
        folder = self.folder
        run, log = folder / "run", folder / "log"
        if part == "munged":
            return ["munged", "--force", f"--key-file={folder}/etc/munge.key", f"--socket={run}/munge.socket",
                    f"--pid-file={run}/munged.pid", f"--log-file={log}/munged.log",
                    f"--seed-file={run}/munged.seed", "--num-threads=4"]
        if part == "mariadbd":
            return ["mariadbd", "--no-defaults", "--user=root", f"--datadir={folder}/database",
                    f"--socket={run}/mariadbd.socket", f"--pid-file={run}/mariadbd.pid", "--skip-networking",
                    f"--log-error={log}/mariadbd.log", "--performance-schema=off", *DATABASE_OPTIONS]
        if part in ("keeper", "heartbeat"):
            return [sys.executable, str(HERE / "keeper"), part, str(folder)]
        if part == "slurmdbd":
            return ["slurmdbd"]
        if part == "slurmctld":
            # Killed within its first minutes it has not saved how much the accounts used, and 26.05 does not start
            # without: -i lets it begin from nothing.
            fresh = self.options["accounting"] and not (folder / "state" / "assoc_usage").exists()
            return ["slurmctld", "-f", str(self.conf)] + (["-i"] if fresh else [])
        if part == "slurmrestd":
            return ["slurmrestd", "-f", str(self.conf), "-a", "rest_auth/local", f"unix:{folder}/rest/socket"]
        # -b: booted just now. A cloud node counts as registered only if it was booted since it was asked for,
        # and of a node that lost its power the jobs are known to be lost.
        booted = part in self.nodes("cloud") or self.lost(part).exists()
        return ["slurmd", "-N", part, "-f", str(self.conf)] + (["-b"] if booted else [])

    def lost(self, node):
        return self.folder / "run" / f"lost-{node}"

    def start(self, part, seconds=30):
        """Starts one part, which does not run, and returns when it has taken up its work."""
        if part not in self.parts():
            raise Trouble(f'there is no part {part} (there are: {" ".join(self.parts())})')
        if self.pids(part):
            raise Trouble(f"{part} runs already")
        environment = self.environment(marked=True)
        if part == "slurmdbd":
            environment.update({"SLURM_CONF": f"{self.folder}/etc/slurmdbd.conf",
                                "MYSQL_UNIX_PORT": f"{self.folder}/run/mariadbd.socket"})
        argv = self.command(part)
        if part not in ("mariadbd", "keeper", "heartbeat"):
            argv = self.inside(argv, REST_USER if part == "slurmrestd" else None)
        with open(self.folder / "log" / f"{part}.out", "ab") as out:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment,
                                       cwd="/", start_new_session=True)
        foreground = part in ("mariadbd", "keeper", "heartbeat", "slurmrestd")
        if not foreground:  # it returns when its child has taken over
            status = wait_until(f"{part} goes into the background", seconds,
                                lambda: (process.poll() is not None, process.returncode)
                                if process.poll() is not None else None)[1]
            if status != 0:
                raise Trouble(f"{part} does not start, status {status}: {self.last_words(part)}")
        answers = {
            "munged": lambda: self.connects("munge.socket"),
            "mariadbd": lambda: self.connects("mariadbd.socket"),
            "slurmdbd": lambda: self.run(["sacctmgr", "-n", "show", "cluster"], check=False).returncode == 0,
            "slurmctld": lambda: self.run(["scontrol", "ping"], check=False).returncode == 0,
            "slurmrestd": lambda: self.connects("../rest/socket"),
            "keeper": lambda: not self.ports_are_unclaimed(),
        }.get(part)
        if answers:
            wait_until(lambda: f"{part} answers ({self.last_words(part)})", seconds,
                       lambda: answers() or (foreground and process.poll() is not None))
        self.lost(part).unlink(missing_ok=True)
        if foreground and process.poll() is not None:
            raise Trouble(f"{part} ended, status {process.returncode}: {self.last_words(part)}")

    def ports_are_unclaimed(self):
        try:
            for claim in claim_ports(self.ports["first"], self.ports["count"]):
                claim.close()
            return True
        except OSError:
            return False

    def connects(self, name):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.folder / "run" / name))
                return True
            except OSError:
                return False

    def last_words(self, part):
        words = []
        name = part if part in ("munged", "mariadbd", "slurmdbd", "slurmctld", "slurmrestd") else f"slurmd-{part}"
        for path in (f"{name}.log", f"{part}.out"):
            try:
                words += (self.folder / "log" / path).read_text(errors="replace").splitlines()[-3:]
            except OSError:
                pass
        return " | ".join(words) or "it said nothing"

    def processes(self):
        """Every process of the cluster, its jobs' included: pid to part, 'step' or 'job'. Marks are found in
        the environment, so it does not matter which parts live and what became of pid files."""
        mark = f"{MARK}={self.folder}".encode()
        job = f"SLURM_CLUSTER_NAME={self.cluster}".encode()
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                environment = pathlib.Path("/proc", entry, "environ").read_bytes().split(b"\0")
                # A slurmstepd may have written its title over its environment.
                if mark in environment or (self.part_of(entry) == "step" and
                                           os.readlink(f"/proc/{entry}/cwd").endswith(f"{self.folder}/log")):
                    found[int(entry)] = self.part_of(entry)
                elif job in environment:
                    found[int(entry)] = "job"
            except OSError:
                continue  # it has ended meanwhile
        return found

    @staticmethod
    def part_of(pid):
        name = pathlib.Path("/proc", pid, "comm").read_text().strip()
        words = pathlib.Path("/proc", pid, "cmdline").read_bytes().decode(errors="replace").split("\0")
        if name == "slurmd" and "-N" in words[:-1]:
            return words[words.index("-N") + 1]
        for index, word in enumerate(words[:-1]):
            if word.endswith("/keeper"):
                return words[index + 1]
        return {"slurmstepd": "step", "slurmscriptd": "slurmctld"}.get(name, name if name in (
            "munged", "mariadbd", "slurmdbd", "slurmctld", "slurmrestd") else "other")

    def pids(self, *parts):
        return [pid for pid, part in self.processes().items() if part in parts]

    def kill(self, *parts, signum=signal.SIGKILL, seconds=10):
        """Sends the signal to these parts and waits until they are gone."""
        for pid in self.pids(*parts):
            send(pid, signum)
        wait_until(f'{" ".join(parts)} ends', seconds, lambda: not self.pids(*parts))

    def stop(self, *parts, seconds=10):
        """As kill, by SIGTERM first and SIGKILL where that does not suffice."""
        try:
            self.kill(*parts, signum=signal.SIGTERM, seconds=seconds)
        except Trouble:
            self.kill(*parts)

    # All of it.

    def up(self, seconds=60):
        """Starts every part but the cloud nodes and waits until the nodes are idle."""
        if self.options["accounting"]:
            self.make_database()
        cloud = self.nodes("cloud")
        for part in self.parts():
            if part == "slurmctld" and self.options["accounting"]:
                self.make_accounts()
            if part not in cloud and (part != "heartbeat" or not self.options["no_heartbeat"]):
                self.start(part)
        count = len(self.static_nodes())
        wait_until("all nodes are idle", seconds, lambda: sum(
            state == "idle" for state in self.node_states().values()) >= count)

    def make_database(self):
        with open(self.folder / "log" / "mariadb-install.out", "wb") as out:
            status = subprocess.run(
                ["mariadb-install-db", "--no-defaults", "--user=root", "--skip-test-db", "--skip-name-resolve",
                 "--auth-root-authentication-method=normal", f"--datadir={self.folder}/database",
                 *DATABASE_OPTIONS],
                env=self.environment(), stdout=out, stderr=out, check=False, timeout=120).returncode
        if status != 0:
            raise Trouble(f"the database cannot be made: see {self.folder}/log/mariadb-install.out")

    def make_accounts(self):
        """Accounts red and blue below lab, users of both, and an administrator; in one go, since each takes long."""
        path = self.folder / "etc" / "accounts"
        path.write_text(lab_config.ACCOUNTS.format(cluster=self.cluster, administrator=REST_USER))
        self.run(["sacctmgr", "-i", "-Q", "load", path])

    def down(self, keep=False):
        """Ends every process, then removes what up has made. Fine on whatever is left of a cluster."""
        self.stop("keeper", "heartbeat", "slurmrestd")
        last = ("munged", "mariadbd", "slurmdbd")
        self.stop(*{part for part in self.processes().values() if part not in last + ("step", "job", "other")})
        for _ in range(100):  # jobs may have children that are just being born
            rest = [pid for pid, part in self.processes().items() if part not in last]
            if not rest:
                break
            for pid in rest:
                send(pid, signal.SIGKILL)
            time.sleep(POLL_SECONDS)
        self.stop("slurmdbd", "mariadbd", seconds=20)
        self.stop("munged")
        left = self.processes()
        if left:
            raise Trouble(f"processes {sorted(left)} of {self.folder} do not end")
        if keep:
            return
        for name in ("etc", "run", "log", "state", "spool", "dev", "jobs", "rest", "database", "lab.json"):
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for path in (self.folder, pathlib.Path(f"{self.root()}{self.folder}")):
            try:
                path.rmdir()
            except OSError:
                pass  # what others have put there is theirs

    # For tests.

    def node_states(self):
        """Name to state, in sinfo's long words, with its mark of power or trouble (idle~, down*)."""
        lines = self.run(["sinfo", "-h", "-N", "-O", "NodeList:40,StateLong:40"]).stdout.splitlines()
        return dict(line.split() for line in lines if len(line.split()) == 2)

    def wait_node(self, name, state, seconds=30):
        wait_until(f"node {name} is {state}", seconds, lambda: self.node_states().get(name) == state)

    def submit(self, script, *options, user=None):
        """Submits a line of shell; returns the job's number as text."""
        text = f"#!/bin/sh\n{script}\n"
        return self.run(["sbatch", "--parsable", *options], user=user, text=text).stdout.strip().split(";")[0]

    def job(self, job):
        """What scontrol tells about it, by name; of an array the first record. Empty if it is unknown."""
        done = self.run(["scontrol", "-o", "show", "job", job], check=False)
        lines = done.stdout.splitlines()
        return dict(word.split("=", 1) for word in lines[0].split() if "=" in word) if lines else {}

    def job_state(self, job):
        return self.job(job).get("JobState", "")

    def wait_job(self, job, *states, seconds=30):
        """Waits until its state is one of these; returns what scontrol tells then."""
        def reached():
            facts = self.job(job)
            return facts if facts.get("JobState") in states else None
        try:
            return wait_until("", seconds, reached)
        except Trouble:
            facts = self.job(job)
            raise Trouble(f'job {job} is {facts.get("JobState", "unknown")} ({facts.get("Reason", "?")}) after '
                          f'{seconds:g} seconds, not {" or ".join(states)}') from None

    def wait_saved(self, name, seconds=20):
        """Waits until a job of that name is in slurmctld's saved state, which is up to 5 s behind: what is not
        there yet is lost when slurmctld is killed."""
        state = self.folder / "state" / "job_state"
        wait_until(f"job {name} is saved", seconds, lambda: state.exists() and name.encode() in state.read_bytes())

    def queue(self):
        """Every job in squeue: number to state."""
        lines = self.run(["squeue", "-h", "-r", "-t", "all", "-o", "%i %T"]).stdout.splitlines()
        return dict(line.split() for line in lines)

    def output(self, job):
        return (self.folder / "jobs" / f"slurm-{job}.out").read_text(errors="replace")

    def kill_node(self, name):
        """Ends a machine as a loss of power does: its slurmd and every job on it, without a word."""
        self.lost(name).touch()
        def on_it():
            return {pid for pid, part in self.processes().items() if self.is_on(name, pid, part)}

        # All stand still before any dies, so that none lives to tell of another's end.
        frozen, fresh = set(), on_it()
        while fresh:
            for pid in fresh:
                send(pid, signal.SIGSTOP)
            frozen |= fresh
            fresh = on_it() - frozen
        for pid in frozen:
            send(pid, signal.SIGKILL)
        wait_until(f"{name} ends", 10, lambda: not on_it())

    def mark_down(self, name):
        """As its administrator does who knows that it is lost. 24.11 may take a late answer from it, just after,
        as its return to service: then once more."""
        def stays_down():
            self.run(["scontrol", "update", f"nodename={name}", "state=down", "reason=test"])
            time.sleep(1.5)
            return self.node_states().get(name, "").startswith("down")
        wait_until(f"{name} stays down", 20, stays_down)

    def is_on(self, node, pid, part):
        """Tells whether a process of the cluster runs on that node."""
        process = pathlib.Path("/proc", str(pid))
        try:
            return part == node or f"{self.folder}/spool/{node}/".encode() in (process / "cmdline").read_bytes() or \
                f"SLURMD_NODENAME={node}".encode() in (process / "environ").read_bytes().split(b"\0") or \
                any(os.readlink(each).endswith(f"{self.folder}/log/slurmd-{node}.log")
                    for each in (process / "fd").iterdir())
        except OSError:
            return False  # it has ended meanwhile

    def reclaim(self, names, notice_seconds=0.0):
        """A cloud takes nodes back: the file run/notice-NODE is there for so long, then the node is gone."""
        for name in names:
            (self.folder / "run" / f"notice-{name}").write_text(f"{int(time.time() + notice_seconds)}\n")
        time.sleep(notice_seconds)
        for name in names:
            self.kill_node(name)
            (self.folder / "run" / f"notice-{name}").unlink()

    def beat(self, partitions=None, age_seconds=0):
        """Writes the heartbeat that job_submit.lua looks for, in the adapter's stead."""
        names = partitions if partitions is not None else self.options["hold"]
        fresh = self.heartbeat.with_suffix(".new")
        fresh.write_text(f'{int(time.time()) - age_seconds} 0 {",".join(names)}\n')
        fresh.rename(self.heartbeat)
