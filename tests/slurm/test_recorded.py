#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Histories of a real Slurm (tests/slurm/recorded) through whaleflux replay: Slurm's own policy, replayed, against
what really happened, over all of them. Needs no Slurm. WHALEFLUX names the program. TAP on standard output."""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import tap  # noqa: E402
from serve import PROGRAM  # noqa: E402

RECORDED = HERE / 'recorded'
ERROR_MAX = .05  # of the mean wait over all histories, and of each one's GPU-hours


def replay(history):
    """What happened, and what Slurm's own policy would have done."""
    done = subprocess.run([PROGRAM, 'replay', history, '--cluster', RECORDED / 'nodes.txt', '--own', 'slurm-like',
                           '--policy', 'slurm-like', '--json', '--start-delay', 'learned', '--outages',
                           RECORDED / history.name.replace('.txt.gz', '.events')],
                          capture_output=True, text=True, check=True, timeout=120)
    runs = {run['role']: run for run in json.loads(done.stdout)['runs']}
    return runs['happened'], runs['baseline']


def off(real, replayed):
    return replayed / real - 1


def main():
    waits, hours = [0.0, 0.0], []
    for history in sorted(RECORDED.glob('*.txt.gz')):
        happened, own = replay(history)
        for index, run in enumerate((happened, own)):
            waits[index] += run['wait']['mean_ms'] * run['wait']['jobs']
        hours.append(abs(off(happened['use']['used_gpu_hours'], own['use']['used_gpu_hours'])))
        print(f"# {history.name}: {happened['wait']['jobs']} jobs waited {happened['wait']['mean_ms'] / 1000:.1f} s, "
              f"replayed {100 * off(happened['wait']['mean_ms'], own['wait']['mean_ms']):+.1f} %, GPU-hours "
              f"{100 * off(happened['use']['used_gpu_hours'], own['use']['used_gpu_hours']):+.1f} %", flush=True)
    print(f'# all: {100 * off(*waits):+.2f} %', flush=True)
    tap.check('the mean wait over all histories is within 5 %', hours and abs(off(*waits)) <= ERROR_MAX,
              f'{100 * off(*waits):+.1f} %')
    tap.check("each history's GPU-hours are within 5 %", hours and max(hours) <= ERROR_MAX, f'{hours}')
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
