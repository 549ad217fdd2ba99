# SPDX-License-Identifier: Apache-2.0
"""What lab.py stands on: waiting, locks, ports, signals, and how it says what went wrong."""
import errno
import os
import random
import socket
import time

SKIP = 77
POLL_SECONDS = 0.05
PORT_BLOCK = 32


class Missing(Exception):
    """What the machine lacks for a cluster, in one sentence: tests skip with it."""


class Trouble(Exception):
    """What went wrong, in one sentence."""


def wait_until(what, seconds, condition):
    """Returns what condition() returned first that is true; raises Trouble after so many seconds. what
    may be a function, for words that are known only then."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Trouble(f"{what() if callable(what) else what}: not within {seconds:g} seconds")
        time.sleep(POLL_SECONDS)


def abstract_lock(name, seconds):
    """A lock that leaves no file, and that the kernel gives back whatever dies."""
    lock = socket.socket(socket.AF_UNIX)

    def taken():
        try:
            lock.bind("\0" + name)
            return True
        except OSError as err:
            if err.errno != errno.EADDRINUSE:
                raise
            return False

    wait_until(f"another cluster is being started ({name})", seconds, taken)
    return lock


def claim_ports(first, count):
    """Tells other clusters that these ports are taken, also while a cloud node that has one is off. The
    claim lasts as long as the returned sockets. Raises OSError where another has claimed one."""
    claims = []
    for block in range(first // PORT_BLOCK, (first + count - 1) // PORT_BLOCK + 1):
        claims.append(socket.socket(socket.AF_UNIX))
        claims[-1].bind(f"\0whaleflux-slurm-ports-{block}")
    return claims


def free_ports(count):
    """The first of so many free ports in a row, below those that the kernel gives to callers."""
    for _ in range(1000):
        first = random.randrange(10000 // PORT_BLOCK, (32000 - count) // PORT_BLOCK) * PORT_BLOCK
        probes = []
        try:
            probes = claim_ports(first, count)
            for port in range(first, first + count):
                probe = socket.socket()
                probes.append(probe)
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("0.0.0.0", port))
            return first
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise Trouble(f"no {count} free ports in a row were found")


def send(pid, signum):
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        pass
