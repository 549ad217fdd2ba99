#!/usr/bin/env python3
"""Runs a command on a terminal of 24 lines and 80 columns, as a person would.

terminal.py STEP... -- COMMAND...    A step is "see TEXT" (waits until the command has printed it) or
"type TEXT" (\\n is the return key, \\x03 is Ctrl-C). What it printed goes to stdout, its exit status
is ours; 124 where a step took longer than 20 seconds.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

PATIENCE = 20


def read_some(terminal, seen, seconds):
    """Adds what has been printed. Returns False at its end."""
    ready, _, _ = select.select([terminal], [], [], seconds)
    if not ready:
        return True
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        return False
    seen.extend(piece)
    return len(piece) > 0


def see(terminal, seen, start, text, end):
    """Waits for text behind start. Returns where it ends, or -1."""
    while True:
        at = seen.find(text, start)
        if at >= 0:
            return at + len(text)
        if time.monotonic() > end or not read_some(terminal, seen, 0.1):
            at = seen.find(text, start)
            return at + len(text) if at >= 0 else -1


def main():
    mark = sys.argv.index("--")
    steps, command = sys.argv[1:mark], sys.argv[mark + 1:]
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = os.environ.get("TEST_TERM", "xterm")
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen = bytearray()
    start = 0
    failed = False
    for step in steps:
        what, _, text = step.partition(" ")
        text = text.encode().decode("unicode_escape").encode("latin-1")
        if what == "type":
            os.write(terminal, text)
            continue
        start = see(terminal, seen, start, text, time.monotonic() + PATIENCE)
        if start < 0:
            failed = True
            break
    end = time.monotonic() + PATIENCE
    while not failed and time.monotonic() < end and read_some(terminal, seen, 0.2):
        pass
    if failed or time.monotonic() >= end:
        os.kill(child, 9)
        failed = True
    _, status = os.waitpid(child, 0)
    sys.stdout.buffer.write(bytes(seen))
    sys.stdout.flush()
    sys.exit(124 if failed else os.waitstatus_to_exitcode(status) & 255)


main()
