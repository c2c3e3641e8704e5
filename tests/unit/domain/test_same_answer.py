"""domain.md section 1: unknown, used and foreign codes get one and the same answer, in the same time.

Time is counted as calls that the interpreter makes while the OK key is decided: unlike a clock it
says the same on every machine. What is decided is compared whole: what is shown and sounded, what is
written, what is recorded.
"""

import hmac
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

import pytest

from locker.domain.automat import Automat, Decision
from locker.domain.codes import Code
from locker.domain.commands import (
    AuthorisePerson,
    Cause,
    ExpectDropOff,
    ReplaceCode,
    RevokePerson,
    WithdrawParcel,
)
from locker.domain.decide import decide
from locker.domain.events import Key, KeyPressed
from locker.domain.journal import EntryKind
from locker.domain.parcels import ParcelState, Role
from tests.unit.domain.stand import CODE_KEY, Stand

WRONG = {
    "unknown": "999999",
    "foreign": "888888",  # good at another automat, under whose key it has another tag
    "used": "100001",
    "withdrawn": "100002",
    "replaced": "100003",
    "withdrawn before it came": "100004",
    "drop-off, expired": "100005",
    "drop-off, not yet": "100006",
    "drop-off, done": "100007",
    "courier, not yet": "100008",
    "courier, revoked": "100009",
    "courier, expired": "100010",
    "technician, not yet": "100011",
    "announced, not here": "100012",
}
AT_A_BOUND_KEYPAD = {
    "of another door": "200001",
    "of another door, overdue": "200002",
    "of a courier": "200003",
    "of a technician": "200004",
    "of a sender": "200005",
    "of a sender whose box is another": "200006",
}
SAME_TIME = 1.03
"""No wrong code may cost more than this times what another one does."""


@dataclass
class Cost:
    """What the interpreter did: all calls, calls that make a keyed hash."""

    calls: int = 0
    hashes: int = 0


@pytest.fixture(scope="module")
def stand() -> Stand:
    """An automat at which every kind of wrong code is known, beside right ones."""
    stand = Stand(doors_with_keypads=["1"])
    now_at = stand.now.wall_at
    day = timedelta(days=1)
    stand.deliver(parcel(1), WRONG["used"])
    stand.press(f"C {WRONG['used']} OK")
    stand.opens_and_shuts()
    stand.wait(200)
    stand.deliver(parcel(2), WRONG["withdrawn"])
    assert stand.command(WithdrawParcel(parcel(2), Cause.CANCEL, "sent back")) is None
    stand.deliver(parcel(3), WRONG["replaced"])
    assert stand.command(ReplaceCode(parcel(3), CODE_KEY.tag(Code("300003")))) is None
    stand.announce(parcel(4), WRONG["withdrawn before it came"])
    assert stand.command(WithdrawParcel(parcel(4), Cause.CANCEL, "never sent")) is None
    expect(stand, 5, WRONG["drop-off, expired"], 0 * day, day)
    expect(stand, 6, WRONG["drop-off, not yet"], 20 * day, 30 * day)
    stand.drop_off(parcel(7), WRONG["drop-off, done"])
    stand.wait(31)
    authorise(stand, "c-8", Role.COURIER, WRONG["courier, not yet"], 20 * day, 30 * day)
    authorise(stand, "c-9", Role.COURIER, WRONG["courier, revoked"], 0 * day, 30 * day)
    assert stand.command(RevokePerson("c-9", Role.COURIER)) is None
    authorise(stand, "c-10", Role.COURIER, WRONG["courier, expired"], 0 * day, day)
    authorise(stand, "t-11", Role.TECHNICIAN, WRONG["technician, not yet"], 20 * day, 30 * day)
    stand.announce(parcel(12), WRONG["announced, not here"])
    overdue = stand.deliver(parcel(22), AT_A_BOUND_KEYPAD["of another door, overdue"])
    stand.wait(9 * 86_400)
    assert stand.parcel(parcel(22)).state is ParcelState.OVERDUE
    assert stand.deliver(parcel(21), AT_A_BOUND_KEYPAD["of another door"]) not in ("1", overdue)
    authorise(stand, "c-23", Role.COURIER, AT_A_BOUND_KEYPAD["of a courier"], 0 * day, 30 * day)
    authorise(stand, "t-24", Role.TECHNICIAN, AT_A_BOUND_KEYPAD["of a technician"], 0 * day, 30 * day)
    expect(stand, 25, AT_A_BOUND_KEYPAD["of a sender"], 0 * day, 30 * day)
    expect(stand, 26, AT_A_BOUND_KEYPAD["of a sender whose box is another"], 0 * day, 30 * day)
    stand.press(f"C {AT_A_BOUND_KEYPAD['of a sender whose box is another']} OK")
    assert stand.opens_and_shuts() != "1"
    stand.wait(100)
    assert stand.now.wall_at > now_at + 9 * day
    return stand


