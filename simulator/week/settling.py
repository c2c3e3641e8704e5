"""What must come true when the troubles are over: all drains, every code opens, every door is known."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from locker.domain.compartments import Condition
from locker.domain.events import Door
from simulator.week.witness import PromiseBrokenError

if TYPE_CHECKING:
    from simulator.week.week import Week

QUIET_S = 4 * 3600.0
"""Until clocks are believed, parts and tokens are back, and connections stand again."""
IDLE_S = 130.0
"""Until the keypad belongs to nobody any more, whoever left it and how."""
REOPENING_S = 200.0
"""Until the last recipient's code opens no longer, and the box is offered again."""
DRAIN_LIMIT_S = 3600.0
ROUNDS = 3


async def settle(week: "Week") -> None:
    """Let everybody behave and nothing break any more; PromiseBrokenError says what did not come to rest."""
    await week.end_troubles()
    week.people.behave()
    week.trace.add("week", "the troubles are over")
    for keypad in week.stand.plan.keypads:
        await week.stand.office.release_guard(keypad.id, "operator-1")
    await week.stand.office.set_mode("normal", operator="operator-1", reason="all is well")
    for tracking_id in week.people.owing:
        await week.stand.office.release(tracking_id)
    await week.do(week.people.visit("a passer-by", week.people.pass_by))
    await week.pause(QUIET_S)
    await week.do(week.people.visit("a passer-by", week.people.pass_by))
    await week.pause(60.0)
    _is_served(week)
    in_doubt = sorted(week.witness.was_blind)
    await _visit(week, "a technician with a laptop", lambda: week.technician.put_right(in_doubt))
    _doors_are_known(week)
    _nothing_lies_too_long(week)
    for _ in range(ROUNDS):
        await _visit(week, "the courier", week.people.fetch)
        await _visit(week, "the courier", week.people.look)
    await _every_code_opens(week)
    await week.pause(REOPENING_S)
    _boxes_are_free(week)
    await _ledger_equals_journal(week)
    _parcels_are_where_the_journal_says(week)


def _is_served(week: "Week") -> None:
    if not week.stand.is_served:
        raise PromiseBrokenError("hours after the last trouble nobody is served")


def _doors_are_known(week: "Week") -> None:
    for label, box in week.stand.state.compartments.items():
        truth = Door.OPEN if week.stand.automat.door(label).open else Door.SHUT
        if box.door is not truth:
            raise PromiseBrokenError(f"door {label} is {truth.value}, the automat believes {box.door.value}")


def _nothing_lies_too_long(week: "Week") -> None:
    """What nothing has interrupted ends in time; an outage lengthens what it falls into."""
    if not week.had_troubles and (late := week.witness.late()):
        raise PromiseBrokenError(f"parcels {late} are still to be collected, and their last day is over")


async def _visit(week: "Week", who: str, what: Callable[[], Awaitable[None]]) -> None:
    await week.do(week.people.visit(who, what))
    await week.pause(IDLE_S)


async def _every_code_opens(week: "Week") -> None:
    """Let everybody collect whose parcel lies there, is theirs, and has not come to its end."""
    people, witness = week.people, week.witness
    for tracking_id in list(people.waiting):
        label = witness.where.get(tracking_id)
        if label is None or tracking_id in witness.ended or tracking_id in people.withdrawn:
            continue
        if tracking_id not in week.stand.automat.door(label).contents or label in witness.was_blind:
            continue
        person = people.rightful(tracking_id, witness.applied_for(tracking_id))
        if person is None:
            continue
        await _visit(week, "a recipient", partial(people.collect, person))
        if witness.where.get(tracking_id) is not None:
            raise PromiseBrokenError(
                f"parcel {tracking_id} lies in {label} and its code did not open it; "
                f"the display says {week.front.text()!r}"
            )


async def _ledger_equals_journal(week: "Week") -> None:
    """Every entry is at the back office, once, in order."""
    ledger, automat_id = week.stand.office.ledger, week.stand.plan.automat_id
    waited_s = 0.0
    while True:
        head = week.stand.daemon.engine.head
        if ledger.progress(automat_id, head.epoch).through >= head.sequence:
            break
        if waited_s > DRAIN_LIMIT_S:
            through = ledger.progress(automat_id, head.epoch).through
            raise PromiseBrokenError(
                f"the ledger has entries up to {through} of {head.sequence}, and no more"
            )
        await week.pause(30.0)
        waited_s += 30.0
    rows = {(row.epoch, row.sequence): row for row in ledger.rows(automat_id)}
    for key, entry in week.witness.entries.items():
        row = rows.get(key)
        if row is None:
            raise PromiseBrokenError(f"entry {key[0]}-{key[1]} {entry.kind} is not in the ledger")
        if row.payload != entry.payload:
            raise PromiseBrokenError(f"entry {key[0]}-{key[1]} differs in the ledger")
    unheard = sorted(rows.keys() - week.witness.entries.keys())
    if unheard:
        raise PromiseBrokenError(f"the ledger has {unheard[:3]}, which the automat never committed")
    faults = [f"{row.epoch}-{row.sequence}: {row.fault}" for row in rows.values() if row.fault]
    forks = ledger.forks(automat_id, head.epoch)
    if faults or forks or week.stand.office.unproven:
        raise PromiseBrokenError(f"the ledger is not sound: {faults} {forks} {week.stand.office.unproven}")


def _boxes_are_free(week: "Week") -> None:
    """A sound box of which the journal says that nothing lies in it is kept for nobody."""
    inside = set(week.witness.where.values())
    for label, box in week.stand.state.compartments.items():
        if box.condition is Condition.SOUND and label not in inside and box.tracking_id is not None:
            raise PromiseBrokenError(f"{label} is kept for {box.tracking_id}, which is not there any more")


def _parcels_are_where_the_journal_says(week: "Week") -> None:
    """What lies where nobody is sure, or where somebody lied, the journal does not claim to know."""
    state, truth = week.stand.state, week.people.truth
    for label, box in state.compartments.items():
        if box.condition is not Condition.SOUND or label in week.witness.was_blind:
            continue
        lies = set(week.front.holds(label)) - truth.lied
        told = {each for each, at in week.witness.where.items() if at == label} - truth.lied
        if lies != told:
            raise PromiseBrokenError(f"in {label} lie {sorted(lies)}, by the journal {sorted(told)}")
