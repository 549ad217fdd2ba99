#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The test cluster itself: what tests/slurm/up says is there is there, survives what tests do to it, and
nothing of it is left.
  test_cluster.py [CHROOT]     CHROOT: try the Slurm in there (tests/slurm/chroot)"""
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import lab as slurm_lab
import lab_base
import tap
from lab import HERE, Lab
from lab_base import wait_until

PLAIN_USER = "games"
VISIBLE = 'env | grep -E "VISIBLE_DEVICES|SHARDS_ON|GPU_DEVICE_ORDINAL|ZE_AFF" | sort | tr "\\n" " "'


def tool(name, *words, seconds=200):
    return subprocess.run([HERE / name, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False)


def runs_and_says(lab, said, *options):
    """A job with these options ends well, and what it sees of GPUs is what is said."""
    job = lab.submit(VISIBLE, "-p", "plain", *options, user=PLAIN_USER)
    lab.wait_job(job, "COMPLETED", seconds=20)
    seen = lab.output(job).split()
    assert seen == said, f"it sees {seen}, not {said}"


def gpus(lab):
    for what, said, options in (
            ("a job for h100 sees what CUDA reads, and nothing else", ["CUDA_VISIBLE_DEVICES=0,1"],
             ["--gres=gpu:h100:2"]),
            ("a job for mi300x sees what ROCm reads, and nothing else", ["ROCR_VISIBLE_DEVICES=0,1,2"],
             ["--gres=gpu:mi300x:3"]),
            ("shards are a share of one GPU", ["CUDA_VISIBLE_DEVICES=0", "SLURM_SHARDS_ON_NODE=3"],
             ["--gres=shard:3"]),
            ("a GPU of any kind is the vendor's of the node", ["ROCR_VISIBLE_DEVICES=0"],
             ["--gres=gpu:1", "-w", "m2"]),
            ("a feature chooses the node", ["CUDA_VISIBLE_DEVICES=0"], ["--gres=gpu:1", "-C", "nvlink"]),
            ("a job may have all GPUs of a node", ["CUDA_VISIBLE_DEVICES=0,1,2,3,4,5,6,7"], ["--gres=gpu:h100:8"])):
        tap.case(what, runs_and_says, lab, said, *options)


def array(lab):
    job = lab.submit("exit 0", "-p", "plain", "--array=0-19", "--gres=gpu:1")

    def ended():
        states = [state for name, state in lab.queue().items() if name.startswith(f"{job}_")]
        return len(states) == 20 and set(states) == {"COMPLETED"}
    wait_until("20 tasks of an array end", 40, ended)


def power_cycle(lab):
    lab.run(["scontrol", "update", "node=c1", "state=power_up"])
    lab.wait_node("c1", "idle", seconds=40)
    job = lab.submit("hostname", "-p", "plain", "-w", "c1", "--gres=gpu:1")
    assert lab.wait_job(job, "COMPLETED", seconds=20)["NodeList"] == "c1"
    lab.run(["scontrol", "update", "node=c1", "state=power_down"])
    wait_until("slurmd of c1 ends", 30, lambda: not lab.pids("c1"))
    lab.wait_node("c1", "idle~", seconds=60)


def reclaimed(lab):
    """A job on a node that a cloud takes back waits again, and runs elsewhere."""
    lab.run(["scontrol", "update", "node=c2", "state=power_up"])
    lab.wait_node("c2", "idle", seconds=40)
    job = lab.submit("sleep 1000", "-p", "plain", "--requeue", "-w", "c2")
    lab.wait_job(job, "RUNNING", seconds=20)
    lab.reclaim(["c2"])
    assert "step" not in lab.processes().values(), "the job lives although its machine does not"
    lab.run(["scontrol", "update", "node=c2", "state=down", "reason=reclaimed"])
    facts = lab.wait_job(job, "PENDING", seconds=30)
    assert facts["Restarts"] == "1", facts
    lab.run(["scancel", job])
    lab.run(["scontrol", "update", "node=c2", "state=resume"], check=False)


def refused(lab, *words):
    done = lab.run(["scontrol", *words], user=PLAIN_USER, check=False)
    assert done.returncode != 0, f"{words} is allowed"
    assert "denied" in done.stderr + done.stdout, done


def held(lab):
    job = lab.submit("exit 0", "-p", "gpu", user=PLAIN_USER)
    facts = lab.job(job)
    assert facts["JobState"] == "PENDING" and facts["Priority"] == "0", facts
    assert facts["AdminComment"] == "whaleflux:held", facts
    refused(lab, "release", job)
    refused(lab, "hold", job)
    lab.run(["scontrol", "update", f"job={job}", "name=other"], user=PLAIN_USER)  # what is none of our business
    assert lab.job(job)["Priority"] == "0", "a plain user got it released"
    lab.run(["scontrol", "release", job])
    lab.wait_job(job, "COMPLETED", seconds=20)


def by_default(lab):
    job = lab.submit("exit 0", user=PLAIN_USER)
    assert lab.job(job)["AdminComment"] == "whaleflux:held", lab.job(job)
    lab.run(["scancel", job])
    job = lab.submit("exit 0", "-p", "plain,gpu", user=PLAIN_USER)
    assert lab.job(job)["AdminComment"] == "whaleflux:held", lab.job(job)
    lab.run(["scancel", job])


def let_go(lab):
    """What its user held is the user's to release, but then waits a little for WhaleFlux to take it."""
    job = lab.submit("exit 0", "-p", "gpu", "--hold", user=PLAIN_USER)
    assert lab.job(job)["AdminComment"] == "whaleflux:user-held", lab.job(job)
    lab.run(["scontrol", "release", job], user=PLAIN_USER)
    facts = lab.wait_job(job, "PENDING", seconds=2)
    assert facts["Priority"] != "0" and facts["EligibleTime"] > facts["SubmitTime"], facts
    lab.run(["scancel", job])


