# SPDX-License-Identifier: Apache-2.0
"""A history of a real Slurm through whaleflux replay, and how far Slurm's own policy, replayed, lies from it."""
import json
import subprocess

from lab_base import Trouble
from serve import PROGRAM

ERROR_MAX = .05


def replay(history, nodes, *options):
    """What whaleflux replay says of it; nodes: what scontrol show node printed."""
    done = subprocess.run([PROGRAM, 'replay', history, '--cluster', nodes, '--own', 'slurm-like', '--json', *options],
                          capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise Trouble(f'replay: status {done.returncode}: {done.stderr}')
    return json.loads(done.stdout)


def with_all(history, nodes, outages, policies='slurm-like'):
    """The same, told all that the cluster has, and nothing tuned."""
    return replay(history, nodes, '--policy', policies, '--start-delay', 'learned', '--outages', outages)


def happened_and_own(told):
    """The two runs that are to be alike."""
    runs = {run['role']: run for run in told['runs']}
    return runs['happened'], runs['baseline']


def near(what, real, replayed):
    off = replayed / real - 1
    print(f'# {what}: really {real:.3f}, replayed {replayed:.3f}, {100 * off:+.1f} %', flush=True)
    return abs(off) <= ERROR_MAX
