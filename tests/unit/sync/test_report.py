"""The retained state: what the back office may know at a glance."""

import json
from dataclasses import replace

from locker.domain.commands import BlockCompartment, Cause, Mode, SetMode, WithdrawParcel
from locker.domain.events import Door, PartLost
from locker.domain.journal import ChainHead
from locker.sync.report import state_of
from tests.unit.domain.stand import Stand


def test_the_state_counts_free_compartments_by_size_and_names_open_incidents() -> None:
    stand = Stand()
    stand.deliver()
    stand.do(PartLost("board A", "no answer"))
    state = json.loads(state_of(stand.automat, ChainHead(1, 12, "0" * 64), stand.now, connected=True))
    assert state["free"] == {"S": 3, "L": 2}
    assert [(incident["kind"], incident["about"]) for incident in state["incidents"]] == [
        ("part-lost", "board A")
    ]
    assert state["health"] == "degraded"
    assert (state["epoch"], state["lastsequence"]) == (1, 12)


def test_a_size_with_no_free_compartment_is_named_with_zero() -> None:
    stand = Stand()
    for number in range(2):
        stand.deliver(f"JJFI6543211000007{number:04d}", code=f"55550{number}", size="L")
    state = json.loads(state_of(stand.automat, ChainHead(1, 1, "0" * 64), stand.now, connected=False))
    assert state["free"]["L"] == 0
    assert state["link"] == "offline"


def test_a_doubted_clock_is_told() -> None:
    stand = Stand()
    doubted = replace(stand.automat, facts=replace(stand.automat.facts, clock_doubted=True))
    state = json.loads(state_of(doubted, ChainHead(1, 1, "0" * 64), stand.now, connected=True))
    assert state["clock"] == "doubted"


def test_no_code_tag_is_in_the_state() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    tag = stand.parcel().code_tag
    assert tag is not None
    assert tag.encode() not in state_of(stand.automat, ChainHead(1, 1, "0" * 64), stand.now, connected=True)


def test_the_state_tells_the_mode_and_what_waits_for_people() -> None:
    stand = Stand()
    stand.deliver()
    stand.deliver("JJFI65432110000070774", code="5555")
    stand.command(WithdrawParcel("JJFI65432110000070774", Cause.CANCEL, "x"))
    stand.command(BlockCompartment("5", "desk 4", "wet paint"))
    stand.door("6", Door.OPEN)
    assert read(stand) == {"mode": "normal", "tocollect": 1, "suspect": 1, "blocked": 1}
    stand.command(SetMode(Mode.EVACUATE, "desk 4", "moving"))
    assert read(stand) == {"mode": "evacuate", "tocollect": 2, "suspect": 1, "blocked": 1}


def read(stand: Stand) -> dict[str, object]:
    state = json.loads(state_of(stand.automat, ChainHead(1, 1, "0" * 64), stand.now, connected=True))
    return {name: state[name] for name in ("mode", "tocollect", "suspect", "blocked")}