def moved_in(lab):
    """So does what its user moves into a managed partition."""
    blocks = lab.submit("sleep 1000", "-p", "plain", "-w", "h3", "--exclusive", user=PLAIN_USER)
    lab.wait_job(blocks, "RUNNING", seconds=20)
    job = lab.submit("exit 0", "-p", "plain", "-w", "h3", user=PLAIN_USER)
    moved = lab.run(["scontrol", "update", f"job={job}", "partition=gpu"], user=PLAIN_USER, check=False)
    facts = lab.job(job)
    if moved.returncode == 0:
        assert facts["Partition"] == "gpu" and facts["EligibleTime"] > facts["SubmitTime"], facts
    else:  # 26.05.5 moves no job at all, for root neither and without job_submit.lua neither
        assert lab.version >= (26, 5) and facts["Partition"] == "plain", moved.stderr
    lab.run(["scancel", job, blocks])


def silent(lab):
    """Without a living adapter jobs go to plain Slurm, and users may release what was held."""
    waits = lab.submit("exit 0", "-p", "gpu", user=PLAIN_USER)
    lab.kill("heartbeat")
    for what, change in (("old", lambda: lab.beat(age_seconds=100)),
                         ("of tomorrow", lambda: lab.beat(age_seconds=-9999)),
                         ("broken", lambda: lab.heartbeat.write_text("nonsense\n")),
                         ("of another partition", lambda: lab.beat(["other"])), ("gone", lab.heartbeat.unlink)):
        change()
        job = lab.submit("exit 0", "-p", "gpu", user=PLAIN_USER)
        assert lab.wait_job(job, "COMPLETED", seconds=20), f"held although the heartbeat is {what}"
    lab.run(["scontrol", "release", waits], user=PLAIN_USER)
    lab.wait_job(waits, "COMPLETED", seconds=20)
    lab.start("heartbeat")


def controller_dies(lab):
    """Jobs outlive a killed slurmctld: those that run go on, those that wait start afterwards."""
    runs = lab.submit("sleep 12", "-p", "plain", "--gres=gpu:1")
    lab.wait_job(runs, "RUNNING", seconds=20)
    waits = lab.submit("exit 0", "-p", "plain", f"--dependency=afterok:{runs}", "-J", "outlives")
    lab.wait_saved("outlives")
    lab.kill("slurmctld")
    assert lab.run(["scontrol", "ping"], check=False).returncode != 0, "it answers though it is killed"
    lab.start("slurmctld")
    lab.wait_job(waits, "COMPLETED", seconds=40)
    assert lab.job(runs)["Restarts"] == "0", lab.job(runs)


def node_dies(lab):
    """A job outlives its killed slurmd, whose successor takes it up."""
    job = lab.submit("sleep 3", "-p", "plain", "-w", "m1", "--gres=gpu:1")
    lab.wait_job(job, "RUNNING", seconds=20)
    lab.kill("m1")
    lab.start("m1")
    facts = lab.wait_job(job, "COMPLETED", seconds=40)
    assert facts["Restarts"] == "0" and facts["ExitCode"] == "0:0", facts


def node_is_lost(lab):
    job = lab.submit("sleep 1000", "-p", "plain", "-w", "m2", "--no-requeue")
    lab.wait_job(job, "RUNNING", seconds=20)
    lab.kill_node("m2")
    lab.wait_job(job, "NODE_FAIL", seconds=90)  # SlurmdTimeout
    lab.start("m2")
    lab.wait_node("m2", "idle", seconds=40)


