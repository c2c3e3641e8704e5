"""A line is unplugged and plugged in again, many times, while another one works on.

`python -m tests.e2e.replug --times 1000` takes a quarter of an hour and prints what it measured.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from locker.domain.events import Door, DoorSeen, Event
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec, Wiring
from simulator.automat import SimulatedAutomat
from simulator.events import SimulatorEvent, WireBytes
from simulator.plan import CabinetPlan, plan_of

PULLED, OTHER = "locks", "locks-2"
LIMIT_S = 5.0


@dataclass(slots=True)
class Measured:
    """What the replugging showed."""

    back_s: list[float] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    moved_on_the_other: list[DoorSeen] = field(default_factory=list)
    fewest_polls_of_the_other: int = sys.maxsize

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{len(self.back_s)} times: back after {statistics.median(self.back_s):.3f} s (median),"
            f" {max(self.back_s):.3f} s (longest); {len(self.names)} device names;"
            f" the other line: {len(self.moved_on_the_other)} doors lost,"
            f" {self.fewest_polls_of_the_other} requests or more each time"
        )


class Replugging:
    """Two lines of one board each, and the hardware that reads them, all in one process."""

    def __init__(self, directory: Path) -> None:
        """Build it; nothing is opened before `run`."""
        self.measured = Measured()
        self._plan = plan_of(48, boards_a_line=1)
        self._simulated = SimulatedAutomat(self._plan, directory=directory)
        self._hardware = LockerHardware(
            _wiring(self._plan, self._simulated), render=lambda _message: [], post=self._post
        )
        self._line_of = {board.id: board.line for board in self._plan.boards}
        self._boxes_of = {
            line: {box.label for box in self._plan.compartments if self._line_of[box.board] == line}
            for line in (PULLED, OTHER)
        }
        self._known: set[str] = set()
        self._news = asyncio.Event()
        self._polls = 0

    async def run(self, times: int) -> Measured:
        """Unplug and replug so often; TimeoutError if the doors are not known again after 5 s."""
        await self._simulated.start()
        forget = self._simulated.subscribe(self._heard)
        try:
            doors = await self._hardware.start()
            self._known = {label for label, door in doors.items() if door is Door.SHUT}
            for number in range(times):
                await self._once(elsewhere=number % 2 == 0)
        finally:
            await self._hardware.stop()
            forget()
            await self._simulated.stop()
        return self.measured

    async def _once(self, *, elsewhere: bool) -> None:
        loop = asyncio.get_running_loop()
        wanted = self._boxes_of[PULLED]
        before = self._polls
        self._simulated.unplug(PULLED)
        async with asyncio.timeout(LIMIT_S):
            await self._until(lambda: not self._known & wanted)
        self._simulated.replug(PULLED, elsewhere=elsewhere)
        self.measured.names.add(str(self._simulated.port(PULLED).readlink()))
        plugged_s = loop.time()
        async with asyncio.timeout(LIMIT_S):
            await self._until(lambda: self._known >= wanted)
        self.measured.back_s.append(loop.time() - plugged_s)
        polls = self._polls - before
        self.measured.fewest_polls_of_the_other = min(self.measured.fewest_polls_of_the_other, polls)

    async def _until(self, seen: Callable[[], bool]) -> None:
        while not seen():
            self._news.clear()
            waiting = asyncio.ensure_future(self._news.wait())
            # A task of the hardware that died would otherwise only look like a line that never returns.
            dying = asyncio.ensure_future(self._hardware.failed())
            try:
                await asyncio.wait((waiting, dying), return_when=asyncio.FIRST_COMPLETED)
                if dying.done():
                    dying.result()
            finally:
                waiting.cancel()
                dying.cancel()
                await asyncio.gather(waiting, dying, return_exceptions=True)

    async def _post(self, event: Event) -> None:
        if not isinstance(event, DoorSeen):
            return
        if event.compartment in self._boxes_of[OTHER]:
            self.measured.moved_on_the_other.append(event)
        if event.door is Door.SHUT:
            self._known.add(event.compartment)
        else:
            self._known.discard(event.compartment)
        self._news.set()

    def _heard(self, event: SimulatorEvent) -> None:
        if isinstance(event, WireBytes) and event.port == OTHER and event.direction == "from-host":
            self._polls += 1


def main() -> int:
    """Replug and print; 0 if it was back in time each time and the other line noticed nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.replug", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="how often")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as directory:
        measured = asyncio.run(_run(Path(directory), times))
    sys.stdout.write(f"{measured}\n")
    return 0 if not measured.moved_on_the_other and measured.fewest_polls_of_the_other > 0 else 1


async def _run(directory: Path, times: int) -> Measured:
    return await Replugging(directory).run(times)


def _wiring(plan: CabinetPlan, simulated: SimulatedAutomat) -> Wiring:
    return Wiring(
        lines={line.id: PortSpec(str(simulated.port(line.id)), line.baud) for line in plan.lines},
        boards=[
            BoardSpec(
                board.id, board.line, board.family, {"address": board.address, "channels": board.channels}
            )
            for board in plan.boards
        ],
        doors=[DoorSpec(box.label, box.board, box.channel) for box in plan.compartments],
        keypads=(),
        displays=(),
    )


if __name__ == "__main__":
    sys.exit(main())
