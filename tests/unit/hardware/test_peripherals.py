"""Keypads, displays and scanners of every kind behind real ptys, and that a dead one stops nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from locker.domain.events import (
    Door,
    DoorSeen,
    Event,
    Key,
    KeypadFaulted,
    KeyPressed,
    LabelScanned,
    PartLost,
    PartRestored,
)
from locker.domain.messages import Text, say
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import DisplaySpec, KeypadSpec, PortSpec, ScannerSpec, Wiring
from simulator.automat import SimulatedAutomat
from simulator.plan import CabinetPlan, DisplayPlan, KeypadPlan, ScannerPlan, Suffix, demo_plan
from tests.unit.hardware.test_hardware import LIMIT_S, Rig, Seen, wiring

JJFI = "JJFI65432110000070773"
OTHER = "JJFI65432110000070774"
FINNISH = "Väärä koodi, näppäile uudestaan"


@asynccontextmanager
async def rig_of(
    directory: Path,
    plan: CabinetPlan,
    change: Callable[[Wiring, SimulatedAutomat], Wiring] = lambda wired, _: wired,
    before: Callable[[SimulatedAutomat], None] = lambda _: None,
) -> AsyncIterator[Rig]:
    """Run an automat; `before` happens to it before the hardware is opened."""
    async with AsyncExitStack() as stack:
        simulated = SimulatedAutomat(plan, directory=directory)
        await simulated.start()
        stack.push_async_callback(simulated.stop)
        before(simulated)
        seen = Seen()
        hardware = LockerHardware(
            change(wiring(simulated), simulated),
            render=lambda message: [(str(message.text), FINNISH[:20])],
            post=seen.post,
        )
        stack.push_async_callback(hardware.stop)
        async with asyncio.timeout(2.5):  # below the limit for a first reading of the doors
            await hardware.start()
        yield Rig(simulated, hardware, seen)


def keys_of(rig: Rig) -> str:
    names = {Key.CLEAR: "C", Key.OK: "OK"}
    pressed = [event.key for event in rig.seen.events if isinstance(event, KeyPressed)]
    return " ".join(names.get(key, key.name.removeprefix("D")) for key in pressed)


async def type_entry(rig: Rig, times: int = 1) -> None:
    """Type, and wait until every OK has arrived."""
    await rig.simulated.type("front", "C 0242 OK")

    def pressed(event: Event) -> bool:
        return event == KeyPressed("front", Key.OK) and rig.seen.events.count(event) == times

    await rig.seen.until(pressed)


async def collects(rig: Rig) -> None:
    """A person types, the door opens, the person takes the parcel and shuts the door: nothing waits."""
    start = len(rig.seen.events)
    rig.hardware.show("front", say(Text.IDLE))
    await rig.simulated.type("front", "C 0242 OK")
    await rig.seen.until(lambda event: event == KeyPressed("front", Key.OK), after=start)
    rig.hardware.unlock("3", 1)
    await rig.seen.until(lambda event: event == DoorSeen("3", Door.OPEN), after=start)
    rig.hardware.show("front", say(Text.THANK_YOU))
    rig.simulated.push_shut("3")
    await rig.seen.until(lambda event: event == DoorSeen("3", Door.SHUT), after=start)


# -- keypads


async def test_a_keypad_with_other_bytes_is_understood(tmp_path: Path) -> None:
    keys = (("C", 0x1B), ("OK", 0x0A), ("0", 0x41))
    plan = replace(demo_plan(), keypads=(KeypadPlan("front", keys=keys),))

    def told(wired: Wiring, _: SimulatedAutomat) -> Wiring:
        settings = {"keys": {"1B": "clear", "0A": "ok", "41": "0"}}
        return replace(wired, keypads=[replace(wired.keypads[0], settings=settings)])

    async with rig_of(tmp_path, plan, told) as rig:
        await type_entry(rig)
        assert keys_of(rig) == "C 0 2 4 2 OK"


@pytest.mark.parametrize("checksum", [False, True])
async def test_a_buffered_keypad_hands_whole_entries_over(tmp_path: Path, checksum: bool) -> None:  # noqa: FBT001 - drawn from the list above
    plan = replace(demo_plan(), keypads=(KeypadPlan("front", buffered=True, checksum=checksum),))

    def told(wired: Wiring, _: SimulatedAutomat) -> Wiring:
        settings = {"buffered": True, "checksum": checksum}
        return replace(wired, keypads=[replace(wired.keypads[0], settings=settings)])

    async with rig_of(tmp_path, plan, told) as rig:
        await type_entry(rig)
        await type_entry(rig, times=2)
        assert keys_of(rig) == "C 0 2 4 2 OK C 0 2 4 2 OK"


# -- scanners


def with_scanner(**settings: Any) -> Callable[[Wiring, SimulatedAutomat], Wiring]:
    def told(wired: Wiring, simulated: SimulatedAutomat) -> Wiring:
        port = PortSpec(str(simulated.port("scanner-front")), 9600)
        return replace(wired, scanners=[ScannerSpec("front", port, "text", "front", settings)])

    return told


@pytest.mark.parametrize("suffix", ["CR", "LF", "CR LF"])
async def test_a_scanner_may_end_its_labels_with_each_line_end(tmp_path: Path, suffix: Suffix) -> None:
    plan = replace(demo_plan(), scanners=(ScannerPlan("front", "front", suffix),))
    async with rig_of(tmp_path, plan, with_scanner()) as rig:
        await rig.seen.until(lambda event: event == PartRestored("scanner front"))
        rig.simulated.scan("front", JJFI)
        rig.simulated.scan("front", OTHER)
        await rig.seen.until(lambda event: event == LabelScanned("front", OTHER))
        assert [event.text for event in rig.seen.events if isinstance(event, LabelScanned)] == [JJFI, OTHER]


async def test_a_scanner_without_suffix_is_understood_by_the_silence_behind_its_label(tmp_path: Path) -> None:
    plan = replace(demo_plan(), scanners=(ScannerPlan("front", "front", "none"),))
    async with rig_of(tmp_path, plan, with_scanner(terminator="silence")) as rig:
        await rig.seen.until(lambda event: event == PartRestored("scanner front"))
        rig.simulated.scan("front", JJFI)
        await rig.seen.until(lambda event: event == LabelScanned("front", JJFI))


async def test_a_prefix_and_an_aim_id_are_taken_away(tmp_path: Path) -> None:
    async with rig_of(tmp_path, demo_plan(), with_scanner(prefix="$", aim_id=True)) as rig:
        await rig.seen.until(lambda event: event == PartRestored("scanner front"))
        rig.simulated.scan("front", f"$]C0{JJFI}")
        await rig.seen.until(lambda event: event == LabelScanned("front", JJFI))


SCANNER_TROUBLES: dict[str, Callable[[SimulatedAutomat], None]] = {
    "dead": lambda simulated: simulated.set_fault("dead-scanner", "front"),
    "hung": lambda simulated: simulated.set_fault("hung-port", "scanner-front"),
    "unplugged": lambda simulated: simulated.unplug("scanner-front"),
    "babbling": lambda simulated: simulated.set_fault("stray-bytes", "front", 1000),
}


@pytest.mark.parametrize("trouble", SCANNER_TROUBLES.values(), ids=SCANNER_TROUBLES.keys())
async def test_a_scanner_in_trouble_stops_nobody_from_collecting(
    tmp_path: Path, trouble: Callable[[SimulatedAutomat], None]
) -> None:
    async with rig_of(tmp_path, demo_plan(), with_scanner()) as rig:
        await rig.seen.until(lambda event: event == PartRestored("scanner front"))
        trouble(rig.simulated)
        if rig.simulated._ports["scanner-front"].plugged:
            rig.simulated.scan("front", JJFI)
        await collects(rig)
    (tmp_path / "again").mkdir()
    async with rig_of(tmp_path / "again", demo_plan(), with_scanner(), trouble) as rig:
        await collects(rig)


# -- displays


def matrix_orbital(wired: Wiring, _: SimulatedAutomat) -> Wiring:
    port = wired.displays[0].port
    return replace(wired, displays=[DisplaySpec("front", port, "matrix-orbital")])


async def test_a_matrix_orbital_display_shows_finnish_letters_and_rings_no_bell(tmp_path: Path) -> None:
    plan = replace(demo_plan(), displays=(DisplayPlan("front", family="matrix-orbital"),))
    async with rig_of(tmp_path, plan, matrix_orbital) as rig:
        rig.hardware.show("front", say(Text.IDLE))
        shown = rig.simulated.display("front")
        await rig.simulated.until(lambda: FINNISH[:20] in shown.text(), LIMIT_S, "the text")
        assert "idle" in shown.text()
        assert shown.beeps == 0


DISPLAY_TROUBLES: dict[str, Callable[[SimulatedAutomat], None]] = {
    "dead": lambda simulated: simulated.set_fault("dead-display", "front"),
    "hung": lambda simulated: simulated.set_fault("hung-port", "display-front"),
    "unplugged": lambda simulated: simulated.unplug("display-front"),
}


@pytest.mark.parametrize("family", ["cd5220", "matrix-orbital"])
@pytest.mark.parametrize("trouble", DISPLAY_TROUBLES.values(), ids=DISPLAY_TROUBLES.keys())
async def test_a_display_in_trouble_stops_nobody_from_collecting(
    tmp_path: Path, family: str, trouble: Callable[[SimulatedAutomat], None]
) -> None:
    plan = replace(demo_plan(), displays=(DisplayPlan("front", family=family),))

    def told(wired: Wiring, _: SimulatedAutomat) -> Wiring:
        return replace(wired, displays=[replace(wired.displays[0], family=family)])

    async with rig_of(tmp_path, plan, told) as rig:
        await rig.seen.until(lambda event: event == PartRestored("display front"))
        trouble(rig.simulated)
        for _ in range(500):  # more than any buffer between us and it holds
            rig.hardware.show("front", say(Text.IDLE))
            rig.hardware.show("front", say(Text.THANK_YOU))
        await collects(rig)
    (tmp_path / "again").mkdir()
    async with rig_of(tmp_path / "again", plan, told, trouble) as rig:
        await collects(rig)


async def test_a_display_that_is_unplugged_is_told_and_shows_the_latest_text_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with rig_of(tmp_path, demo_plan()) as rig:
        await rig.seen.until(lambda event: event == PartRestored("display front"))
        rig.hardware.show("front", say(Text.IDLE))
        rig.simulated.unplug("display-front")
        lost = await rig.seen.until(lambda event: isinstance(event, PartLost))
        assert isinstance(lost, PartLost)
        assert (lost.part, lost.outage) == ("display front", False)
        rig.hardware.show("front", say(Text.THANK_YOU))
        after = len(rig.seen.events)
        rig.simulated.replug("display-front")
        await rig.seen.until(lambda event: event == PartRestored("display front"), after=after)
        shown = rig.simulated.display("front")
        await rig.simulated.until(lambda: str(Text.THANK_YOU) in shown.text(), LIMIT_S, "the latest text")


async def test_every_part_whose_loss_is_told_is_known_by_name(tmp_path: Path) -> None:
    async with rig_of(tmp_path, demo_plan(), with_scanner()) as rig:
        parts = with_scanner()(wiring(rig.simulated), rig.simulated).parts
        assert parts == {"line locks", "board A", "scanner front", "display front"}


async def test_a_usb_pad_that_is_not_there_is_told_and_the_rest_works(tmp_path: Path) -> None:
    def told(wired: Wiring, _: SimulatedAutomat) -> Wiring:
        missing = KeypadSpec("side", PortSpec(str(tmp_path / "nothing-event-kbd"), 9600), "evdev", None)
        return replace(wired, keypads=[*wired.keypads, missing])

    async with rig_of(tmp_path, demo_plan(), told) as rig:
        fault = await rig.seen.until(lambda event: isinstance(event, KeypadFaulted))
        assert isinstance(fault, KeypadFaulted)
        assert fault.keypad == "side"
        await collects(rig)
