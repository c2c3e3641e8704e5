"""Doors, latches, coils, contacts and hands behave like steel, not like booleans."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.plan import CompartmentPlan, Contact, Polarity, demo_plan
from simulator.world import HandRefusedError, JamKind, World

PULSE_S = 0.3


def world(polarity: Polarity = "closes-when-shut", contact: Contact = "present") -> World:
    box = CompartmentPlan("1", "A", 1, "S", 380, 140, 600, 1, 1, contact=contact, polarity=polarity)
    return World([box], random.Random(1))


def opened() -> World:
    w = world()
    w.pulse("1", PULSE_S)
    w.step(2)
    return w


def seconds_until_wide_open(w: World, limit_s: float = 5.0) -> float:
    elapsed = 0.0
    while w.door("1").opening < 0.9:
        w.step(0.001)
        elapsed += 0.001
        assert elapsed < limit_s
    return elapsed


def test_a_pulse_throws_the_door_open_in_a_realistic_time() -> None:
    w = world()
    w.pulse("1", PULSE_S)
    assert 0.1 < seconds_until_wide_open(w) < 0.3


def test_door_states_come_in_order_and_once() -> None:
    w = world()
    w.pulse("1", PULSE_S)
    assert [event.state for event in w.step(2)] == ["unlatched", "ajar", "open"]
    w.push("1")
    assert [event.state for event in w.step(2)] == ["ajar", "unlatched", "shut"]


def test_a_world_at_rest_steps_a_year_at_once() -> None:
    w = opened()
    assert not w.moving
    assert w.step(31_536_000.0) == []


def test_without_a_pulse_nothing_opens_a_latched_door() -> None:
    w = world()
    w.pull("1")
    w.press("1")
    w.step(5)
    assert w.door("1").shut


def test_a_pulse_too_short_for_the_bolt_opens_nothing() -> None:
    w = world()
    w.pulse("1", 0.01)
    w.step(2)
    assert w.door("1").shut
    assert not w.door("1").energised


@given(dts=st.lists(st.floats(0.0001, 0.05), min_size=20, max_size=200))
@settings(max_examples=30, deadline=None)
def test_energy_never_grows_while_no_hand_works(dts: list[float]) -> None:
    w = world()
    w.pulse("1", PULSE_S)
    energy = w.energy("1")
    for dt_s in dts:
        w.step(dt_s)
        assert w.energy("1") <= energy + 1e-9
        energy = w.energy("1")
        assert 0 <= w.door("1").opening <= 1


def test_the_same_time_in_other_portions_gives_the_same_door() -> None:
    whole, parts = world(), world()
    whole.pulse("1", PULSE_S)
    parts.pulse("1", PULSE_S)
    whole.step(0.1)
    for _ in range(20):
        parts.step(0.005)
    assert whole.door("1").opening == pytest.approx(parts.door("1").opening, abs=1e-3)


def test_a_firm_push_latches() -> None:
    w = opened()
    w.push("1")
    w.step(2)
    assert w.door("1").shut


@pytest.mark.parametrize("strength", [0.1, 0.2, 0.3])
def test_a_push_too_weak_does_not_latch_and_the_door_springs_back(strength: float) -> None:
    w = opened()
    w.push("1", strength=strength)
    w.step(5)
    assert w.door("1").state == "open"
    assert not w.moving


def test_a_door_pushed_shut_while_the_coil_is_on_does_not_latch() -> None:
    w = opened()
    w.hold("1", energised=True)
    w.push("1")
    w.step(5)
    assert w.door("1").state == "open"
    w.hold("1", energised=False)
    w.push("1")
    w.step(5)
    assert w.door("1").shut


def test_a_worn_latch_never_holds() -> None:
    w = opened()
    w.set_fault("1", "worn-latch", True)
    w.push("1")
    w.step(5)
    assert w.door("1").state == "open"


def test_a_held_door_relatches_unseen_and_springs_only_when_let_go_in_time() -> None:
    w = world()
    w.hold_door("1")
    w.pulse("1", PULSE_S)
    w.step(2)
    assert w.door("1").shut
    assert not w.moving
    w.pulse("1", PULSE_S)
    w.hold_door("1")
    w.step(0.1)
    w.let_go("1")
    w.step(2)
    assert w.door("1").state == "open"


def test_an_open_door_can_be_held_half_way() -> None:
    w = world()
    w.pulse("1", PULSE_S)
    w.step(0.12)
    w.hold_door("1")
    w.step(10)
    assert w.door("1").state == "ajar"
    assert not w.moving


@pytest.mark.parametrize("kind", ["stuck", "press"])
def test_a_jammed_lock_ignores_pulses(kind: JamKind) -> None:
    w = world()
    w.set_fault("1", "jam", kind)
    for _ in range(3):
        w.pulse("1", PULSE_S)
        w.step(5)
    assert w.door("1").shut
    assert w.door("1").pulses == 3


def test_pressing_the_door_frees_a_latch_under_tension_for_the_next_pulse() -> None:
    w = world()
    w.set_fault("1", "jam", "press")
    w.press("1")
    w.step(1)
    assert w.door("1").shut
    w.pulse("1", PULSE_S)
    w.step(2)
    assert w.door("1").state == "open"


def test_pressing_does_not_help_a_lock_that_is_really_stuck() -> None:
    w = world()
    w.set_fault("1", "jam", "stuck")
    w.press("1")
    w.pulse("1", PULSE_S)
    w.step(2)
    assert w.door("1").shut


def test_a_late_lock_lets_go_after_the_pulse_is_over() -> None:
    w = world()
    w.set_fault("1", "jam", "late")
    w.pulse("1", PULSE_S)
    w.step(0.9)
    assert w.door("1").shut
    w.step(1)
    assert w.door("1").state == "open"


@pytest.mark.parametrize("help_of", ["pull", "press"])
def test_ice_lets_the_door_open_a_crack_until_a_hand_helps(help_of: str) -> None:
    w = world()
    w.set_fault("1", "jam", "ice")
    w.pulse("1", PULSE_S)
    w.step(5)
    assert w.door("1").state == "unlatched"
    assert w.contact("1")
    assert not w.moving
    getattr(w, help_of)("1")
    w.step(2)
    assert w.door("1").state == "open"


def test_a_weak_coil_needs_a_longer_pulse() -> None:
    w = world()
    w.set_fault("1", "weak-coil", 0.25)
    w.pulse("1", PULSE_S)
    w.step(2)
    assert w.door("1").shut
    w.pulse("1", 1.0)
    w.step(2)
    assert w.door("1").state == "open"


@pytest.mark.parametrize(("polarity", "shut_bit"), [("closes-when-shut", True), ("closes-when-open", False)])
def test_contact_polarity_is_wiring(polarity: Polarity, *, shut_bit: bool) -> None:
    w = world(polarity)
    assert w.contact("1") is shut_bit
    w.pulse("1", PULSE_S)
    w.step(2)
    assert w.contact("1") is not shut_bit


@pytest.mark.parametrize(
    ("fault", "bit"),
    [("contact-stuck-closed", True), ("contact-stuck-open", False), ("contact-missing", False)],
)
def test_a_lying_contact_never_changes(fault: str, *, bit: bool) -> None:
    w = world()
    w.set_fault("1", fault, True)
    assert w.contact("1") is bit
    w.pulse("1", PULSE_S)
    w.step(2)
    assert w.contact("1") is bit


def test_a_missing_contact_is_a_constant_bit() -> None:
    w = world(contact="missing")
    assert not w.contact("1")
    w.pulse("1", PULSE_S)
    w.step(2)
    assert not w.contact("1")


def test_a_bouncing_contact_chatters_for_its_time_and_then_tells_the_truth() -> None:
    w = world()
    w.set_fault("1", "contact-bounces", 0.05)
    w.pulse("1", 0.2)
    bits = []
    for _ in range(400):
        w.step(0.001)
        bits.append(w.contact("1"))
    changes = sum(a != b for a, b in itertools.pairwise(bits))
    assert 5 < changes < 51
    assert bits[-1] is False


def test_dice_of_the_same_seed_bounce_alike() -> None:
    def bits() -> list[bool]:
        w = world()
        w.set_fault("1", "contact-bounces", 0.05)
        w.pulse("1", 0.2)
        seen = []
        for _ in range(200):
            w.step(0.001)
            seen.append(w.contact("1"))
        return seen

    assert bits() == bits()


def test_no_hand_gets_into_a_shut_compartment() -> None:
    w = world()
    with pytest.raises(HandRefusedError, match="compartment 1 is shut"):
        w.put("1", "JJFI1")
    with pytest.raises(HandRefusedError, match="compartment 1 is shut"):
        w.take("1")


def test_parcels_go_in_and_come_out_and_the_light_barrier_sees_them() -> None:
    w = opened()
    assert not w.goods("1")
    w.put("1", "a")
    w.put("1", "b")
    assert w.goods("1")
    assert w.door("1").contents == ("a", "b")
    assert w.take("1") == ["a", "b"]
    assert not w.goods("1")


def test_a_goods_sensor_may_lie() -> None:
    w = opened()
    w.set_fault("1", "goods-stuck-on", True)
    assert w.goods("1")


def test_a_forced_door_opens_without_a_pulse() -> None:
    w = world()
    w.force("1")
    w.step(2)
    assert w.door("1").state == "open"
    assert w.door("1").pulses == 0


def test_an_unknown_compartment_or_jam_is_named() -> None:
    with pytest.raises(KeyError, match="no compartment '99'"):
        World(demo_plan().compartments, random.Random(0)).pulse("99", 0.3)
    with pytest.raises(HandRefusedError, match="stuck, late, press, ice"):
        world().set_fault("1", "jam", "glued")
