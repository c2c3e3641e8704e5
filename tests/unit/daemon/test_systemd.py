"""What systemd is told, on a real datagram socket; silence where there is none."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from locker.systemd import feed_watchdog, notify, watchdog_interval_s
from simulator.virtual_loop import run

UNIT = Path(__file__).parents[3] / "docs" / "lockerd.service"


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


@pytest.mark.parametrize(("well_for_s", "feedings"), [(0.0, 0), (4.5, 5), (60.0, 10)])
def test_the_watchdog_is_fed_only_while_who_is_asked_gets_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, well_for_s: float, feedings: int
) -> None:
    path = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")

    async def feed_for_ten_seconds() -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        try:
            async with asyncio.timeout(9.5):
                await feed_watchdog(lambda: loop.time() - begun_s < well_for_s)
        except TimeoutError:
            pass

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.setblocking(False)
        run(feed_for_ten_seconds())
        heard = 0
        while feedings > heard:
            assert manager.recv(64) == b"WATCHDOG=1"
            heard += 1
        with pytest.raises(BlockingIOError):
            manager.recv(64)


def test_the_unit_that_ships_has_a_watchdog_starts_again_always_and_keeps_the_count_of_starts() -> None:
    said = dict(
        line.split("=", 1) for line in UNIT.read_text().splitlines() if "=" in line and line[0] != "#"
    )
    assert said["Type"] == "notify"
    assert float(said["WatchdogSec"]) > 0
    assert (said["Restart"], said["StartLimitIntervalSec"]) == ("always", "0")
    assert said["RuntimeDirectoryPreserve"] == "restart"
