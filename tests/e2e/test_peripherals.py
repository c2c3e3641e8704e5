"""Unusual keypads, and dead displays and scanners: codes, doors and receipts go on, whatever stands there."""

from dataclasses import replace

import pytest

from simulator.locker_sim import LockerSim
from simulator.plan import DisplayPlan, KeypadPlan, demo_plan

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]


def test_without_display_and_scanner_a_recipient_still_collects(locker_sim: LockerSim) -> None:
    first, second = locker_sim.deliver(code="123456"), locker_sim.deliver(code="654321")
    locker_sim.type("C 123")
    locker_sim.unplug("display-front")
    locker_sim.unplug("scanner-front")
    locker_sim.expect("incident.raised", incident="display-lost", about="display front")
    locker_sim.expect("incident.raised", incident="scanner-lost", about="scanner front")
    locker_sim.type("456 OK")
    locker_sim.see_door(first.compartment or "", "open")
    assert locker_sim.take(first.compartment or "") == [first.tracking_id]
    locker_sim.shut(first.compartment or "")
    assert locker_sim.expect("parcel.handed-over", subject=first.tracking_id).data["grade"] == "A"

    locker_sim.cut_power()
    locker_sim.restore_power()
    (receipt,) = locker_sim.collect(second)
    assert receipt.data["grade"] == "A"
    assert not locker_sim.journal("outage.began"), (
        "storage times wait for nothing that a recipient can do without"
    )

    locker_sim.replug("display-front")
    locker_sim.replug("scanner-front")
    locker_sim.expect("incident.cleared", about="display front")
    locker_sim.expect("incident.cleared", about="scanner front")
    locker_sim.audit()


@pytest.mark.parametrize(("fault", "target"), [("dead-display", "front"), ("hung-port", "display-front")])
def test_a_courier_delivers_and_a_recipient_collects_in_front_of_a_dark_display(
    locker_sim: LockerSim, fault: str, target: str
) -> None:
    locker_sim.fault(fault, target)
    (receipt,) = locker_sim.collect(locker_sim.deliver())
    assert receipt.data["grade"] == "A"
    locker_sim.audit()


@pytest.mark.locker_sim(
    plan=replace(
        demo_plan(),
        keypads=(KeypadPlan("front"), KeypadPlan("side", keys=(("5", 0x45),), buffered=True, checksum=True)),
        displays=(DisplayPlan("front"), DisplayPlan("side", family="matrix-orbital")),
    )
)
def test_a_keypad_that_sends_whole_entries_serves_a_recipient(locker_sim: LockerSim) -> None:
    parcel = locker_sim.deliver(code="150515")
    locker_sim.stand_at("side")
    locker_sim.type("C 999 C 150510 OK")
    locker_sim.see("Code not recognised.")
    (receipt,) = locker_sim.collect(parcel)
    assert (receipt.data["keypad"], receipt.data["grade"]) == ("side", "A")
    locker_sim.see("Thank you.")
    locker_sim.audit()
