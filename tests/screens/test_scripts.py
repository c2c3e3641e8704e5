"""A script a role: what the journal and the doors tell ticks its steps, and sends it back."""

from typing import Any

import pytest

from simulator.front.arrivals import Arrivals
from simulator.front.guide import Guide, next_step
from simulator.people import Person
from simulator.world import DoorView
from tests.screens.stand import PARCEL, PEOPLE, SENT, entry_of

EVERYBODY = [
    *PEOPLE,
    Person("technician", "technician", "600100"),
    Person("sender", "sender 1", "305511", SENT),
]


def door(*contents: str, shut: bool = True) -> dict[str, DoorView]:
    state = "shut" if shut else "open"
    return {"3": DoorView("3", state, 0.0 if shut else 1.0, shut, False, 0, contents, None, {})}  # type: ignore[arg-type]  # a literal


class Play:
    """A guide that shows one script, and which step it calls next."""

    def __init__(self, title: str) -> None:
        self.guide = Guide(EVERYBODY)
        self.doors = door()
        while self.guide.title != title:
            self.guide.turn()

    def note(self, kind: str, subject: str | None = None, **data: Any) -> "Play":
        self.guide.note(entry_of(1, kind, subject, **data))
        return self

    @property
    def next(self) -> int | None:
        coming = next_step(self.texts)
        return None if coming is None else coming + 1

    @property
    def texts(self) -> Any:
        return self.guide.steps(self.doors, Arrivals().verdict)


def pulse(play: Play, purpose: str, subject: str | None = None) -> None:
    play.note("lock.pulse-intended", subject, purpose=purpose, compartment="3")


def test_every_role_has_its_script_and_they_come_round() -> None:
    guide = Guide(EVERYBODY)
    first = guide.title
    seen = []
    for _ in guide.titles:
        seen.append(guide.title)
        guide.turn()
    assert seen == guide.titles
    assert guide.title == first
    assert {"courier's round", "sender", "technician", "customer service", "suspect box"} < set(seen)


@pytest.mark.parametrize("title", Guide(EVERYBODY).titles)
def test_no_script_is_done_before_anything_happened_and_each_fits(title: str) -> None:
    play = Play(title)
    assert play.next == 1
    assert len(play.texts) <= 8
    assert all(len(step.text) <= 40 for step in play.texts)
    assert not [step for step in play.texts if "{" in step.text]


def test_a_senders_script() -> None:
    play = Play("sender")
    seen = [play.next]
    assert play.guide.bag({})[0] == SENT
    assert play.texts[0].text == "Sender: type C 305511 OK"
    pulse(play, "drop-off", SENT)
    seen.append(play.next)
    play.doors = door(SENT)
    seen.append(play.next)  # the door tells it before the journal does
    play.note("door.closed", SENT, compartment="3").note("parcel.dropped-off", SENT, compartment="3")
    seen.append(play.next)
    play.note("parcel.registered", SENT)
    seen.append(play.next)
    assert play.texts[0].text == "Sender: type C 305511 OK"
    play.note("courier.signed-in")
    pulse(play, "collect", SENT)
    seen.append(play.next)
    play.doors = door()
    play.note("door.closed", SENT, compartment="3").note("parcel.removed", SENT, compartment="3")
    seen.append(play.next)
    play.note("courier.signed-out")
    assert [*seen, play.next] == [1, 2, 3, 4, 5, 6, 8, None]


def test_a_drop_off_that_is_abandoned_begins_again() -> None:
    play = Play("sender")
    pulse(play, "drop-off", SENT)
    play.note("door.closed", SENT, compartment="3")
    assert play.next == 3
    play.note("deposit.abandoned", SENT, compartment="3")
    assert play.next == 1


def test_a_round_needs_something_to_collect() -> None:
    play = Play("courier's round")
    play.note("courier.signed-in").note("courier.signed-out")
    assert play.next == 1
    play.note("parcel.stored", PARCEL, compartment="3").note("parcel.overdue", PARCEL)
    assert play.next == 2
    play.note("courier.signed-in")
    pulse(play, "collect", PARCEL)
    play.doors = door(PARCEL)
    assert play.next == 4
    play.doors = door()
    assert play.next == 5
    play.note("courier.signed-out")
    assert play.next == 2, "the courier left before the word was given"
    play.note("courier.signed-in")
    pulse(play, "collect", PARCEL)
    play.note("door.closed").note("parcel.removed", PARCEL, compartment="3").note("courier.signed-out")
    assert play.next is None


def test_a_script_that_is_done_can_be_played_again() -> None:
    play = Play("technician")
    for _ in range(2):
        play.note("technician.signed-in")
        pulse(play, "inspect")
        play.note("compartment.inspected").note("technician.tested")
        assert play.next == 5
        play.note("technician.signed-out")
        assert play.next is None


def test_a_technician_who_was_cut_off_signs_in_again() -> None:
    play = Play("technician")
    play.note("technician.signed-in")
    pulse(play, "inspect")
    play.note("started")
    assert play.next == 1


def test_customer_service_ticks_in_any_order() -> None:
    play = Play("customer service")
    play.note("mode.changed", before="normal", after="frozen")
    play.note("command.applied", PARCEL, command="parcel.withdraw")
    done = [index + 1 for index, step in enumerate(play.texts) if step.done]
    assert done == [4, 7]
    play.note("command.refused", PARCEL, command="parcel.withdraw", reason="already-redirected")
    play.note("command.applied", PARCEL, command="parcel.replace-code")
    assert play.next == 2


def test_a_suspect_box_is_looked_into() -> None:
    play = Play("suspect box")
    play.note("courier.signed-in")
    assert play.next == 1, "nothing is suspect yet"
    play.note("opened.remotely", compartment="3").note("door.closed").note("courier.signed-in")
    assert play.next == 4
    pulse(play, "inspect")
    play.note("door.closed").note("compartment.inspected", verdict="empty").note("courier.signed-out")
    assert play.next is None
