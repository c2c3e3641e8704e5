"""Codes that are typed after a kill: right ones must open unless the rules excuse it, dead ones must not."""

import asyncio
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulator.events import DisplayChanged, SimulatorEvent
from simulator.people import Person
from tests.crash.stand import Stand

ANSWER_LIMIT_S, SETTLE_LIMIT_S, PULSE_LIMIT_S = 40.0, 20.0, 10.0
EVERYTHING_TIMES_OUT_S, TIMES_OUT_MOST = 300, 4
"""Longer than any flow at a keypad or door waits for anybody, and how often that may be needed."""
OPERATOR = "Aino"
UNKNOWN = "Code not recognised"
LOCKED_OUT, GUARDED = "Too many attempts", "The keypad is locked"
FROZEN, SERVICED, UNPAID = "This automat is out of service", "This automat is being serviced", "not paid yet"
NOT_SHUT, NOT_OPENED, LEFT_OPEN = "Please shut door", "did not open", "is still open"
IN_USE, OVERDUE, LENGTH = "is in use", "The storage time has ended", "Wrong length"
REFUSED = re.compile(
    "|".join(
        map(
            re.escape,
            (
                UNKNOWN,
                LOCKED_OUT,
                GUARDED,
                FROZEN,
                SERVICED,
                UNPAID,
                NOT_SHUT,
                NOT_OPENED,
                LEFT_OPEN,
                IN_USE,
                OVERDUE,
                LENGTH,
            ),
        )
    )
)
"""What a display says when a code opens nothing; everything else is no answer yet."""
OPENS = re.compile(r"Door \S+ is opening|Take the parcel|Press lightly")
DOOR = re.compile(r"[Dd]oor (\S+?)\.?(?: |$)")
DOUBLED = re.compile(r"(.)\1")
ABOUT_A_DOOR = (NOT_SHUT, NOT_OPENED, LEFT_OPEN, IN_USE)


@dataclass(frozen=True)
class Circumstances:
    """What may excuse a door that does not open for its code."""

    mode: str
    guarded: bool
    tokens: float
    under_way: bool
    shut: bool
    commission: bool
    faulty: bool
    overdue: bool

    def excuse(self, text: str) -> bool:
        """Tell whether the rules allow this answer to a right code, after everything has timed out."""
        allowed = (
            (FROZEN, self.mode == "frozen"),
            (GUARDED, self.guarded),
            (LOCKED_OUT, self.tokens < 1),
            (NOT_SHUT, self.under_way or not self.shut),
            (LEFT_OPEN, not self.shut),
            (SERVICED, self.commission),
            (NOT_OPENED, self.faulty),
            (OVERDUE, self.overdue),
        )
        return any(words in text and so for words, so in allowed)


async def enter(stand: Stand, code: str, label: str | None = None) -> str:
    """Type a code and wait for its answer: what the display says, or nothing if the door was seen open.

    With no `label`, a display that says that a door opens is an answer as well.
    """
    automat, name = stand.demo.automat, stand.stage.display
    view, said = automat.display(name), list[str]()

    def note(event: SimulatorEvent) -> None:
        if isinstance(event, DisplayChanged) and event.display == name:
            said.append(_words(event.lines))

    def answer() -> str | None:
        now = _words(view.lines())
        # Whoever takes the parcel and shuts the door before the automat has seen it open is nobody.
        if label is not None and automat.door(label).state == "open" and "Take the parcel" in now:
            return ""
        # A display that shows already that this keypad is locked does not change.
        seen: list[str] = [*said, now] if LOCKED_OUT in now else said
        for text in seen:
            if label is None and OPENS.search(text):
                return text
            if REFUSED.search(text) and (label is None or not _of_another_door(text, label)):
                return text
        return None

    forget = automat.subscribe(note)
    try:
        await stand.stage.type(f"C {code} OK")
        await automat.until(lambda: answer() is not None, ANSWER_LIMIT_S, "an answer to a code")
        return answer() or ""
    finally:
        forget()


async def collect(stand: Stand, person: Person, label: str, *, must: bool = False) -> bool:
    """Come with a right code; true if the door opens. With `must` only the rules excuse that it does not."""
    automat, stage, witness = stand.demo.automat, stand.stage, stand.witness
    tracking_id = person.tracking_id or ""
    text = await enter(stand, person.code, label)
    if UNKNOWN in text and DOUBLED.search(person.code):
        # As for the courier's digits: the two came at once, and that is no matter of kills.
        stand.codes["retyped"] += 1
        text = await enter(stand, person.code, label)
    if text:
        stand.codes["excused"] += 1
        where = f"the code of {tracking_id}, which lies in {label},"
        if UNKNOWN in text:
            witness.find(f"{where} is not recognised")
        elif must and UNPAID in text and await _paid(stand, tracking_id):
            return await collect(stand, person, label, must=True)
        elif must:
            now = await circumstances(stand, tracking_id, label)
            if not now.excuse(text):
                witness.find(f"{where} does not open: {text!r}; {now}")
        return False
    stand.codes["opened"] += 1
    automat.take(label)
    await stand.push_shut(label)
    await stage.expect_entry("parcel.handed-over", subject=tracking_id, limit_s=ANSWER_LIMIT_S)
    witness.promise("parcel.handed-over", tracking_id)
    return True


