# SPDX-License-Identifier: Apache-2.0
"""What the files of a test cluster contain. Used by lab.py."""

GPUS_PER_NODE = 8
SHARDS_PER_NODE = 64

# Kinds of nodes: prefix of their names, model, vendor, the flag that says which variables jobs get.
KINDS = {
    "nvidia": {"prefix": "h", "model": "h100", "flag": "nvidia_gpu_env", "features": "nvidia,h100,nvlink"},
    "amd": {"prefix": "m", "model": "mi300x", "flag": "amd_gpu_env", "features": "amd,mi300x"},
    "cloud": {"prefix": "c", "model": "h100", "flag": "nvidia_gpu_env", "features": "nvidia,h100,spot"},
}

# For sacctmgr load. Users that every Debian has; 26.05 has no account for nobody.
ACCOUNTS = """Cluster - '{cluster}':Fairshare=1
Parent - 'root'
User - 'root':AdminLevel='Administrator':DefaultAccount='root'
Account - 'lab':Description='lab':Organization='lab'
Parent - 'lab'
User - 'root'
User - '{administrator}':AdminLevel='Administrator':DefaultAccount='lab'
Account - 'red':Description='red':Organization='lab'
Account - 'blue':Description='blue':Organization='lab'
Parent - 'red'
User - 'games':DefaultAccount='red'
Parent - 'blue'
User - 'games'
User - 'news':DefaultAccount='blue'
"""


def node_names(options, kind):
    return [f'{KINDS[kind]["prefix"]}{number}' for number in range(1, options[kind] + 1)]


def span(names):
    """h[1-4] for h1 to h4."""
    return names[0] if len(names) == 1 else f"{names[0][0]}[1-{len(names)}]"


def device(kind, number):
    return f"nvidia{number}" if KINDS[kind]["flag"].startswith("nvidia") else f"renderD{128 + number}"


def nodes_lines(options, ports):
    """ports: the first port of each kind's nodes."""
    lines = []
    for kind, facts in KINDS.items():
        names = node_names(options, kind)
        if not names:
            continue
        first, last = ports[kind], ports[kind] + len(names) - 1
        gres = f'gpu:{facts["model"]}:{GPUS_PER_NODE}'
        if facts["model"] == "h100":
            gres += f",shard:{SHARDS_PER_NODE}"
        lines.append(
            f"NodeName={span(names)} NodeAddr=127.0.0.1 NodeHostname=localhost "
            f'Port={f"[{first}-{last}]" if last > first else first} CPUs=64 Boards=1 SocketsPerBoard=2 '
            f'CoresPerSocket=32 ThreadsPerCore=1 RealMemory=512000 Gres={gres} Feature={facts["features"]} '
            + ("State=CLOUD Weight=100" if kind == "cloud" else "State=UNKNOWN Weight=1"))
    return lines


