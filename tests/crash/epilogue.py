"""What follows a kill: the daemon again, people who finish or go, and codes that open or stay dead."""

from simulator.broker import Broker
from simulator.people import Person
from tests.crash.stand import Stand

ANSWER_LIMIT_S = 40.0
EVERYTHING_TIMES_OUT_S = 300
"""Longer than any flow at a keypad or door waits for anybody."""
REFILL_S = 10 * 600
NOT_YET = ("Press C, code", "Code, then OK", "Type the code", "Door")
"""How displays begin that do not answer a code yet."""
UNKNOWN = "Code not recognised"
CODES_TRIED = 2
STILLBORN_SHARE, START_MOST_S = 0.5, 0.3
"""How often a daemon that was killed is killed once more while it starts, and how late."""
MISSES_OF_A_ROBOT = 8
WRONG_CODES = ("918273", "918274", "918275")
"""No two keys alike in a row: they would be taken for a bounce."""


async def finish(stand: Stand) -> None:
    """Bring an automat to rest after a kill, examining it at every turn."""
    witness = stand.witness
    await stand.in_the_dark()
    await _heal(stand)
    if stand.nursery.stillborn is None and stand.dice.random() < STILLBORN_SHARE:
        stand.be_stillborn(after_s=stand.dice.uniform(0.0, START_MOST_S))
    await stand.begin_again()
    await stand.leave_doors()
    await _guess_on(stand)
    await witness.examine()
    stand.demo.move_clock(EVERYTHING_TIMES_OUT_S)
    await witness.examine()
    await _try_codes(stand)
    await witness.examine()
    await witness.audit()


async def _heal(stand: Stand) -> None:
    """Take every trouble away that a story has made."""
    demo = stand.demo
    broker: Broker = demo.broker
    if not broker.running:
        await broker.restart()
    for name in demo.plan.ports():
        demo.automat.replug(name)
    for label, view in demo.automat.doors().items():
        for fault in view.faults:
            demo.automat.set_fault(fault, label, None)


async def _guess_on(stand: Stand) -> None:
    """Go on where a robot was guessing: nothing is evaluated any more."""
    if stand.witness.book.near_misses() >= MISSES_OF_A_ROBOT:
        for code in WRONG_CODES:
            await stand.stage.type(f"C {code} OK")
            await answer(stand, None)


async def _try_codes(stand: Stand) -> None:
    """Type codes of parcels that lie here, and of some that have left."""
    book, people = stand.witness.book, [one for one in stand.demo.people if one.tracking_id is not None]
    parcels = {one["tracking_id"]: one for one in (await stand.demo.ask("/v1/parcels?all=true"))["parcels"]}
    if any(pad.compartment is not None for pad in stand.demo.plan.keypads):
        return  # a code opens at its own door's keypad only
    stand.demo.move_clock(REFILL_S)
    stored = [one for one in people if parcels.get(one.tracking_id or "", {}).get("state") == "stored"]
    gone = [one for one in people if book.handed_over(one.tracking_id or "")]
    stored = [
        one for one in stored if not any(one.code == other.code for other in people if other is not one)
    ]
    for person in stored[:CODES_TRIED]:
        await collect(stand, person, str(parcels[person.tracking_id or ""]["compartment"]))
    for person in gone[:1]:
        await try_dead_code(stand, person)


async def collect(stand: Stand, person: Person, label: str) -> None:
    """Come with a right code: the door opens, or the display says why it may not now."""
    automat, stage, witness = stand.demo.automat, stand.stage, stand.witness
    tracking_id = person.tracking_id or ""
    if tracking_id in stand.unknown_codes:
        return
    await stage.type(f"C {person.code} OK")
    text = await answer(stand, label)
    if UNKNOWN in text:
        witness.find(f"the code of {tracking_id}, which lies in {label}, is not recognised")
    if automat.door(label).state != "open":
        stand.codes["excused"] += 1
        return
    stand.codes["opened"] += 1
    automat.take(label)
    await stand.push_shut(label)
    await stage.expect_entry("parcel.handed-over", subject=tracking_id, limit_s=ANSWER_LIMIT_S)
    witness.promise("parcel.handed-over", tracking_id)


async def try_dead_code(stand: Stand, person: Person) -> None:
    """Come with a code that was used up: no door opens."""
    pulses = stand.witness.pulses
    await stand.stage.type(f"C {person.code} OK")
    text = await answer(stand, None)
    if stand.witness.pulses != pulses:
        stand.witness.find(
            f"the code of {person.tracking_id}, which was handed over, has opened a door: {text}"
        )


async def answer(stand: Stand, label: str | None) -> str:
    """Wait until a door stands open, or the display says why none does."""
    automat = stand.demo.automat
    view = automat.display(stand.stage.display)

    def text() -> str:
        return " ".join(view.text().split())

    def answered() -> bool:
        opened = label is not None and automat.door(label).state == "open"
        return opened or not any(words in text() for words in NOT_YET)

    await automat.until(answered, ANSWER_LIMIT_S, "an answer to a code")
    return text()
