"""A mother of nurseries: what a daemon is made of is loaded once for all workers of a kill loop.

    python -m tests.crash.mother SOCKET

Whoever connects has a nursery (doomed.py) of its own at the other end, which is a fork of this process and
lasts as long as the connection. The mother lasts until her input ends; she says one line when she is ready.
"""

import contextlib
import os
import selectors
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from simulator.tied import tie_to, tied_to_us

ROOT = Path(__file__).parents[2]
END_LIMIT_S = 60.0


@contextlib.contextmanager
def mothered(at: Path) -> Iterator[None]:
    """Have a mother at this path for a block, ready."""
    process = subprocess.Popen(
        tied_to_us(sys.executable, "-m", "tests.crash.mother", str(at)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError("the mother of the nurseries has ended before she was ready")
        yield
    finally:
        try:
            process.communicate(timeout=END_LIMIT_S)
        finally:
            process.kill()
            process.wait()


def main() -> int:
    """Fork a nursery for everyone who connects, until the input ends."""
    from tests.crash import doomed  # it takes a second, and whoever only wants to have a mother needs none

    doomed.warm_up()
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as choose:
        listener.bind(sys.argv[1])
        listener.listen()
        os.write(1, b"ready\n")
        choose.register(0, selectors.EVENT_READ)
        choose.register(listener, selectors.EVENT_READ)
        while all(key.fd != 0 for key, _ in choose.select()):
            connection, _ = listener.accept()
            mother = os.getpid()
            if os.fork():
                connection.close()
                continue
            try:
                tie_to(mother)
                for descriptor in (0, 1):
                    os.dup2(connection.fileno(), descriptor)
                for own in (connection, listener, choose):
                    own.close()
                doomed.serve()
            except BaseException:  # noqa: BLE001 - a fork may not come back into the mother's loop
                traceback.print_exc()
            finally:
                os._exit(0)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
