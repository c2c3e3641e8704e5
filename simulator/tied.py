"""Processes that end when we do, however we end: even a SIGKILL leaves none of them behind.

A daemon that outlived its simulator would go on looking for its ports. The kernel gives the numbers of
ptys again, so it would sooner or later read the keypad, and hold the locks' line, of somebody else's automat.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
# prctl(PR_SET_PDEATHSIG, SIGKILL): see prctl(2). It holds across exec, and we may have ended before it came.
_TIE = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def tied_to_us(program: str, *arguments: str) -> Sequence[str]:
    """Give the command that runs a program, by its path, for as long as the thread that starts it lives."""
    return (sys.executable, "-I", "-S", "-c", _TIE, str(os.getpid()), program, *arguments)


def tie_to(parent: int) -> None:
    """Let this process end with the thread of `parent` that started it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