async def circumstances(stand: Stand, tracking_id: str, label: str) -> Circumstances:
    """Ask the automat, and look at the door, what may keep a code from opening now."""
    demo, door = stand.demo, stand.demo.automat.door(label)
    status = await demo.ask("/v1/status")
    boxes = (await demo.ask("/v1/compartments"))["compartments"]
    box: dict[str, Any] = next(each for each in boxes if each["label"] == label)
    parcels = (await demo.ask("/v1/parcels?all=true"))["parcels"]
    deadline = next(one["deadline_at"] for one in parcels if one["tracking_id"] == tracking_id)
    return Circumstances(
        mode=status["mode"],
        guarded=stand.stage.keypad in status["guarded_keypads"],
        tokens=stand.witness.book.tokens(stand.stage.keypad, demo.steering.now().timestamp()),
        under_way=box["opening"] not in (None, "late"),
        shut=door.shut,
        commission=(await demo.ask("/v1/commission"))["under_way"],
        overdue=deadline is not None and datetime.fromisoformat(deadline) <= demo.steering.now(),
        faulty=bool(door.faults) or door.jam is not None or bool(status["lost_parts"]),
    )


async def try_dead_code(stand: Stand, person: Person) -> None:
    """Come with a code that was used up: no door opens."""
    witness, pulses = stand.witness, stand.witness.pulses
    text = await enter(stand, person.code)
    if OPENS.search(text):
        with suppress(TimeoutError):  # the frame leaves a moment after the words
            await stand.demo.automat.until(lambda: witness.pulses != pulses, PULSE_LIMIT_S, "a pulse")
    if witness.pulses != pulses:
        witness.find(f"the code of {person.tracking_id}, which was handed over, has opened a door: {text}")
    stand.codes["dead"] += 1


async def give_back(stand: Stand) -> None:
    """Take back what the back office, or a robot at the keypad, has closed the automat with."""
    office, status = stand.demo.backoffice, await stand.demo.ask("/v1/status")
    commands = [await office.release_guard(keypad, OPERATOR) for keypad in status["guarded_keypads"]]
    if status["mode"] != "normal":
        commands.append(await office.set_mode("normal", operator=OPERATOR, reason="back to normal"))
    for command in commands:
        await settled(stand, command)


async def settle(stand: Stand) -> None:
    """Let everything time out: nobody is at a keypad then, and no opening is under way."""
    busy: list[str] = []
    for _ in range(TIMES_OUT_MOST):  # what the back office asks for meanwhile begins anew
        stand.demo.move_clock(EVERYTHING_TIMES_OUT_S)
        busy = await _not_at_rest(stand)
        if not busy:
            return
    stand.witness.find(f"after everything has timed out there is still: {', '.join(busy)}")


async def lying_here(stand: Stand) -> list[tuple[Person, str]]:
    """Tell who has a right code now, and for which compartment: of each code only one parcel."""
    here = {
        one["tracking_id"]: str(one["compartment"])
        for one in (await stand.demo.ask("/v1/parcels?all=true"))["parcels"]
        if one["state"] == "stored" and one["direction"] == "inbound"
    }
    return [
        (one, here[one.tracking_id])
        for one in _holders(stand)
        if one.tracking_id in here
        and one.tracking_id not in stand.unknown_codes
        and stand.witness.knows_code(one.tracking_id or "")
    ]


def taken_away(stand: Stand) -> list[Person]:
    """Tell whose codes were used up by a handover."""
    return [one for one in _holders(stand) if stand.witness.book.handed_over(one.tracking_id or "")]


def _holders(stand: Stand) -> list[Person]:
    """Everybody with a code that belongs to one parcel alone."""
    people = [one for one in stand.demo.people if one.tracking_id is not None]
    codes = Counter(one.code for one in people)
    return [one for one in people if codes[one.code] == 1]


async def settled(stand: Stand, command: str) -> str | None:
    """Wait until the automat has answered a command of the back office; what became of it."""
    office = stand.demo.backoffice
    await office.until(lambda office: office.outcome(command) is not None, ANSWER_LIMIT_S, command)
    return office.outcome(command)


async def _not_at_rest(stand: Stand) -> list[str]:
    """Wait until nothing is under way any more; what it is that does not end."""
    demo, passed = stand.demo, asyncio.Event()
    forget = demo.automat.subscribe(lambda _event: passed.set())
    busy = ["nothing was looked at"]
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_LIMIT_S):
                while busy:
                    passed.clear()
                    pads = (await demo.ask("/v1/keypads"))["keypads"]
                    boxes = (await demo.ask("/v1/compartments"))["compartments"]
                    busy = [f"keypad {pad['name']}" for pad in pads if pad["occupied"]]
                    busy += [
                        f"opening of {box['label']}, {box['opening']}" for box in boxes if box["opening"]
                    ]
                    if busy:
                        await passed.wait()
    finally:
        forget()
    return busy


async def _paid(stand: Stand, tracking_id: str) -> bool:
    """Pay for a parcel; false if there was nothing to be paid."""
    return await settled(stand, await stand.demo.backoffice.release(tracking_id)) == "applied"


def _of_another_door(text: str, label: str) -> bool:
    """Tell whether a display still speaks of a door that somebody else had open."""
    named = DOOR.search(text)
    return any(words in text for words in ABOUT_A_DOOR) and named is not None and named[1] != label


def _words(lines: tuple[str, ...]) -> str:
    return " ".join(" ".join(lines).split())
