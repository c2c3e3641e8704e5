"""F18, F3 and F19: a disk that does not answer, and one that answers with errors again and again."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from simulator.daemon import DaemonError, Process
from simulator.demo import Demo
from simulator.events import CoilPulsed
from simulator.locker_sim import LockerSim
from simulator.stock import Stock
from simulator.tied import tied_to_us
from tests.crash import vfs
from tests.e2e.test_safe_mode import OUT_OF_ORDER, STARTS, no_pulse, on_stage, opens_nothing
from tests.faults.manager import LIMIT_S, Manager, started_by

pytestmark = [
    pytest.mark.broker,
    pytest.mark.timeout(240),
    pytest.mark.skipif(vfs.why_not() is not None, reason=f"NOT RUN: {vfs.why_not()}"),
]

ROOT = Path(__file__).parents[2]
SICK = "tests.faults.sick_disk"
STUCK_S = 1.0
RETRY_S = 1.0
FOR_EVER = 15
"""So many feedings, one a second: on a busy machine the keys may take some of it."""


# -- F18


def test_a_disk_that_does_not_answer_feeds_no_watchdog_and_opens_no_door(
    locker_sim: LockerSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel = locker_sim.deliver()
    locker_sim.cut_power()
    place = locker_sim._demo.place
    says = place.directory / "disk-says"
    monkeypatch.setenv("LOCKER__WATCHDOG__STUCK_S", str(STUCK_S))
    manager, pulsed = Manager(place.directory), []
    forget = locker_sim.automat.subscribe(lambda each: pulsed.append(each) if is_pulse(each) else None)
    try:
        with started_by(manager, place, SICK, str(says), str(place.directory)) as process:
            assert manager.feedings(4) == 4
            says.write_text("silent")
            locker_sim.type(f"C {parcel.code} OK")
            assert manager.feedings(FOR_EVER) < FOR_EVER  # until the key has come and hangs; then silence
            assert locker_sim.ask("/v1/status")["parcels"]["stored"] == 1  # the loop lives all the while
            process.send_signal(signal.SIGABRT)  # as systemd ends a service that does not feed its watchdog
            assert process.wait(LIMIT_S) == -signal.SIGABRT
    finally:
        manager.close()
        forget()
    assert pulsed == []
    assert "does the disk answer?" in place.log.read_text()
    locker_sim.restore_power()
    assert len(locker_sim.collect(parcel)) == 1


# -- F3, F19


@pytest.fixture
def directory() -> Iterator[Path]:
    # Sockets have short names; pytest's own directories are too deep for them.
    with tempfile.TemporaryDirectory(prefix="sick-", ignore_cleanup_errors=True) as made:
        yield Path(made)


async def test_a_disk_that_fails_again_and_again_ends_in_safe_mode_until_it_is_well(
    directory: Path, locker_sim_stock: Stock
) -> None:
    says, state = directory / "disk-says", directory / "automat" / "state"

    async def spawn(configuration: Path, log: Path, environment: Mapping[str, str]) -> Process:
        with log.open("ab") as opened:
            return await asyncio.create_subprocess_exec(
                *tied_to_us(sys.executable, "-m", SICK, str(says), str(state)),
                *("run", "--config", str(configuration)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=opened,
                stderr=opened,
                env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)},
                cwd=ROOT,
                process_group=0,
            )

    demo = Demo(directory, story=True, stock=locker_sim_stock, paced=False, spawn=spawn)
    await demo.start()
    try:
        await live_through_it(demo, says.write_text, state)
    finally:
        await demo.stop()


async def live_through_it(demo: Demo, say: Callable[[str], object], state: Path) -> None:
    await demo.stop_daemon()
    on_a_disk_of_its_own(demo, state)
    await demo.start_daemon()
    await demo.until_served()
    with on_stage(demo) as stage:
        parcel = await stage.deliver()
        await stage.in_step()
        say("failing")
        with no_pulse(demo):
            await stage.type(f"C {parcel.code} OK")
            async with asyncio.timeout(LIMIT_S):
                await demo._daemon.gone()  # on purpose
            for _ in range(STARTS - 1):
                with pytest.raises(DaemonError, match="ended"):
                    await demo.start_daemon()
            await demo.start_daemon()
        await stage.see_display(OUT_OF_ORDER)
        told = (await demo.ask("/v1/status"))["safe_mode"]
        assert told["cause"] == "crash-loop"
        assert f"ended by itself {STARTS} times" in told["detail"]
        assert "disk I/O error" in told["detail"]
        assert (await demo.ask("/v1/verify"))["first_bad"] is None
        await opens_nothing(demo, stage, parcel)

        await demo.kill_daemon()
        change(demo, "[safe_mode]\n", f"[safe_mode]\nretry_s = {RETRY_S}\n")
        await demo.start_daemon()  # nothing has changed
        await tried_again(demo)
        with pytest.raises(DaemonError, match="ended"):
            await demo.start_daemon()
        await demo.start_daemon()  # back at once
        say("well")
        await tried_again(demo)
        await demo.start_daemon()
        await demo.until_served()
    with on_stage(demo) as stage:
        assert (await demo.ask("/v1/status"))["safe_mode"] is None
        (started,) = (await demo.ask("/v1/journal?kind=started&limit=1"))["entries"]
        assert started["data"]["aftersafemode"]["ended"] == "by-itself"
        await stage.pick_up(parcel)


async def tried_again(demo: Demo) -> None:
    """Wait until safe mode has ended to try one start."""
    async with asyncio.timeout(LIMIT_S):
        await demo._daemon.gone()


def on_a_disk_of_its_own(demo: Demo, state: Path) -> None:
    """Move the database where the socket is not, and let failing starts count."""
    state.mkdir()
    for file in demo.place.directory.glob("automat.db*"):
        shutil.move(file, state / file.name)
    change(demo, str(demo.place.database), str(state / "automat.db"))
    change(demo, "starts = 0", f"starts = {STARTS}")


def change(demo: Demo, before: str, after: str) -> None:
    """Write the configuration anew."""
    file = demo.place.configuration
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def is_pulse(event: object) -> bool:
    return isinstance(event, CoilPulsed)
