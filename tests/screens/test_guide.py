"""What to try next, told by entries and doors; and whether the chain of entries holds."""

from dataclasses import replace
from typing import Any

from simulator.events import DoorState
from simulator.front.arrivals import Arrivals
from simulator.front.guide import Guide, next_step
from simulator.world import DoorView
from tests.screens.stand import OTHER, PARCEL, PEOPLE
from tests.screens.stand import entry_of as entry


def door(state: DoorState = "shut", *contents: str) -> dict[str, DoorView]:
    """Compartment 3, the only one of these tests."""
    engaged = state == "shut"
    return {"3": DoorView("3", state, 0.0 if engaged else 1.0, engaged, False, 0, contents, None, {})}


class Course:
    """A guide that is told entries, and which step it calls next."""

    def __init__(self) -> None:
        self.guide = Guide(PEOPLE)
        self.arrivals = Arrivals()
        self.doors = door()
        self._count = 0

    def note(self, kind: str, subject: str | None = None, **data: Any) -> None:
        self._count += 1
        arrived = entry(self._count, kind, subject, **data)
        self.arrivals.add(arrived)
        self.guide.note(arrived)

    @property
    def next(self) -> int | None:
        coming = next_step(self.guide.steps(self.doors, self.arrivals.verdict))
        return None if coming is None else coming + 1

    def deliver(self, tracking_id: str) -> None:
        self.note("courier.signed-in")
        self.note("lock.pulse-intended", tracking_id, purpose="deposit", compartment="3")
        self.doors = door("shut", tracking_id)
        self.note("parcel.stored", tracking_id, compartment="3")
        self.note("courier.signed-out")


def test_each_step_is_ticked_by_what_happened() -> None:
    course = Course()
    seen = [course.next]
    course.note("courier.signed-in")
    seen.append(course.next)
    course.note("lock.pulse-intended", PARCEL, purpose="deposit", compartment="3")
    seen.append(course.next)
    course.doors = door("open", PARCEL)
    seen.append(course.next)
    course.doors = door("shut", PARCEL)
    seen.append(course.next)
    course.note("parcel.stored", PARCEL, compartment="3")
    seen.append(course.next)
    course.note("courier.signed-out")
    seen.append(course.next)
    course.note("code.accepted", PARCEL, compartment="3")
    seen.append(course.next)
    course.doors = door("open")
    seen.append(course.next)
    course.doors = door("shut")
    seen.append(course.next)
    course.note("parcel.handed-over", PARCEL, grade="A")
    seen.append(course.next)
    assert seen == [1, 2, 3, 3, 4, 5, 6, 7, 7, 8, None]
    assert course.guide.steps(course.doors, course.arrivals.verdict)[-1].text == "Receipt, entry 6: verified"


def test_the_steps_name_the_keys_to_press() -> None:
    steps = Guide(PEOPLE).steps(door(), Arrivals().verdict)
    text = "\n".join(step.text for step in steps)
    assert "C 482913 OK" in text
    assert "00000017 OK" in text
    assert "C 024204 OK" in text


def test_a_courier_whose_session_ended_has_to_sign_in_again() -> None:
    course = Course()
    course.note("courier.signed-in")
    course.note("courier.signed-out")
    assert course.next == 1
    course.note("courier.signed-in")
    course.note("started")
    assert course.next == 1


def test_an_attempt_asks_for_the_code_once_more() -> None:
    course = Course()
    course.deliver(PARCEL)
    course.note("code.accepted", PARCEL, compartment="3")
    assert course.next == 7
    course.note("parcel.attempted", PARCEL, compartment="3", reason="door-did-not-open")
    assert course.next == 6


def test_after_the_receipt_the_next_courier_brings_the_next_parcel() -> None:
    course = Course()
    course.deliver(PARCEL)
    course.note("code.accepted", PARCEL, compartment="3")
    course.doors = door()
    course.note("parcel.handed-over", PARCEL)
    assert (course.next, course.guide.current) == (None, PARCEL)
    course.note("courier.signed-in")
    assert (course.next, course.guide.current) == (2, OTHER)


def test_the_steps_follow_whoever_comes() -> None:
    course = Course()
    course.deliver(PARCEL)
    course.deliver(OTHER)
    course.note("code.accepted", PARCEL, compartment="3")
    assert course.guide.current == PARCEL


def test_a_receipt_counts_only_when_the_chain_holds() -> None:
    course = Course()
    course.deliver(PARCEL)
    torn = replace(entry(9, "parcel.handed-over", PARCEL), prevhash="another")
    course.arrivals.add(entry(8, "code.accepted", PARCEL))
    course.arrivals.add(torn)
    course.guide.note(torn)
    assert course.next == 8


def test_people_are_listed_with_their_codes_and_how_far_their_parcels_are() -> None:
    course = Course()
    course.deliver(PARCEL)
    courier, first, second = course.guide.people()
    assert (courier.name, courier.code, courier.parcels) == ("courier 1", "482913", ())
    assert (first.code, first.parcels) == ("024204", (("00000017", "in box 3", "in box 3"),))
    assert second.parcels == (("00000018", "to bring", "to bring"),)
    course.note("parcel.overdue", PARCEL)
    assert course.guide.people()[1].parcels[0] == ("00000017", "overdue", "overdue in box 3")


def test_the_bag_holds_what_lies_in_no_compartment() -> None:
    guide = Guide(PEOPLE)
    assert guide.bag(door()) == [PARCEL, OTHER]
    assert guide.bag(door("open", PARCEL)) == [OTHER]


def test_nobody_expects_a_parcel() -> None:
    guide = Guide(PEOPLE[:1])
    assert (guide.current, guide.steps(door(), Arrivals().verdict), guide.bag(door())) == (None, [], [])


def test_an_entry_is_verified_when_it_continues_the_one_before_it() -> None:
    arrivals = Arrivals()
    first, second, fourth = entry(1, "started"), entry(2, "code.missed"), entry(4, "code.missed")
    for each in (fourth, second, first):
        assert arrivals.add(each)
    assert not arrivals.add(second)
    assert arrivals.newest(2) == [fourth, second]
    assert [arrivals.verdict(each) for each in (first, second, fourth)] == [
        "verified",
        "verified",
        "gap before",
    ]
    arrivals.add(entry(3, "code.missed"))
    assert arrivals.verdict(fourth) == "verified"
    assert arrivals.verdict(replace(fourth, prevhash="another")) == "CHAIN BROKEN"
    assert arrivals.verdict(replace(first, prevhash="another")) == "CHAIN BROKEN"


def test_an_unpaid_parcel_and_one_without_a_code_say_what_customer_service_has_to_do() -> None:
    unpaid = Guide([PEOPLE[0], replace(PEOPLE[1], unpaid=True)])
    assert unpaid.steps(door(), Arrivals().verdict)[5].text == "o, 2: it is paid; then C 024204 OK"
    nobodys = Guide(PEOPLE[:1])
    nobodys.note(entry(1, "lock.pulse-intended", nobodys.book.make_stranger(), purpose="deposit"))
    assert "announce it" in nobodys.steps(door(), Arrivals().verdict)[5].text
