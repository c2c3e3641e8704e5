"""Scanner, tones and lamp test against the simulated automat behind real ptys."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.wirelog import Direction
from locker.domain.events import Event, Key, KeyPressed, LabelScanned, PartLost, PartRestored
from locker.domain.intents import Tone
from locker.domain.messages import Text, say
from locker.hardware.labels import Repeats
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import PortSpec, ScannerSpec
from simulator.automat import SimulatedAutomat
from simulator.events import Beeped, SimulatorEvent
from simulator.plan import demo_plan
from tests.unit.hardware.test_hardware import LIMIT_S, Rig, Seen, wiring
from tests.unit.hardware.test_sounder import TONES

JJFI = "JJFI65432110000070773"
OTHER = "JJFI65432110000070774"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    simulated = SimulatedAutomat(demo_plan(), directory=tmp_path)
    await simulated.start()
    seen = Seen()
    plan = wiring(simulated)
    plan = replace(
        plan,
        keypads=[replace(plan.keypads[0], tones=TONES)],
        scanners=[ScannerSpec("side", PortSpec(str(simulated.port("scanner-front")), 9600), "text", "front")],
    )
    hardware = LockerHardware(plan, render=lambda message: [(str(message.text), "")], post=seen.post)
    await hardware.start()
    await seen.until(lambda event: event == PartRestored("scanner side"))
    yield Rig(simulated, hardware, seen)
    await hardware.stop()
    await simulated.stop()


def scanned(text: str) -> LabelScanned:
    return LabelScanned("front", text)


def labels(rig: Rig) -> list[str]:
    return [event.text for event in rig.seen.events if isinstance(event, LabelScanned)]


async def until(rig: Rig, wanted: Event) -> None:
    await rig.seen.until(lambda event: event == wanted)


async def test_a_scanned_label_is_posted_with_its_keypad_and_freed_of_its_frame(rig: Rig) -> None:
    rig.simulated.set_fault("acknowledgement-in-front", "front")
    rig.simulated.set_fault("fragmented-label", "front", 0.02)
    rig.simulated.scan("front", JJFI)
    await until(rig, scanned(JJFI))


async def test_a_double_read_is_one_scan(rig: Rig) -> None:
    rig.simulated.set_fault("double-read", "front", 1)
    rig.simulated.scan("front", JJFI)
    rig.simulated.scan("front", OTHER)
    await until(rig, scanned(OTHER))
    assert labels(rig) == [JJFI, OTHER]


def test_the_same_label_counts_again_after_a_second_without_it() -> None:
    repeats = Repeats()
    assert repeats.is_new("A", 10.0)
    assert not repeats.is_new("A", 10.9)
    assert not repeats.is_new("A", 11.8)
    assert repeats.is_new("A", 12.8)
    assert repeats.is_new("B", 12.9)
    assert repeats.is_new("A", 13.0)


async def test_what_is_no_label_is_not_posted_and_the_next_one_is(rig: Rig) -> None:
    rig.simulated.set_fault("stray-bytes", "front", 4)
    rig.simulated.scan("front", JJFI)
    rig.simulated.set_fault("stray-bytes", "front", None)
    rig.simulated.scan("front", "1" * 65)
    rig.simulated.scan("front", OTHER)
    await until(rig, scanned(OTHER))
    assert labels(rig) == [OTHER]


async def test_the_wire_log_says_what_was_refused_and_keeps_no_text(rig: Rig) -> None:
    rig.simulated.scan("front", "Maija Meikäläinen, Katu 1")
    rig.simulated.scan("front", "Matti Virtanen, Katu 2")
    rig.simulated.scan("front", "9" * 65)
    rig.simulated.scan("front", JJFI)
    await until(rig, scanned(JJFI))
    records = rig.hardware.wire_logs()["scanner side"].records()
    assert [record.text for record in records if record.direction is Direction.NOTED] == [
        "no label: it holds bytes that are no text",
        "label of 22 characters",
        "no label: it is longer than 64 characters",
        "label of 21 characters, letters and digits only",
    ]
    assert {record.text.strip("* ") for record in records if record.direction is Direction.RECEIVED} == {""}


async def test_a_scanner_that_is_unplugged_is_told_blocks_nothing_and_comes_back(rig: Rig) -> None:
    rig.simulated.unplug("scanner-front")
    lost = await rig.seen.until(lambda event: isinstance(event, PartLost))
    assert isinstance(lost, PartLost)
    assert (lost.part, lost.outage) == ("scanner side", False)
    before = len(rig.seen.events)
    await rig.simulated.type("front", "C")
    await until(rig, KeyPressed("front", Key.CLEAR))
    rig.hardware.unlock("3", 1)
    await rig.simulated.until(lambda: rig.simulated.door("3").state == "open", LIMIT_S, "door 3 open")
    rig.simulated.replug("scanner-front")
    await rig.seen.until(lambda event: event == PartRestored("scanner side"), after=before)
    rig.simulated.scan("front", JJFI)
    await until(rig, scanned(JJFI))


async def test_a_scanner_that_is_not_there_at_the_start_delays_nothing(tmp_path: Path) -> None:
    simulated = SimulatedAutomat(demo_plan(), directory=tmp_path)
    await simulated.start()
    seen = Seen()
    missing = ScannerSpec("side", PortSpec(str(tmp_path / "nothing"), 9600), "text", "front")
    hardware = LockerHardware(
        replace(wiring(simulated), scanners=[missing]),
        render=lambda message: [(str(message.text), "")],
        post=seen.post,
    )
    async with asyncio.timeout(2.5):  # below the limit for a first reading of the doors
        await hardware.start()
    lost = await seen.until(lambda event: isinstance(event, PartLost))
    assert isinstance(lost, PartLost)
    assert (lost.part, lost.outage) == ("scanner side", False)
    await hardware.stop()
    await simulated.stop()


async def test_more_labels_than_can_wait_are_not_taken(rig: Rig) -> None:
    for number in range(200):
        rig.hardware._emit_reading(scanned(f"A{number}"))
    rig.hardware._emit_reading(PartLost("scanner side", "gone", outage=False))
    await rig.seen.until(lambda event: isinstance(event, PartLost))
    assert len(labels(rig)) <= 64


async def test_tones_are_beeps_of_the_display_with_gaps_and_keys_are_silent(rig: Rig) -> None:
    rung: list[SimulatorEvent] = []
    rig.simulated.subscribe(lambda event: rung.append(event) if isinstance(event, Beeped) else None)
    display = rig.simulated.display("front")
    rig.hardware.sound("front", Tone.KEY)
    rig.hardware.sound("front", Tone.REMIND)
    await rig.simulated.until(lambda: display.beeps == 3, LIMIT_S, "three beeps")
    assert rung == [Beeped("front", 1)] * 3
    rig.hardware.sound("nowhere", Tone.WRONG)


async def test_ticks_are_beeps_until_they_are_ended(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locker.hardware.sounder.TICK_S", 0.03)
    display = rig.simulated.display("front")
    rig.hardware.tick("front", on=True)
    await rig.simulated.until(lambda: display.beeps >= 3, LIMIT_S, "three ticks")
    rig.hardware.tick("front", on=False)
    rig.hardware.tick("nowhere", on=True)


async def test_the_lamp_test_lights_every_cell_and_then_shows_the_latest_message(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locker.hardware.lamps.STEP_S", 0.3)
    monkeypatch.setattr("locker.hardware.sounder.TONE_GAP_S", 0.1)
    monkeypatch.setattr("locker.hardware.sounder.BEEP_GAP_S", 0.1)
    display = rig.simulated.display("front")
    rig.hardware.lamp_test("front")
    rig.hardware.lamp_test("nowhere")
    await rig.simulated.until(lambda: display.lines() == ("█" * 20,) * 2, LIMIT_S, "every cell lit")
    rig.hardware.show("front", say(Text.IDLE))
    await rig.simulated.until(lambda: display.text().strip() == "", LIMIT_S, "every cell dark")
    await rig.simulated.until(lambda: "idle" in display.text(), LIMIT_S, "the message")
    assert display.beeps == 7


async def test_what_the_daemon_says_to_everybody_ends_a_lamp_test(rig: Rig) -> None:
    rig.hardware.lamp_test("front")
    rig.hardware.show_everywhere(Text.IDLE)
    display = rig.simulated.display("front")
    await rig.simulated.until(lambda: "idle" in display.text(), 1.5, "the message")
