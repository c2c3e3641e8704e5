"""Technicians at the local socket: they open doors, look, and say what lies inside, well and badly."""

from locker.domain.events import MaintenanceAsked
from locker.domain.maintenance import (
    BlockDoor,
    CycleLock,
    Maintainer,
    OpenDoor,
    SayFound,
    UnblockDoor,
    Verdict,
)
from tests.properties.strategies import CODE_OF, NEVER_ANNOUNCED
from tests.properties.world import RUBBISH, World

MAIJA, OLLI = Maintainer("maija (1000)", "t-7"), Maintainer("olli (1001)", "t-8")
KINDS = 22
"""So many things may come next in a look; below 8 is the good way."""


def look(world: World, label: str, todo: list[int]) -> None:
    """Take the steps of one look into a box; each is what comes next there, or comes in between."""
    world.do(MaintenanceAsked(MAIJA, OpenDoor(label, "a reason")))
    for kind in todo:
        _step(world, label, kind)


def _step(  # noqa: C901  (one flat table of what may come next)
    world: World, label: str, kind: int
) -> None:
    match kind:
        case _ if kind < 8:
            _go_on(world, label)
        case 8:
            world.do(MaintenanceAsked(MAIJA, CycleLock(label)))
        case 9:
            world.do(MaintenanceAsked(OLLI, OpenDoor(str(int(label) % 6 + 1), "another reason")))
        case 10:
            world.put(label, RUBBISH)
        case 11:
            world.take(label)
        case 12:
            _look_and_say(world, label, Verdict.DIRTY)
        case 13:
            _look_and_say(world, label, Verdict.DAMAGED)
            _fetch(world, label)
        case 14:
            world.do(MaintenanceAsked(MAIJA, BlockDoor(label, "a reason")))
        case 15:
            world.do(MaintenanceAsked(OLLI, UnblockDoor(label)))
        case 16:
            world.pulse(label, 6)
            world.wait(6)
        case 17:
            world.wait(61)
        case 18:
            world.open_door(label)
        case 19:
            _look_and_say(world, label, Verdict.EMPTY)
        case 20:
            _leave_without_a_word(world, label)
            _jam(world, label)
            _fetch(world, label)
        case _:
            _say(world, label, Verdict.PARCEL, NEVER_ANNOUNCED[0])
            _say(world, label, Verdict.DAMAGED, NEVER_ANNOUNCED[0])
            world.do(MaintenanceAsked(OLLI, SayFound(label, Verdict.DIRTY)))
            _say(world, label, Verdict.EMPTY)
            _say(world, "99", Verdict.EMPTY)


def _go_on(world: World, label: str) -> None:
    """Do what comes next in a good look: the pulse, the hand that shuts the door, the word."""
    if label in world.pending:
        world.pulse(label, 0)
    elif world.ajar[label]:
        world.shut_door(label)
    elif label in world.automat.looks or label in world.automat.openings:
        inside = world.inside[label]
        known = world.automat.compartments.get(label)
        expected = None if known is None else world.automat.parcels.get(known.tracking_id or "")
        if not inside:
            _say(world, label, Verdict.EMPTY)
        elif inside[0] == RUBBISH or (expected is not None and expected.tracking_id == inside[0]):
            _say(world, label, Verdict.PARCEL)
        else:
            _say(world, label, Verdict.PARCEL, inside[0])
    else:
        world.do(MaintenanceAsked(MAIJA, OpenDoor(label, "a reason")))


def _look_and_say(world: World, label: str, verdict: Verdict) -> None:
    """Say it once the door was opened and shut, as far as nothing comes in between."""
    for _ in range(3):
        if label not in world.automat.looks:
            _go_on(world, label)
    _say(world, label, verdict)


def _leave_without_a_word(world: World, label: str) -> None:
    """Have the door opened, shut it, and go."""
    world.do(MaintenanceAsked(MAIJA, OpenDoor(label, "a reason")))
    world.pulse(label, 0)
    world.shut_door(label)


def _jam(world: World, label: str) -> None:
    """Have the door opened whose lock does not move this time."""
    world.do(MaintenanceAsked(OLLI, OpenDoor(label, "another reason")))
    while label in world.pending:
        world.pulse(label, 6)
        world.wait(world.automat.rules.open_wait_s + 1)
    world.jammed.discard(label)


def _fetch(world: World, label: str) -> None:
    """Let the recipient come for what lies inside, and the time for coming back run out."""
    known = world.automat.compartments.get(label)
    code = CODE_OF.get((known.tracking_id if known else None) or "")
    if code is not None:
        world.press(f"C {code} OK", "side")
        world.pulse(label, 0)
        world.shut_door(label)
        world.wait(world.automat.rules.reopen_window_s + 1)


def _say(world: World, label: str, verdict: Verdict, tracking_id: str | None = None) -> None:
    """Say it; honest people do not say what is not so."""
    false = _untrue(world, label, verdict, tracking_id)
    if false and world.honest:
        return
    if false:
        world.taint(label, *([tracking_id] if tracking_id else []))
    world.do(MaintenanceAsked(MAIJA, SayFound(label, verdict, tracking_id)))


def _untrue(world: World, label: str, verdict: Verdict, tracking_id: str | None) -> bool:
    inside = world.inside.get(label, [])
    if verdict is Verdict.EMPTY:
        return bool(inside)
    if verdict is not Verdict.PARCEL:
        return False
    if tracking_id is not None:
        return inside != [tracking_id]
    known = world.automat.compartments.get(label)
    parcel = world.automat.parcels.get((known.tracking_id if known else None) or "")
    return parcel is not None and parcel.inside and inside != [parcel.tracking_id]
