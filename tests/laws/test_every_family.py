"""What holds for a lock board of every family, whatever the wire and the board do.

A family joins by its two registry lines. Where a checksum or a protocol without sequence numbers cannot see
something, the law says so here.
"""

import asyncio
import os
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Contact, UnlockAnswer
from drivers.errors import CallerMistake, NoAnswer
from drivers.registry import LOCK_BOARDS
from simulator.boards.families import BOARDS
from simulator.virtual_loop import run
from tests.laws.stand import UNPROTECTED, Stand, address_of, has_setting

FAMILIES = sorted(set(LOCK_BOARDS) & set(BOARDS))
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((family, {}) for family in FAMILIES),
    *(("xor-bcc", {"channels": count}) for count in (8, 32, 50)),
    ("xor-bcc", {"acknowledges": False, "address": 31}),
    # Its requests are repeated first, whether the setting says so or not.
    ("xor-bcc", {"edition": "kecheng"}),
    ("xor-bcc", {"edition": "kecheng", "echo": True, "channels": 12}),
    ("xor-bcc", {"byte_order": "first-byte-first", "pulse_s": 9, "channels": 12}),
]
ECHOING = [
    *((family, {"echo": True} if has_setting(family, "echo") else {}) for family in FAMILIES),
    ("xor-bcc", {"echo": True, "channels": 50}),
]

EXAMPLES = 1000 if os.environ.get("PROPERTIES") == "long" else 120
"""`PROPERTIES=long` looks longer; with `--hypothesis-profile=default` also elsewhere in every run."""
QUIET_S = 30.0
"""By then every late answer has come."""

FAULTS: list[tuple[str, float]] = [
    ("no-answer", 1),
    ("no-unlock-answer", 1),
    ("answer-after-pulse", True),
    ("garbage-in-front", 1),
    ("garbage-in-front", 4),
    ("wrong-checksum", 1),
    ("wrong-address", 1),
    ("wrong-channel", 1),
    ("late-answer", 0.3),
    ("late-answer", 0.81),
    ("late-answer", 2.5),
    ("duty-cycle", 15.0),
    ("busy", True),
    ("fragmented-replies", 0.004),
    ("fragmented-replies", 0.06),
    ("unsolicited-reports", 0x81),
    ("unsolicited-reports", 0x82),
    ("stale-answer-in-front", 1),
    ("report-within-answer", 1),
    ("alternate-function", 1),
    ("dead-board", True),
    ("cut", True),
]


@dataclass(frozen=True)
class Step:
    """One exchange: what was done, and what went wrong meanwhile."""

    action: str
    channel: int = 1
    faults: tuple[tuple[str, float], ...] = ()
    damage: tuple[str, int, int] | None = None
    cut_into: int | None = None
    garbage: bytes = b""
    hands: tuple[int, ...] = ()


@dataclass
class _Course:
    """What a run of steps has to remember."""

    stand: Stand
    since_s: float = 0.0
    spoken_s: float = 0.0
    was_old: bool = False
    may_misreport: bool = False
    may_misaddress: bool = False
    reports: int = 0
    problems: list[str] = field(default_factory=list)


steps = st.builds(
    Step,
    st.sampled_from(["read", "read", "unlock", "unlock", "identify", "read-neighbour"]),
    st.integers(1, 50),
    st.lists(st.sampled_from(FAULTS), max_size=2).map(tuple),
    st.none() | st.tuples(st.sampled_from(["to-host", "to-board"]), st.integers(0, 20), st.integers(1, 255)),
    st.none() | st.integers(1, 4),
    st.integers(0, 2**16).map(lambda seed: random.Random(seed).randbytes(seed % 5)),
    st.lists(st.integers(1, 50), max_size=3).map(tuple),
)


def test_every_family_has_both_halves() -> None:
    assert set(LOCK_BOARDS) == set(BOARDS)