def second_cluster(folder, chroot):
    """Another one at the same time, with accounting where that is installed."""
    other = folder / "other"
    accounting = shutil.which("mariadbd", path=slurm_lab.PATH) and shutil.which("slurmdbd", path=slurm_lab.PATH)
    done = tool("up", other, "--nodes=2", *chroot, *(["--accounting"] if accounting else []))
    if not tap.check("a second cluster runs beside the first", done.returncode == 0, done.stdout):
        return
    lab = Lab.load(other)
    if accounting:
        tap.case("what its jobs did is in its accounts", accounted, lab)
    else:
        tap.check("what its jobs did is in its accounts # SKIP no slurmdbd or no mariadbd is installed", True)
    for pid in lab.processes():
        lab_base.send(pid, signal.SIGKILL)
    done = tool("up", other, "--nodes=1", *chroot)
    tap.check("up clears away what is left of a cluster that was killed", done.returncode == 0, done.stdout)
    done = tool("down", other)
    tap.check("and it goes without a trace", done.returncode == 0 and not other.exists() and not lab.processes(),
              done.stdout)


def accounted(lab):
    job = lab.submit("exit 3", "-p", "plain", "-A", "blue", "--gres=gpu:1", user=PLAIN_USER)
    lab.wait_job(job, "FAILED", seconds=20)

    def line():
        """What was allocated comes into it later than that the job is there."""
        return lab.run(["sacct", "-n", "-X", "-P", "-j", job, "-o", "State,ExitCode,Account,AllocTRES"]).stdout.strip()
    wait_until(lambda: f"sacct has its end: {line()}", 60, lambda: line().startswith("FAILED|3:0|blue|"))
    assert "gres/gpu=1" in line(), line()


def mounts(folder):
    return [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line]


def first_cluster(folder, chroot):
    done = tool("up", folder / "lab", "--nodes=40", "--cloud=2", "--hold=gpu", *chroot)
    if done.returncode == lab_base.SKIP:
        tap.skip_all(done.stdout.strip().removeprefix("up: "))
    if not tap.check("40 nodes come up", done.returncode == 0 and done.stdout.startswith("SLURM_CONF="), done.stdout):
        return
    lab = Lab.load(folder / "lab")
    states = lab.node_states()
    tap.check("all of them idle, the cloud nodes off", sorted(states.values()) == ["idle"] * 40 + ["idle~"] * 2, states)
    done = tool("up", folder / "lab", "--nodes=1")
    tap.check("a cluster that runs is not started over", done.returncode == 1 and "runs in" in done.stdout, done.stdout)
    gpus(lab)
    for what, function in (
            ("every task of an array runs", array),
            ("a cloud node comes up when asked, and goes", power_cycle),
            ("and once more", power_cycle),
            ("a job on a node that is reclaimed waits again", reclaimed),
            ("a job of a managed partition is held, and only root lets it go", held),
            ("so it is where the partition is the default, or one of two", by_default),
            ("a job that its user held is marked, and let go with a delay", let_go),
            ("and so is one that its user moves in", moved_in),
            ("without a living adapter nothing is held", silent),
            ("jobs outlive a killed slurmctld", controller_dies),
            ("a job outlives its killed slurmd", node_dies),
            ("a job does not outlive its node", node_is_lost)):
        tap.case(what, function, lab)
    second_cluster(folder, chroot)
    lab.submit('sleep 1000 & setsid sleep 1000 & trap "" TERM; sleep 1000', "-p", "plain", "-N", "2")
    done = tool("down", folder / "lab")
    left = lab.processes()
    tap.check("down leaves no process, file or mount",
              done.returncode == 0 and not left and not (folder / "lab").exists() and not mounts(folder),
              f"{done.stdout}\n{left}\n{mounts(folder)}")
    done = tool("down", folder / "lab")
    tap.check("down twice is fine", done.returncode == 0, done.stdout)


def missing(folder):
    empty = folder / "empty"
    empty.mkdir()
    done = tool("up", folder / "nothing", f"--chroot={empty}")
    tap.check("what a machine lacks is said in a sentence", done.returncode == lab_base.SKIP and
              "Debian packages munge slurmctld slurmd slurm-client" in done.stdout and
              not (folder / "nothing").exists(), done.stdout)


def main():
    chroot = [f"--chroot={sys.argv[1]}"] if len(sys.argv) > 1 else []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="whaleflux-slurm-"))
    folder.chmod(0o755)
    try:
        first_cluster(folder, chroot)
        missing(folder)
    finally:
        for name in ("other", "lab"):
            tool("down", folder / name)
        shutil.rmtree(folder, ignore_errors=True)
    tap.finish()


if __name__ == "__main__":
    main()
