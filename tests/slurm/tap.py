# SPDX-License-Identifier: Apache-2.0
"""TAP lines for tests of Slurm in Python."""
import sys
import traceback

import lab_base

_count = 0
_failed = 0


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def check(what, holds, told=""):
    """One result; told says what was seen where it does not hold."""
    global _count, _failed
    _count += 1
    print(f'{"ok" if holds else "not ok"} {_count} - {what}', flush=True)
    if not holds:
        _failed += 1
        for line in str(told).splitlines():
            print(f"# {line}", flush=True)
    return holds


def case(what, function, lab, *arguments):
    """A function that raises where something is not as it should be: one result."""
    try:
        function(lab, *arguments)
    except (lab_base.Trouble, AssertionError, KeyError, ValueError, OSError) as error:
        logs = ""
        for name in ("slurmctld.log", "keeper.out"):
            path = lab.folder / "log" / name
            if path.exists():
                logs += f"{name}:\n" + "\n".join(path.read_text(errors="replace").splitlines()[-15:]) + "\n"
        return check(what, False, f"{error!r}\n{traceback.format_exc()}{logs}")
    return check(what, True)


def finish():
    print(f"1..{_count}")
    sys.exit(1 if _failed else 0)
