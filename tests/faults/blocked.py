"""`lockerd run`, whose event loop stands still from the first SIGUSR1 on, as in a call that never returns."""

import signal
import sys
import time

from locker.cli import main

BLOCKED_S = 3600.0


def _block(_number: int, _frame: object) -> None:
    time.sleep(BLOCKED_S)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _block)
    sys.exit(main())
