"""Technicians at the local socket who look after incidents and keypads, well and badly."""

from locker.domain.events import LabelScanned, MaintenanceAsked
from locker.domain.incidents import Settling
from locker.domain.keypad import UNOCCUPIED, BeingTried, Entering
from locker.domain.maintenance import (
    AcknowledgeIncident,
    ClearIncident,
    Device,
    Maintainer,
    ReleaseKeypad,
    TryDevice,
)
from tests.properties.strategies import CODE_OF, KEYPADS, PARCELS, TECHNICIANS
from tests.properties.world import World

MAIJA, OLLI = Maintainer("maija (1000)", "t-7"), Maintainer("olli (1001)", "t-8")
KINDS = 10
"""So many things may come next."""
RIGHT_CODES = (*dict.fromkeys(CODE_OF.values()), *TECHNICIANS.values())


def look_after(world: World, todo: list[tuple[int, int]]) -> None:
    """Take one step after another."""
    for kind, which in todo:
        _step(world, kind, which)


def _step(world: World, kind: int, which: int) -> None:
    by, keypad = (MAIJA, OLLI)[which % 2], KEYPADS[which % len(KEYPADS)]
    match kind:
        case 0:
            world.do(MaintenanceAsked(by, AcknowledgeIncident(_number(world, which))))
        case 1 | 2:
            _clear(world, by, _number(world, which))
        case 3:
            _guess(world, keypad, 7 if which % 4 == 0 else 0)
            world.do(MaintenanceAsked(by, ReleaseKeypad(keypad)))
        case 4:
            _begin_a_code(world, keypad)
            _try_keys(world, by, keypad)
        case 5:
            _try_keys(world, by, keypad)
        case 6:
            _type_a_right_code(world, keypad, RIGHT_CODES[which % len(RIGHT_CODES)])
        case 7:
            world.do(LabelScanned(keypad, PARCELS[which % len(PARCELS)]))
        case 8:
            device = (Device.NONE, Device.DISPLAY, Device.SOUNDER)[which % 3]
            world.do(MaintenanceAsked(by, TryDevice(keypad, device)))
        case _:
            world.wait(world.automat.rules.service_idle_s + 1 if which % 2 else 5)


def _guess(world: World, keypad: str, count: int) -> None:
    """Type wrong codes, perhaps until the keypad is guarded, unless somebody stands there."""
    known = world.automat.keypads.get(keypad)
    for number in range(count if known is not None and isinstance(known.flow, UNOCCUPIED) else 0):
        world.press(f"C {6000 + number} OK", keypad)
        world.wait(world.automat.rules.token_refill_s)


def _begin_a_code(world: World, keypad: str) -> None:
    """Press C and a digit, unless somebody stands there."""
    known = world.automat.keypads.get(keypad)
    if known is not None and isinstance(known.flow, UNOCCUPIED):
        world.press("C 1", keypad)


def _number(world: World, which: int) -> int:
    """Choose an incident, mostly an open one; at times one that is cleared or that there is not."""
    open_ones = sorted(world.automat.open_matters.values())
    if open_ones and which % 3:
        return open_ones[which % len(open_ones)]
    return which % (world.automat.facts.incidents_numbered + 2)


def _clear(world: World, by: Maintainer, number: int) -> None:
    before = world.automat.incidents.get(number)
    refused = world.do(MaintenanceAsked(by, ClearIncident(number, "a reason"))).refused
    boxes = world.automat.compartments
    by_word = before is not None and before.settling(boxes) is Settling.BY_WORD
    if refused is None:
        assert by_word, f"a word cleared {before}"
    elif before is not None and before.cleared_at is None:
        assert not by_word, f"{before} was not cleared"


def _try_keys(world: World, by: Maintainer, keypad: str) -> None:
    before = world.automat.keypads.get(keypad)
    refused = world.do(MaintenanceAsked(by, TryDevice(keypad, Device.KEYS))).refused
    if before is None:
        assert refused == "unknown-keypad"
        return
    busy = isinstance(before.flow, Entering) or not isinstance(before.flow, UNOCCUPIED | BeingTried)
    assert (refused is not None) is busy, f"{before.flow} was disturbed, or is a trial"


def _type_a_right_code(world: World, keypad: str, code: str) -> None:
    """Type a code that would do something, were it not for the trial."""
    known = world.automat.keypads.get(keypad)
    if known is None or not isinstance(known.flow, BeingTried):
        return
    attempts, credentials = world.automat.attempts, world.automat.credentials
    unlocks, entries = len(world.unlocks), len(world.entries)
    world.press(f"1 C {code} OK", keypad)
    assert isinstance(world.automat.keypads[keypad].flow, BeingTried), "a code ended a trial"
    assert (world.automat.attempts, world.automat.credentials) == (attempts, credentials)
    assert len(world.unlocks) == unlocks, "a code opened a door in a trial"
    assert not [each for each in world.entries[entries:] if each.kind.startswith("code.")]