@pytest.mark.parametrize(("family", "known"), VARIANTS, ids=str)
@given(several=st.lists(steps, min_size=1, max_size=5), seed=st.integers(0, 999), first=st.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_whatever_goes_wrong_no_wrong_door_no_wrong_state_and_in_step_again(
    family: str,
    known: dict[str, Any],
    several: list[Step],
    seed: int,
    first: bool,  # noqa: FBT001 - drawn by Hypothesis, no caller writes it
) -> None:
    run(_walk(family, known, several, seed, unlock_first=first))


@pytest.mark.parametrize(("family", "known"), ECHOING, ids=str)
@given(several=st.lists(steps, min_size=1, max_size=4), seed=st.integers(0, 999), first=st.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_same_on_a_line_that_echoes(
    family: str,
    known: dict[str, Any],
    several: list[Step],
    seed: int,
    first: bool,  # noqa: FBT001 - drawn by Hypothesis, no caller writes it
) -> None:
    run(_walk(family, known, several, seed, unlock_first=first, echo=True))


@pytest.mark.parametrize(("family", "known"), VARIANTS, ids=str)
def test_a_channel_that_is_not_there_and_all_at_once_are_refused_before_a_byte(
    family: str, known: dict[str, Any]
) -> None:
    async def main() -> None:
        stand = Stand(family, known)
        for wrong in (0, -1, stand.channels + 1, 255, 256, 0x1000):
            with pytest.raises(CallerMistake):
                await stand.driver.unlock(wrong)
        assert stand.modem.written == []
        await stand.stop()

    run(main())


@pytest.mark.parametrize(("family", "known"), VARIANTS, ids=str)
def test_each_channel_opens_its_own_lock_and_all_are_read(family: str, known: dict[str, Any]) -> None:
    async def main() -> None:
        stand = Stand(family, known)
        await stand.driver.rest_outputs()
        for channel in range(1, stand.channels + 1):
            await stand.driver.unlock(channel)
            await asyncio.sleep(1)
            assert stand.locks.pulsed == list(range(1, channel + 1))
        stand.locks.move(1, closed=True)
        contacts = await stand.driver.read_contacts()
        told = {channel: contacts[channel] for channel in range(1, stand.channels + 1)}
        assert told == {1: Contact.CLOSED} | dict.fromkeys(range(2, stand.channels + 1), Contact.OPEN)
        await stand.stop()

    run(main())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("flip", [0x01, 0x40, 0xFF])
@pytest.mark.parametrize("direction", ["to-host", "to-board"])
def test_no_single_damaged_byte_of_an_exchange_opens_or_tells_wrong(
    family: str, direction: str, flip: int
) -> None:
    if family in UNPROTECTED:
        pytest.skip("its frames have no checksum: PROTOCOL.md names what may pass")
    for action in ("read", "unlock"):
        for place in range(24):
            step = Step(action, 3, damage=(direction, place, flip), hands=(2, 5))
            run(_walk(family, {}, [step], 1, unlock_first=action == "read"))


async def _walk(
    family: str,
    known: dict[str, Any],
    several: list[Step],
    seed: int,
    *,
    unlock_first: bool,
    echo: bool = False,
) -> None:
    stand = Stand(family, known, seed=seed, others=[address_of(family, known) + 1])
    course = _Course(stand)
    # What the neighbour says must not be taken for what the board says: all its doors stand open.
    for channel in range(1, stand.channels + 1):
        stand.other_locks[0].move(channel, closed=False)
    if echo:
        stand.set_fault("echo", True)
    await stand.driver.rest_outputs()
    for step in several:
        if echo:
            stand.set_fault("echo", True)
        await _take(course, step)
        stand.heal()
    if echo:
        stand.set_fault("echo", True)
    await asyncio.sleep(QUIET_S)
    _judge_reports(course)
    course.was_old, course.since_s = False, asyncio.get_running_loop().time()
    for action in ("unlock", "read") if unlock_first else ("read", "unlock"):
        await _first_good(course, action)
    await stand.stop()
    if stand.other_locks[0].pulsed:
        course.problems.append(f"the neighbour pulsed {stand.other_locks[0].pulsed}")
    assert course.problems == []


async def _take(course: _Course, step: Step) -> None:
    stand, loop = course.stand, asyncio.get_running_loop()
    await _spoil(stand, step)
    # Without numbers in the frames an answer may be as old as the last thing that the board said.
    course.was_old |= any(name in ("late-answer", "stale-answer-in-front") for name, _ in step.faults)
    # Nobody asked for a report, so nothing tells that it names the neighbour.
    # Nor has anybody given the word to one of two boards: pieces of their reports mix, and a sum may fit.
    names = {name for name, _ in step.faults}
    course.may_misreport |= "wrong-channel" in names or {"fragmented-replies", "unsolicited-reports"} <= names
    # A late answer that claims to be the neighbour's is the neighbour's to whoever asks that.
    course.may_misaddress |= any(name == "wrong-address" for name, _ in step.faults)
    course.since_s = course.spoken_s if course.was_old else loop.time()
    began_s, said = loop.time(), stand.ear.spoken
    if step.action == "unlock":
        await _unlock(course, (step.channel - 1) % stand.channels + 1)
    else:
        await _ask(course, step.action)
    _judge_reports(course)
    if stand.ear.spoken > said:
        course.spoken_s = began_s


async def _spoil(stand: Stand, step: Step) -> None:
    for name, value in step.faults:
        stand.set_fault(name, value)
    for door in step.hands:
        # To and fro, so that the neighbour has something to report and is open again.
        for closed in (True, False):
            stand.other_locks[0].move(door % stand.channels + 1, closed=closed)
    if step.hands:
        # Reports of the same instant would only garble each other.
        await asyncio.sleep(0.001)
    for door in step.hands:
        place = (door - 1) % stand.channels + 1
        stand.locks.move(place, closed=not stand.locks.contact(place))
    if step.damage is not None and stand.family not in UNPROTECTED:
        stand.modem.damage(*step.damage)
    stand.modem.cut_into, stand.modem.garbage = step.cut_into, step.garbage


async def _unlock(course: _Course, channel: int) -> None:
    stand = course.stand
    sent, pulsed = len(stand.modem.written), len(stand.locks.pulsed)
    answer = await stand.driver.unlock(channel)
    _judge_unlock(course, channel, answer, stand.modem.written[sent:])
    if stand.locks.pulsed[pulsed:] not in ([], [channel]):
        course.problems.append(f"unlock {channel} pulsed {stand.locks.pulsed[pulsed:]}")


async def _ask(course: _Course, action: str) -> None:
    stand = course.stand
    sent, pulsed = len(stand.modem.written), len(stand.locks.pulsed)
    try:
        if action == "read":
            _judge_contacts(course, await stand.driver.read_contacts())
        elif action == "read-neighbour":
            told = await stand.other_drivers[0].read_contacts()
            closed = [n for n in told if n <= stand.channels and told[n] is Contact.CLOSED]
            if closed and not course.may_misaddress:
                course.problems.append(f"the neighbour told {closed} closed")
        else:
            await stand.driver.identify()
    except NoAnswer:
        pass
    if stand.locks.pulsed[pulsed:] or stand.pulses_written(stand.modem.written[sent:]):
        course.problems.append(f"{action} pulsed {stand.locks.pulsed[pulsed:]}")


async def _first_good(course: _Course, action: str) -> None:
    stand = course.stand
    if action == "read":
        contacts = await stand.driver.read_contacts()
        missing = set(range(1, stand.channels + 1)) - set(contacts)
        if missing:
            course.problems.append(f"the first good reading did not tell {sorted(missing)}")
        _judge_contacts(course, contacts)
        return
    sent, pulsed = len(stand.modem.written), len(stand.locks.pulsed)
    channel = stand.channels
    answer = await stand.driver.unlock(channel)
    _judge_unlock(course, channel, answer, stand.modem.written[sent:])
    if stand.locks.pulsed[pulsed:] != [channel]:
        course.problems.append(f"the first good unlock of {channel} pulsed {stand.locks.pulsed[pulsed:]}")


def _judge_unlock(course: _Course, channel: int, answer: UnlockAnswer, frames: list[bytes]) -> None:
    written = course.stand.pulses_written(frames)
    if written != [channel]:
        course.problems.append(f"unlock {channel} wrote unlock frames for {written}")
    if answer.contact is not None:
        _judge_contacts(course, {channel: answer.contact})


def _judge_contacts(course: _Course, contacts: Any) -> None:
    for channel, contact in contacts.items():
        if channel <= course.stand.channels and not course.stand.locks.was(channel, contact, course.since_s):
            course.problems.append(f"channel {channel} told {contact.value}, which it was not")


def _judge_reports(course: _Course) -> None:
    new = course.stand.reports[course.reports :]
    course.reports = len(course.stand.reports)
    for report in new:
        if course.may_misreport:
            continue
        if not course.stand.locks.was(report.channel, report.contact, 0.0):
            course.problems.append(f"reported {report.channel} {report.contact.value}, which it never was")
