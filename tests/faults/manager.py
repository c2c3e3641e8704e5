"""A service manager, and a daemon that it runs."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.configuration import Place

WATCHDOG_S = 2.0
LIMIT_S = 30.0


class Manager:
    """A service manager that listens as systemd does, with a watchdog of two seconds."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "manager.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))

    @property
    def environment(self) -> dict[str, str]:
        """What it tells a service."""
        asked = {"NOTIFY_SOCKET": str(self._path), "WATCHDOG_USEC": f"{WATCHDOG_S * 1e6:.0f}"}
        return {**os.environ, **asked}

    def until(self, state: bytes) -> None:
        """Wait until the service says this."""
        self._socket.settimeout(LIMIT_S)
        while self._socket.recv(256) != state:
            continue

    def feedings(self, most: int) -> int:
        """Count how often the service says that it is alive, each time within the time of the watchdog."""
        self._socket.settimeout(WATCHDOG_S)
        count = 0
        try:
            while count < most:
                count += self._socket.recv(256) == b"WATCHDOG=1"
        except TimeoutError:
            return count
        return count

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@contextmanager
def started_by(manager: Manager, place: Place, *module: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a daemon of which something can go wrong, and end it in the end."""
    command = [sys.executable, "-m", *module, "run", "--config", str(place.configuration)]
    with place.log.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=manager.environment)
    try:
        manager.until(b"READY=1")
        yield process
    finally:
        process.kill()
        process.wait(LIMIT_S)
