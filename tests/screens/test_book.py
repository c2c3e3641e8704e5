"""Parcels as the front knows them: how far each is, whose code is whose, and what lies at hand."""

from typing import Any

import pytest

from simulator.front.book import Book, digits, named
from simulator.people import Person
from tests.screens.stand import OTHER, PARCEL, PEOPLE, SENT, entry_of

SENDER = Person("sender", "sender 1", "305511", SENT)
UNPAID = Person("recipient", "recipient 4", "118812", OTHER, unpaid=True)


def told(book: Book, tracking_id: str) -> str:
    return book.parcels[tracking_id].told


def note(book: Book, kind: str, subject: str, **data: Any) -> None:
    book.note(entry_of(1, kind, subject, **data))


@pytest.mark.parametrize(
    ("kind", "data", "state", "brief"),
    [
        ("parcel.stored", {"compartment": "3"}, "in box 3", "in box 3"),
        ("parcel.overdue", {}, "overdue", "overdue"),
        ("parcel.handed-over", {"grade": "A"}, "collected", "collected"),
        ("parcel.removed", {"compartment": "3"}, "removed", "removed"),
        ("parcel.missing", {"compartment": "3"}, "missing", "missing"),
        ("parcel.found", {"compartment": "5"}, "withdrawn in box 5", "withdrawn"),
        ("command.applied", {"command": "parcel.withdraw"}, "cancelled", "cancelled"),
        ("command.refused", {"command": "parcel.announce", "reason": "too-large"}, "refused", "refused"),
        ("command.refused", {"command": "parcel.withdraw", "reason": "late"}, "to bring", "to bring"),
    ],
)
def test_a_parcel_is_as_far_as_the_journal_tells(
    kind: str, data: dict[str, Any], state: str, brief: str
) -> None:
    book = Book(PEOPLE)
    note(book, kind, PARCEL, **data)
    assert (told(book, PARCEL), book.parcels[PARCEL].brief) == (state, brief)


def test_a_withdrawn_parcel_stays_in_its_box_until_a_courier_takes_it() -> None:
    book = Book(PEOPLE)
    note(book, "parcel.stored", PARCEL, compartment="3")
    assert not book.anything_to_collect()
    note(book, "command.applied", PARCEL, command="parcel.withdraw")
    assert told(book, PARCEL) == "withdrawn in box 3"
    assert book.anything_to_collect()


def test_a_known_parcel_that_is_announced_again_is_not_refused_by_that() -> None:
    book = Book(PEOPLE)
    note(book, "command.applied", PARCEL, command="parcel.announce")
    note(book, "command.refused", PARCEL, command="parcel.announce", reason="already-announced")
    assert told(book, PARCEL) == "to bring"


def test_what_a_sender_leaves_is_registered_later() -> None:
    book = Book([SENDER])
    assert told(book, SENT) == "to send"
    note(book, "parcel.dropped-off", SENT, compartment="7")
    assert told(book, SENT) == "dropped off in box 7"
    note(book, "parcel.registered", SENT)
    assert told(book, SENT) == "registered in box 7"
    note(book, "parcel.removed", SENT, compartment="7")
    note(book, "parcel.registered", SENT)
    assert told(book, SENT) == "removed"


def test_unpaid_shows_until_it_is_paid() -> None:
    book = Book([UNPAID])
    assert (told(book, OTHER), book.parcels[OTHER].brief) == ("to bring, unpaid", "unpaid")
    note(book, "parcel.stored", OTHER, compartment="2")
    assert (told(book, OTHER), book.parcels[OTHER].brief) == ("in box 2, unpaid", "unpaid 2")
    note(book, "command.applied", OTHER, command="parcel.release")
    assert told(book, OTHER) == "in box 2"


def test_another_code_takes_the_old_ones_place() -> None:
    book = Book(PEOPLE)
    book.meet([PEOPLE[0], Person("recipient", "recipient 1", "999000", PARCEL), PEOPLE[2]])
    assert [line.code for line in book.people()] == ["482913", "999000", "771002"]


def test_whom_the_script_needs_comes_first() -> None:
    book = Book([*PEOPLE, SENDER])
    assert [line.name for line in book.people(["sender", "courier"])] == [
        "sender 1",
        "courier 1",
        "recipient 1",
        "recipient 2",
    ]


def test_a_parcel_of_nobody_becomes_somebodys_when_it_is_announced() -> None:
    book = Book(PEOPLE)
    stranger = book.next_stranger()
    assert book.make_stranger() == stranger != book.next_stranger()
    assert stranger in book.bag({}, None)
    assert book.people()[-1].name == "nobody's"
    note(book, "parcel.stored", stranger, compartment="1")
    book.meet([*PEOPLE, Person("recipient", "recipient 3", "555000", stranger)])
    assert book.people()[-1].parcels == ((digits(stranger), "in box 1", "in box 1"),)
    assert (book.people()[-1].name, book.people()[-1].code) == ("recipient 3", "555000")


def test_the_parcel_that_a_door_was_opened_for_is_at_hand_first() -> None:
    book = Book([*PEOPLE, SENDER])
    assert book.bag({}, SENT)[0] == SENT
    note(book, "lock.pulse-intended", OTHER, purpose="deposit", compartment="3")
    assert book.bag({}, SENT)[:2] == [OTHER, SENT]
    note(book, "parcel.stored", OTHER, compartment="3")
    note(book, "parcel.handed-over", OTHER)
    assert book.bag({}, SENT) == [SENT, PARCEL, OTHER]


def test_a_code_is_shown_of_whoever_can_still_play() -> None:
    book = Book([*PEOPLE, SENDER, Person("sender", "sender 2", "400400", SENT[:-1] + "9")])
    assert (book.code_of("sender"), book.code_of("technician")) == ("305511", "nobody's")
    note(book, "parcel.dropped-off", SENT, compartment="7")
    assert book.code_of("sender") == "400400"


def test_things_without_a_number_keep_their_name() -> None:
    assert (named("dirt"), named(PARCEL)) == ("dirt", "00000017")


def test_who_has_nothing_left_to_play_for_is_listed_below() -> None:
    book = Book(PEOPLE)
    note(book, "parcel.handed-over", PARCEL)
    assert [line.name for line in book.people(["courier", "recipient"])] == [
        "courier 1",
        "recipient 2",
        "recipient 1",
    ]
