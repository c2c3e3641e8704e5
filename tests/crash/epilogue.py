"""What follows a kill: the daemon again, people who finish or go, and codes that open or stay dead."""

import json

from simulator.broker import Broker
from simulator.people import Person, new_code, new_tracking_id
from tests.crash.codes import collect, enter, give_back, lying_here, settle, taken_away, try_dead_code
from tests.crash.stand import Stand
from tests.crash.tales import put_back

REFILL_S = 10 * 600
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
    owed = _stayed_in_safe_mode(stand)
    told = stand.witness.stays_told()
    if stand.nursery.stillborn is None and stand.dice.random() < STILLBORN_SHARE:
        stand.be_stillborn(after_s=stand.dice.uniform(0.0, START_MOST_S))
    await stand.begin_again()
    if owed and stand.witness.stays_told() == told:
        witness.find("it was in safe mode, and no entry tells of it")
    await stand.leave_doors()
    await _guess_on(stand)
    await witness.examine()
    await settle(stand)
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
    if demo.backoffice._task is None:  # a story had closed it
        await demo.start_backoffice()
    demo.backoffice.conduct.refuse.clear()  # the entry that it meant may be another one now
    for name in demo.plan.ports():
        demo.automat.replug(name)
    for label, view in demo.automat.doors().items():
        for fault in view.faults:
            demo.automat.set_fault(fault, label, None)
    put_back(demo.place.database)


def _stayed_in_safe_mode(stand: Stand) -> bool:
    """Tell whether the file beside the database knows of a stay that the journal may not know of."""
    try:
        record = json.loads(stand.demo.place.database.with_name("starts").read_bytes())
    except FileNotFoundError:
        return False
    return record["episode"] is not None


async def _guess_on(stand: Stand) -> None:
    """Go on where a robot was guessing: nothing is evaluated any more."""
    if stand.witness.book.near_misses() >= MISSES_OF_A_ROBOT:
        for code in WRONG_CODES:
            await enter(stand, code)


async def _try_codes(stand: Stand) -> None:
    """Type codes of parcels that lie here, or of one that is brought now, and of some that have left."""
    stand.demo.move_clock(REFILL_S)
    await give_back(stand)
    here = await lying_here(stand) or await _bring_one(stand)
    gone, opened = taken_away(stand), False
    for person, label in here[:CODES_TRIED]:
        opened = await collect(stand, person, label, must=True) or opened
    stand.proved += opened
    for person in gone[:1]:
        await try_dead_code(stand, person)


async def _bring_one(stand: Stand) -> list[tuple[Person, str]]:
    """Let a courier bring a parcel, if there is room for one."""
    boxes = (await stand.demo.ask("/v1/compartments"))["compartments"]
    if not any(box["free"] for box in boxes):
        return []
    # An announcement that was cut short may have used the next tracking id.
    people = stand.demo.people
    people.append(Person("recipient", "nobody", new_code(people, stand.dice), new_tracking_id(people)))
    await stand.stage.deliver()
    return await lying_here(stand)