def slurm_conf(lab):
    options, ports, folder = lab.options, lab.ports, lab.folder
    scheduler = "batch_sched_delay=0,bf_interval=1,sched_interval=10"
    if lab.version >= (24, 5):
        scheduler += ",requeue_delay=1"
    static = [span(node_names(options, kind)) for kind in ("nvidia", "amd") if options[kind]]
    all_nodes = ",".join(static + ([span(node_names(options, "cloud"))] if options["cloud"] else []))
    settings = {
        "ClusterName": lab.cluster,
        "SlurmctldHost": "localhost(127.0.0.1)",
        "SlurmctldPort": ports["slurmctld"],
        "SlurmUser": "root",
        "SlurmdUser": "root",
        "AuthType": "auth/munge",
        "CredType": "cred/munge",
        # A credential's life is also how long a requeued job must wait on 22.05.
        "AuthInfo": f"socket={folder}/run/munge.socket,cred_expire=5",
        "StateSaveLocation": f"{folder}/state",
        "SlurmctldPidFile": f"{folder}/run/slurmctld.pid",
        "SlurmctldLogFile": f"{folder}/log/slurmctld.log",
        "SlurmdSpoolDir": f"{folder}/spool/%n",
        "SlurmdPidFile": f"{folder}/run/slurmd-%n.pid",
        "SlurmdLogFile": f"{folder}/log/slurmd-%n.log",
        "SlurmdParameters": "config_overrides",
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "SwitchType": None if lab.version >= (24, 5) else "switch/none",
        "MpiDefault": "none",
        "JobAcctGatherType": "jobacct_gather/none" if lab.version < (24, 5) else None,
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "SchedulerType": "sched/backfill",
        "SchedulerParameters": scheduler,
        "PriorityType": "priority/basic",
        "GresTypes": "gpu,shard",
        "DefMemPerCPU": 1000,
        "Licenses": "solver:4",
        "ReturnToService": 2,
        "KillWait": 5,
        "SlurmdTimeout": 30,
        "MessageTimeout": 20,
        "MaxJobCount": 50000,
        "MinJobAge": 300,
        "MailProg": "/bin/true",
        "DebugFlags": "NO_CONF_HASH",
        "ResumeProgram": f"{folder}/etc/resume",
        "SuspendProgram": f"{folder}/etc/suspend",
        "ResumeTimeout": 60,
        "SuspendTimeout": 3,
        # Otherwise nobody is told of cloud nodes that are off.
        "PrivateData": "cloud",
        # Slurm does not power up at all while this is -1.
        "SuspendTime": 1000000,
        "SuspendExcNodes": ",".join(static) or None,
    }
    if options["hold"]:
        settings["JobSubmitPlugins"] = "lua"
    if options["accounting"]:
        settings.update({
            "AccountingStorageType": "accounting_storage/slurmdbd",
            "AccountingStorageHost": "127.0.0.1",
            "AccountingStoragePort": ports["slurmdbd"],
            "AccountingStoragePass": f"{folder}/run/munge.socket",  # "password" it is not, says its manual
            "AccountingStorageTRES": "gres/gpu,gres/shard",
            "AccountingStorageEnforce": "associations,limits,qos",
        })
    settings.update(setting.split("=", 1) for setting in options["set"])
    lines = [f"{key}={value}" for key, value in settings.items() if value not in (None, "")]
    lines += nodes_lines(options, ports)
    lines.append(f"PartitionName=gpu Nodes={all_nodes} Default=YES MaxTime=INFINITE State=UP")
    lines.append(f"PartitionName=plain Nodes={all_nodes} MaxTime=INFINITE State=UP")
    return "\n".join(lines + options["line"]) + "\n"


def gres_conf(lab):
    lines = []
    for kind, facts in KINDS.items():
        names = node_names(lab.options, kind)
        if not names:
            continue
        first, last = device(kind, 0), GPUS_PER_NODE - 1
        last = f"nvidia[0-{last}]" if first.startswith("nvidia") else f"renderD[128-{128 + last}]"
        lines.append(f'NodeName={span(names)} Name=gpu Type={facts["model"]} '
                     f'File={lab.folder}/dev/{last} Flags={facts["flag"]}')
        if facts["model"] == "h100":
            lines.append(f"NodeName={span(names)} Name=shard Count={SHARDS_PER_NODE}")
    return "\n".join(lines) + "\n"


def cgroup_conf(lab):
    return "CgroupPlugin=" + ("cgroup/v1" if lab.version < (23, 11) else "disabled") + "\n"


def slurmdbd_conf(lab):
    return "\n".join([
        "AuthType=auth/munge",
        f"AuthInfo=socket={lab.folder}/run/munge.socket",
        "DbdHost=localhost",
        "DbdAddr=127.0.0.1",
        f'DbdPort={lab.ports["slurmdbd"]}',
        "SlurmUser=root",
        f"PidFile={lab.folder}/run/slurmdbd.pid",
        f"LogFile={lab.folder}/log/slurmdbd.log",
        "StorageType=accounting_storage/mysql",
        "StorageHost=localhost",  # by the socket: see MYSQL_UNIX_PORT in lab.py
        "StorageUser=root",
        "StorageLoc=slurm",
    ]) + "\n"


def power_script(lab, verb):
    """Slurm gives these a bare PATH and blocked signals, and kills what they leave behind: the keeper
    starts and ends nodes in their stead."""
    return f'''#!/bin/sh
export PATH=/usr/bin:/bin SLURM_CONF={lab.folder}/etc/slurm.conf
for node in $(scontrol show hostnames "$1"); do
    echo "{verb} $node"
done | timeout 5 sh -c 'cat >{lab.folder}/run/keeper.fifo'
'''
