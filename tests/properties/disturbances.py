"""What comes between two steps of somebody at a keypad, aimed at what that person is doing."""

from locker.domain.commands import (
    BlockCompartment,
    Cause,
    Mode,
    OpenCompartment,
    RegisterParcel,
    ReleaseGuard,
    RevokePerson,
    SetMode,
    UnblockCompartment,
    WithdrawParcel,
)
from locker.domain.events import JournalAcknowledged, KeypadRecovered, PartRestored, StorageChanged
from locker.domain.incidents import IncidentKind
from locker.domain.parcels import Role
from locker.domain.times import Trust
from tests.properties.people import go_on
from tests.properties.strategies import KEYPADS, LABELS
from tests.properties.technicians import prove_all
from tests.properties.world import World

INTERRUPTIONS = 10
"""From this number on, a step is one of these."""
PARTS = ("line locks", "board A", "scanner front")


def interrupt(world: World, keypad: str, which: int) -> None:  # noqa: C901  (one flat table)
    """Let something come in between."""
    known = world.automat.keypads.get(keypad)
    flow = None if known is None else known.flow
    label, parcel = getattr(flow, "compartment", "") or "", getattr(flow, "tracking_id", "")
    person = getattr(flow, "courier_id", "") or getattr(flow, "person", "")
    match which:
        case 0:
            world.restart(off_s=5)
        case 1:
            world.wait(61)
        case 2:
            _meanwhile(world, keypad, Mode.FROZEN)
        case 3 if parcel:
            world.command(WithdrawParcel(parcel, Cause.CANCEL, "a reason"))
        case 4 if person:
            world.command(RevokePerson(person, Role.COURIER))
        case 5 if label:
            world.command(OpenCompartment(label, "op-1", "a reason"))
            world.pulse(label, 0)
            if world.ajar[label]:
                world.take(label)
            world.shut_door(label)
        case 6 if label:
            world.silence(label, silent=label not in world.silent)
        case 7 if label:
            world.open_door(label)
        case 8:
            other = KEYPADS[KEYPADS[0] == keypad]
            _somebody_else(world, other, parcel)
        case 9 if label:
            world.command(BlockCompartment(label, "op-1", "a reason"))
        case 10 if parcel:
            world.command(RegisterParcel(parcel))
        case 11:
            _meanwhile(world, keypad, Mode.EVACUATE)
        case _:
            world.wait(21)


def all_is_well(world: World) -> None:
    """Give back everything: modes, parts, contacts, rights, tokens; nobody stands anywhere any more."""
    world.set_clock(world.now.wall_at, Trust.TRUSTED)
    world.do(JournalAcknowledged(0, world.automat.journal_end, sent_at=world.now.wall_at))
    world.do(StorageChanged(low=False))
    for part in PARTS:
        world.do(PartRestored(part))
    for keypad in KEYPADS:
        world.do(KeypadRecovered(keypad))
        world.command(ReleaseGuard(keypad, "op-1"))
    if world.automat.facts.mode is not Mode.NORMAL:
        world.command(SetMode(Mode.NORMAL, "op-1", "a reason"))
    for label in LABELS:
        world.jammed.discard(label)
        if label in world.automat.compartments and world.automat.compartments[label].blocked:
            world.command(UnblockCompartment(label, "op-1"))
        world.silence(label, silent=False)
        world.shut_door(label)
    world.mismatch(mismatched=False)
    world.wait(2 * world.automat.rules.token_refill_s)
    if any(kind is IncidentKind.WRONG_DOOR for kind, _ in world.automat.open_matters):
        prove_all(world)


def _meanwhile(world: World, keypad: str, mode: Mode) -> None:
    """Go on for some steps in another mode."""
    world.command(SetMode(mode, "op-1", "a reason"))
    for choice in (4, 0, 7, 0):  # where there is a choice, the door is to open again
        go_on(world, keypad, choice)
    world.command(SetMode(Mode.NORMAL, "op-1", "a reason"))


def _somebody_else(world: World, keypad: str, parcel: str) -> None:
    """Another courier at another keypad, who names the same parcel, or looks into the same boxes."""
    world.press("C C 8888 OK", keypad)
    digits = "".join(filter(str.isdigit, parcel))
    world.press(f"{digits[-8:]} OK" if len(digits) >= 8 else "2 OK", keypad)
    for _ in range(4):
        go_on(world, keypad, 0)
