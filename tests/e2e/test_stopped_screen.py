"""A screen whose process stands still holds nobody up; when it goes on, it shows what is true by then."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from locker.api.client import ApiClient
from locker.api.maintenance_schema import BlockAsked, UnblockAsked
from simulator.locker_sim import LockerSim
from tests.e2e.terminal import Terminal

pytestmark = [
    pytest.mark.broker,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not Terminal.is_installed(), reason="NOT RUN: tmux is not installed"),
]

BOX = "6"
ACTIONS_MOST = 600
DROPPED = "locker_event_stream_dropped_total"


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory with a short name: sockets lie in it."""
    made = Path(tempfile.mkdtemp(prefix="tmux-"))
    yield made
    shutil.rmtree(made)


def test_a_pick_up_goes_through_while_a_screen_stands_still(locker_sim: LockerSim, directory: Path) -> None:
    pid_file = directory / "pid"
    before, during = locker_sim.deliver(), locker_sim.deliver()
    program = [sys.executable, "-m", "tui.cli", "--socket", str(locker_sim.socket), "--language", "en"]
    # Not tmux's own child: that one it would set going again.
    command = ["sh", "-c", f'exec 3<&0; "$@" <&3 & echo $! > {pid_file}; wait', "sh", *program]
    with Terminal(directory, command, columns=80, rows=24) as screen:
        screen.shows("[1 Overview]", "linked")
        pid = int(pid_file.read_text(encoding="ascii"))
        os.kill(pid, signal.SIGSTOP)
        try:
            assert len(locker_sim.collect(before)) == 1
            dropped = asyncio.run(until_dropped(locker_sim.socket))
            assert len(locker_sim.collect(during)) == 1
        finally:
            os.kill(pid, signal.SIGCONT)

        assert dropped == 1
        screen.shows(", 1 blocked", "linked")
        os.kill(pid, signal.SIGTERM)
    locker_sim.audit()


async def until_dropped(socket: Path) -> int:
    """Let so much happen that the daemon gives the screen up; how many clients it has dropped then."""
    async with ApiClient(socket) as client:
        for number in range(ACTIONS_MOST):
            await client.maintain(
                BlockAsked(technician="T-1", compartment=BOX, reason=f"{number} {'x' * 180}")
            )
            await client.maintain(UnblockAsked(technician="T-1", compartment=BOX))
            if number % 20 == 0 and (dropped := dropped_of(await client.metrics())):
                break
        else:
            raise AssertionError(f"{ACTIONS_MOST} actions and nobody was dropped")
        await client.maintain(BlockAsked(technician="T-1", compartment=BOX, reason="for the last time"))
        return dropped


def dropped_of(metrics: str) -> int:
    """Read one figure."""
    line = next(line for line in metrics.splitlines() if line.startswith(DROPPED))
    return int(float(line.split()[1]))
