# SPDX-License-Identifier: Apache-2.0
"""Writes what happened as `sacct --parsable2` prints it, and the cluster as the YAML of replay."""
import datetime

BEGIN = datetime.datetime(2026, 1, 5)  # a Monday; UTC
COLUMNS = ["JobID", "User", "Account", "JobName", "Partition", "Priority", "Submit", "Eligible",
           "Start", "End", "Timelimit", "State", "ExitCode", "ReqTRES", "AllocTRES", "NNodes",
           "NodeList"]
CPUS_PER_GPU, MEMORY_GIB_PER_GPU = 12, 96  # of a node; jobs ask for less, so that GPUs decide
ASKED_CPUS_PER_GPU, ASKED_MEMORY_GIB_PER_GPU = 8, 64


def stamp(seconds):
    return (BEGIN + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def duration(seconds):
    """[DAYS-]HH:MM:SS, as Slurm prints a time limit."""
    days, rest = divmod(seconds, 24 * 3600)
    text = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}-{text}" if days else text


def node_list(numbers, prefix="gpu-"):
    """A Slurm host list: gpu-[000-002,005]."""
    runs = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    if len(runs) == 1 and runs[0][0] == runs[0][1]:
        return f"{prefix}{runs[0][0]:03}"
    return prefix + "[" + ",".join(
        f"{first:03}" if first == last else f"{first:03}-{last:03}" for first, last in runs) + "]"


def tres(gpus, nodes):
    """Trackable resources of a whole job."""
    return (f"billing={gpus * ASKED_CPUS_PER_GPU},cpu={gpus * ASKED_CPUS_PER_GPU},"
            f"gres/gpu={gpus},mem={gpus * ASKED_MEMORY_GIB_PER_GPU}G,node={nodes}")


def state(job):
    """State and exit code."""
    if job.run_s > job.limit_s:
        return "TIMEOUT", "0:0"
    return ("FAILED", "1:0") if job.fails else ("COMPLETED", "0:0")


def write_history(jobs, file):
    print("|".join(COLUMNS), file=file)
    for job in jobs:
        nodes = len(set(job.nodes))
        row = [job.number, job.user, job.account, job.name, "gpu", 1, stamp(job.submit_s),
               stamp(job.submit_s), stamp(job.start_s), stamp(job.end_s), duration(job.limit_s),
               *state(job), tres(job.all_gpus, nodes), tres(job.all_gpus, nodes), nodes,
               node_list(job.nodes)]
        print("|".join(map(str, row)), file=file)


def write_cluster(nodes, gpus_per_node, file):
    file.write(f"""# {nodes} nodes of {gpus_per_node} GPUs
pools:
  - name: gpu
    gpu: H100
    nodes: {nodes}
    gpus_per_node: {gpus_per_node}
    cpus_per_node: {gpus_per_node * CPUS_PER_GPU}
    memory_gib_per_node: {gpus_per_node * MEMORY_GIB_PER_GPU}
    usd_per_gpu_hour: 2.50
""")
