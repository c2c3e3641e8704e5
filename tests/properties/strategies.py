"""What may be drawn: parcels, people, codes, commands good and bad, times on both sides of every number."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from locker.domain.codes import Code, CodeTag
from locker.domain.commands import (
    AnnounceParcel,
    AuthorisePerson,
    BlockCompartment,
    Body,
    Cause,
    ExpectDropOff,
    LengthenDeadline,
    Mode,
    OpenCompartment,
    RegisterParcel,
    ReleaseGuard,
    ReleaseParcel,
    ReplaceCode,
    RevokePerson,
    SetMode,
    UnblockCompartment,
    WithdrawParcel,
)
from locker.domain.compartments import ContactKind, Fixture
from locker.domain.parcels import Role
from locker.domain.rules import Rules
from tests.unit.domain.stand import CODE_KEY

INBOUND = (
    *(f"JJFI6543211000007{number:04d}" for number in range(3)),
    "CC123456785FI",
    "OWNFORM7",
    *(f"JJFI6543211000007{number:04d}" for number in range(5, 24)),
)
"""Two of them are of other forms: a right S10, and one that only the back office knows."""
OUTBOUND = ("JJFI65432110000080001", "RR287043775FI", *(f"JJFI6543211000008{n:04d}" for n in range(2, 8)))
NEVER_ANNOUNCED = ("JJFI65432110000090001", "JJFI65432110000090002")
PARCELS = (*INBOUND, *OUTBOUND, *NEVER_ANNOUNCED)

CODES = ("1111", "2222", "024204", "3333")
CODE_OF = {parcel: CODES[number % len(CODES)] for number, parcel in enumerate(INBOUND)}
"""Parcels that share a code are one recipient's."""
DROP_OFF_CODE_OF = {parcel: ("515151", "525252", "535353")[n % 3] for n, parcel in enumerate(OUTBOUND)}
COURIERS = {"c-1": "7777", "c-2": "8888"}
TECHNICIANS = {"t-1": "9999"}
STRANGER = "1234"

KEYPADS = ("front", "side", "door-1")
"""The last is bound to compartment 1."""
SENSED = "3"
"""The compartment with a goods sensor."""
BLIND = ("2", "6")
"""Compartments without a contact."""
LABELS = ("1", "2", "3", "4", "5", "6")


def boxes() -> list[Fixture]:
    """Four small boxes, two large ones; one low, one sensed, two without a contact."""
    return [
        Fixture(
            label,
            "S" if number < 4 else "L",
            350,
            110 if number < 4 else 400,
            600,
            row=number,
            accessible=label == "4",
            contact=ContactKind.MISSING if label in BLIND else ContactKind.FITTED,
        )
        for number, label in enumerate(LABELS)
    ]


RULES = (
    Rules(heartbeat_s=3_600.0, back_office_may_lengthen=True),
    Rules(heartbeat_s=3_600.0, tokens=4, misses_alarm=3, misses_guard=6, retention_days=10),
)
"""As they are, and touchier, so that a few wrong codes reach every limit."""


def tag(code: str) -> CodeTag:
    """The tag of a code."""
    return CODE_KEY.tag(Code(code))


def announcement(parcel: str) -> AnnounceParcel:
    """An announcement that nothing speaks against; every sixth parcel is like no other."""
    code, kind = CODE_OF[parcel], INBOUND.index(parcel) % 6
    plain = AnnounceParcel(parcel, "S", tag(code), f"who has {code}")
    match kind:
        case 1:
            return replace(plain, dimensions_mm=(300, 100, 500))
        case 2:
            return replace(plain, size=None, dimensions_mm=(340, 390, 500))
        case 3:
            return replace(plain, accessible=True)
        case 4:
            return replace(plain, size="L")
        case 5:
            return replace(plain, services=frozenset({"cash-on-delivery"}))
        case _:
            return plain


parcels = st.sampled_from(PARCELS)
labels = st.sampled_from((*LABELS, "99"))
keypads = st.sampled_from((*KEYPADS[:2], *KEYPADS))
choices = st.integers(0, 9)
"""What somebody does next: 0 is the good way, so that examples shrink towards it."""
steps = st.one_of(st.just(0), choices, st.sampled_from((*[0] * 14, *range(10, 22))))
"""What somebody does next, or what comes in between; mostly the good way."""
seconds = st.sampled_from((1, 6, 9, 16, 31, 59, 61, 121, 181, 601, 700, 3_601))
long_seconds = st.sampled_from((86_400, 3 * 86_400, 8 * 86_400, 9 * 86_400))
off_s = st.sampled_from((0, 5, 61, 3_600, 6 * 86_400))
modes = st.sampled_from(Mode)

