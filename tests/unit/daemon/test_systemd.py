"""What systemd is told, on a real datagram socket; silence where there is none."""

import os
import socket
from pathlib import Path

import pytest

from locker.systemd import notify, watchdog_interval_s


def test_a_state_reaches_the_manager(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(5)
        assert notify("READY=1", {"NOTIFY_SOCKET": path})
        assert manager.recv(64) == b"READY=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/notify"}])
def test_without_a_manager_nothing_happens(environ: dict[str, str]) -> None:
    assert not notify("READY=1", environ)


@pytest.mark.parametrize(
    ("environ", "interval_s"),
    [
        ({"WATCHDOG_USEC": "10000000"}, 5.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}, 5.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_fed_twice_in_the_time_allowed(
    environ: dict[str, str], interval_s: float | None
) -> None:
    assert watchdog_interval_s(environ) == interval_s
