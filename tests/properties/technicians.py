"""A technician puts the automat into service: trials, labels read right and wrong, and interruptions."""

from locker.domain.commands import OpenCompartment
from locker.domain.events import (
    CommissionBegun,
    CommissionContinued,
    CommissionEnded,
    CommissionWritten,
    DoorProved,
    LockTrialAsked,
    LockTried,
)
from tests.properties.people import go_on
from tests.properties.strategies import KEYPADS, LABELS
from tests.properties.world import World

USER = "maija (1000)"
KINDS = 14
"""So many things may come next in a session; 0 and 1 are the good way."""


def begin(world: World) -> bool:
    """Ask for the automat; False if it is refused, or if somebody has it already."""
    return world.do(CommissionBegun(USER, "t-1")).refused is None


def go_through(world: World, todo: list[tuple[int, int]], ends: str) -> None:
    """Take the steps of one session, then end it, write what was proved, or simply leave."""
    proofs: dict[str, str] = {}
    for kind, which in todo:
        _step(world, kind, LABELS[which % len(LABELS)], LABELS[which // len(LABELS) % len(LABELS)], proofs)
    if ends == "leave":
        return
    if ends in ("end", "late"):
        world.do(CommissionEnded(USER))
    if ends in ("write", "late"):
        write(world, proofs)


def write(world: World, proofs: dict[str, str]) -> None:
    """Put into use what was proved: which output opens which door."""
    for label, output in proofs.items():
        world.output_of[label] = output
    known = world.automat.compartments
    contacts = {label: label not in world.no_contact for label in proofs if label in known}
    world.do(CommissionWritten(USER, "ab" * 32, {"A": "cd" * 32}, contacts, tuple(proofs)))
    for label in LABELS:
        world.silence(label, silent=label in world.silent)  # every door is told again


def prove_all(world: World) -> None:
    """Prove every door as it is, if nobody speaks against it."""
    if not begin(world):
        return
    proofs: dict[str, str] = {}
    for label in LABELS:
        _try(world, label, proofs)
    write(world, proofs)


def _try(world: World, label: str, proofs: dict[str, str], *, named: str | None = "") -> None:
    """Try one lock; read the label on the door that opens, another (`named`) or none, and shut it."""
    world.do(LockTrialAsked(USER, label))
    trial = world.trial
    if trial is None:
        return
    world.trial = None
    opened = world.opened_by[label]
    world.open_door(opened)
    contact = None if opened in world.no_contact else f"A/{opened}"
    world.do(LockTried(label, trial.number, () if contact is None else (contact,)))
    read = opened if named == "" else named
    if read is not None and world.do(DoorProved(USER, read, label, f"A/{label}", contact)).refused is None:
        for other in [other for other, output in proofs.items() if output == label]:
            del proofs[other]
        proofs[read] = label
    world.shut_door(opened)


def _step(  # noqa: C901  (one flat table of what may come next)
    world: World, kind: int, label: str, other: str, proofs: dict[str, str]
) -> None:
    keypad = KEYPADS[label > "3"]
    match kind:
        case 0 | 1:
            _try(world, label, proofs)
        case 2:
            _try(world, label, proofs, named=None)
        case 3:
            _try(world, label, proofs, named=other)
        case 4:
            world.do(LockTrialAsked(USER, label))
            if world.trial is not None:
                world.do(LockTried(label, world.trial.number, (), "the line is down"))
                world.trial = None
        case 5:
            world.do(LockTrialAsked(USER, label))
            world.open_door(world.opened_by[label])
            world.restart(off_s=5)
        case 6:
            world.press("C 1111 OK", keypad)
        case 7:
            world.command(OpenCompartment(label, "op-1", "a reason"))
            world.pulse(label, 0)
        case 8:
            world.wait(30)
            world.do(CommissionContinued())
        case 9:
            world.wait(world.automat.rules.service_idle_s + 1)
        case 10:
            world.press("C C 9999 OK 5", keypad)
            for _ in range(4):
                go_on(world, keypad, 0)
        case 11:
            begin(world)
        case 12:
            world.do(LockTrialAsked(USER, label))
            world.do(LockTrialAsked(USER, other))
        case _:
            world.do(LockTrialAsked(USER, "99"))
            world.do(LockTried(other, 99, (f"A/{other}",)))