services = st.sampled_from(
    (frozenset(), frozenset(), frozenset({"cash-on-delivery"}), frozenset({"registered"}), frozenset({"no"}))
)
dimensions = st.sampled_from(
    (None, None, (300, 100, 500), (500, 300, 100), (340, 390, 500), (10, 10, 10), (2_000, 9, 9), (0, 1, 1))
)
announcements = st.builds(
    lambda parcel, size, dimensions_mm, services, coded, accessible: AnnounceParcel(
        parcel,
        size,
        tag(CODE_OF.get(parcel, STRANGER)) if coded else None,
        f"who has {CODE_OF.get(parcel)}",
        dimensions_mm=dimensions_mm,
        services=services,
        accessible=accessible,
    ),
    parcels | st.just("no id"),
    st.sampled_from(("S", "S", "L", None, "XXL")),
    dimensions,
    services,
    st.sampled_from((True, True, True, False)),
    st.booleans(),
)


def expectations(now_at: datetime) -> st.SearchStrategy[Body]:
    """Drop-offs that may be left from some time on."""
    return st.builds(
        lambda parcel, begins, lasts, size: ExpectDropOff(
            parcel,
            tag(DROP_OFF_CODE_OF.get(parcel, "1111")),
            now_at + timedelta(days=begins),
            now_at + timedelta(days=begins + lasts),
            size,
        ),
        st.sampled_from((*OUTBOUND, *OUTBOUND, INBOUND[0])),
        st.sampled_from((0, 0, 0, 1)),
        st.sampled_from((7, 7, 0)),
        st.sampled_from(("S", "L")),
    )


def rights(now_at: datetime) -> st.SearchStrategy[Body]:
    """Rights of people, given and taken."""
    people = {**COURIERS, **TECHNICIANS}
    holders = st.sampled_from(tuple(people))
    roles = st.sampled_from(Role)
    return st.one_of(
        st.builds(
            lambda holder, lasts: AuthorisePerson(
                holder,
                Role.TECHNICIAN if holder in TECHNICIANS else Role.COURIER,
                tag(people[holder]),
                now_at,
                now_at + timedelta(seconds=lasts),
            ),
            holders,
            st.sampled_from((0, 60, 300, 86_400, 365 * 86_400)),
        ),
        st.builds(RevokePerson, holders, roles),
    )


def doors(now_at: datetime) -> st.SearchStrategy[Body]:
    """What the back office asks of compartments, and of the whole automat."""
    return st.one_of(
        st.builds(OpenCompartment, labels, st.just("op-1"), st.just("a reason")),
        st.builds(OpenCompartment, labels, st.just("op-1"), st.just("a reason")),
        st.builds(BlockCompartment, labels, st.just("op-1"), st.just("a reason")),
        st.builds(UnblockCompartment, labels, st.just("op-1")),
        st.builds(SetMode, modes, st.just("op-1"), st.just("a reason")),
        st.builds(SetMode, st.just(Mode.NORMAL), st.just("op-1"), st.just("a reason")),
        st.builds(ReleaseGuard, keypads, st.just("op-1")),
    )


def changes(now_at: datetime, known: tuple[str, ...] = ()) -> st.SearchStrategy[Body]:
    """What may still be decided about a parcel: one that is known, or any."""
    parcels = st.sampled_from((*sorted(known), INBOUND[0], NEVER_ANNOUNCED[0]))
    return st.one_of(
        st.builds(WithdrawParcel, parcels, st.sampled_from(Cause), st.just("a reason")),
        st.builds(
            lambda parcel, code: ReplaceCode(parcel, tag(code), f"who has {code}"),
            parcels,
            st.sampled_from((*CODES, "4444")),
        ),
        st.builds(ReleaseParcel, parcels),
        st.builds(RegisterParcel, parcels),
        st.builds(
            lambda parcel, days: LengthenDeadline(parcel, now_at + timedelta(days=days)),
            parcels,
            st.sampled_from((-1, 1, 9, 20, 1_000)),
        ),
    )


def commands(now_at: datetime) -> st.SearchStrategy[Body]:
    """Every command, with arguments good and bad."""
    return st.one_of(announcements, expectations(now_at), rights(now_at), doors(now_at), changes(now_at))


envelopes = st.sampled_from(
    ("good",) * 12 + ("late", "foreign", "retained", "future", "long", "repeated", "reused")
)
