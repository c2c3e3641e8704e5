"""A dead display or scanner blocks nobody: codes, doors and receipts go on, the back office is told."""

import pytest

from simulator.locker_sim import LockerSim

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