def parcel(number: int) -> str:
    return f"JJFI6543211000008{number:04d}"


def authorise(stand: Stand, holder: str, role: Role, code: str, after: timedelta, until: timedelta) -> None:
    now_at = stand.now.wall_at
    body = AuthorisePerson(holder, role, CODE_KEY.tag(Code(code)), now_at + after, now_at + until)
    assert stand.command(body) is None


def expect(stand: Stand, number: int, code: str, after: timedelta, until: timedelta) -> None:
    now_at = stand.now.wall_at
    body = ExpectDropOff(parcel(number), CODE_KEY.tag(Code(code)), now_at + after, now_at + until, "S")
    assert stand.command(body) is None


def typed(stand: Stand, code: str, keypad: str, automat: Automat | None = None) -> Automat:
    """Return the automat with a code typed and OK not yet pressed; the stand stays as it is."""
    automat = automat or stand.automat
    for key in ("C", *code):
        automat = decide(automat, KeyPressed(keypad, Key(key)), stand.now).automat
    return automat


def answer(stand: Stand, code: str, keypad: str = "front", automat: Automat | None = None) -> Decision:
    return decide(typed(stand, code, keypad, automat), KeyPressed(keypad, Key.OK), stand.now)


def cost(stand: Stand, code: str, keypad: str = "front") -> Cost:
    automat, event = typed(stand, code, keypad), KeyPressed(keypad, Key.OK)
    found = Cost()

    def count(frame: FrameType, what: str, _: object) -> None:
        if what in ("call", "c_call"):
            found.calls += 1
            found.hashes += what == "call" and frame.f_code is hmac.new.__code__

    return counted(lambda: decide(automat, event, stand.now), count, found)


def counted(work: Callable[[], object], count: Callable[[FrameType, str, object], None], found: Cost) -> Cost:
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return found


@pytest.mark.parametrize("code", WRONG.values(), ids=WRONG.keys())
def test_every_wrong_code_is_decided_alike(stand: Stand, code: str) -> None:
    unknown, decision = answer(stand, "999999"), answer(stand, code)
    assert [entry.kind for entry in decision.entries] == [EntryKind.CODE_MISSED]
    assert decision.intents == unknown.intents
    assert decision.entries == unknown.entries
    assert decision.changes == unknown.changes
    assert decision.automat.keypads == unknown.automat.keypads


@pytest.mark.parametrize("code", WRONG.values(), ids=WRONG.keys())
def test_a_second_wrong_code_is_decided_alike_too(stand: Stand, code: str) -> None:
    first = answer(stand, "999999").automat
    unknown, decision = answer(stand, "999999", automat=first), answer(stand, code, automat=first)
    assert (decision.intents, decision.entries, decision.changes) == (
        unknown.intents,
        unknown.entries,
        unknown.changes,
    )


@pytest.mark.parametrize("code", (WRONG | AT_A_BOUND_KEYPAD).values(), ids=(WRONG | AT_A_BOUND_KEYPAD).keys())
def test_every_wrong_code_is_decided_alike_at_a_keypad_of_one_door(stand: Stand, code: str) -> None:
    unknown, decision = answer(stand, "999999", "door-1"), answer(stand, code, "door-1")
    assert (decision.intents, decision.entries, decision.changes) == (
        unknown.intents,
        unknown.entries,
        unknown.changes,
    )


@pytest.mark.parametrize(
    ("keypad", "codes"),
    [("front", WRONG), ("door-1", WRONG | AT_A_BOUND_KEYPAD)],
    ids=["of the whole automat", "of one door"],
)
def test_every_wrong_code_makes_one_look_up_and_costs_the_same(
    stand: Stand, keypad: str, codes: dict[str, str]
) -> None:
    costs = {name: cost(stand, code, keypad) for name, code in codes.items()}
    assert {name: each.hashes for name, each in costs.items()} == dict.fromkeys(codes, 1)
    calls = {name: each.calls for name, each in costs.items()}
    assert max(calls.values()) <= SAME_TIME * min(calls.values()), calls


def test_right_codes_are_told_apart_so_that_the_comparison_means_something(stand: Stand) -> None:
    unknown = answer(stand, "999999")
    for code in AT_A_BOUND_KEYPAD.values():
        assert answer(stand, code).intents != unknown.intents
        assert cost(stand, code).hashes == 1


def test_during_a_lock_out_no_code_is_looked_up_at_all() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    stand.press("C 02420")
    for _ in range(stand.automat.rules.tokens):
        stand.press("C 999999 OK")
    for code in ("024204", "999999"):
        assert cost(stand, code).hashes == 0
