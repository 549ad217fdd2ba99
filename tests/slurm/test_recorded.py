#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Histories of a real Slurm (tests/slurm/recorded) through whaleflux replay: Slurm's own policy, replayed, against
what really happened, over all of them. Needs no Slurm. WHALEFLUX names the program. TAP on standard output."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import tap  # noqa: E402
from own_policy import happened_and_own, near, with_all  # noqa: E402

RECORDED = HERE / 'recorded'


def main():
    waits, near_hours, count = [0.0, 0.0], True, 0
    for history in sorted(RECORDED.glob('*.txt.gz')):
        name = history.name.removesuffix('.txt.gz')
        runs = happened_and_own(with_all(history, RECORDED / 'nodes.txt', RECORDED / f'{name}.events'))
        near(f'{name}, mean wait, s', *(run['wait']['mean_ms'] / 1000 for run in runs))
        near_hours = near(f'{name}, GPU-hours', *(run['use']['used_gpu_hours'] for run in runs)) and near_hours
        waits = [total + run['wait']['mean_ms'] / 3.6e6 * run['wait']['jobs'] for total, run in zip(waits, runs)]
        count += 1
    tap.check('there are histories', count > 0)
    tap.check('all that their jobs waited, together, is within 5 %', near('all waits, h', *waits))
    tap.check("each history's GPU-hours are within 5 %", near_hours)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
