"""Commands about parcels and people, each once good and once refused, over a real broker (domain.md 7)."""

import pytest

from simulator.locker_sim import LockerSim, Outcome

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

APPLIED = Outcome("applied")
PARCEL = "JJFI64312000019990001"
SECOND = "JJFI64312000019990002"
STORED_IN_VAIN = "JJFI64312000019990009"


def refused(reason: str) -> Outcome:
    return Outcome("refused", reason)


def test_commands_about_parcels(locker_sim: LockerSim) -> None:
    send = locker_sim.command
    assert send("announce", PARCEL, "S", code="024204") == APPLIED
    assert send("announce", STORED_IN_VAIN, "XXXL") == refused("unknown-size")
    assert send("announce", STORED_IN_VAIN, "S", services=["registered"]) == refused("service-registered")
    assert send("replace_code", PARCEL, code="313131") == APPLIED
    assert send("replace_code", PARCEL, code="313131") == refused("code-in-use")
    unpaid = {"dimensions_mm": (200, 150, 50), "services": ["cash-on-delivery"]}
    assert send("announce", SECOND, **unpaid) == APPLIED
    assert send("release", SECOND) == APPLIED
    assert send("release", SECOND) == refused("not-unpaid")
    assert send("withdraw", SECOND, "moved house", cause="redirect") == APPLIED
    assert send("withdraw", SECOND, "moved again", cause="redirect") == refused("already-redirected")
    parcels = {p["tracking_id"]: p["state"] for p in locker_sim.ask("/v1/parcels")["parcels"]}
    assert parcels == {PARCEL: "announced", STORED_IN_VAIN: "refused"}


def test_commands_about_people(locker_sim: LockerSim) -> None:
    send = locker_sim.command
    assert send("authorise_courier", "k7", code="777777") == APPLIED
    assert send("authorise_courier", "k8", code="777777") == refused("code-in-use")
    assert send("authorise_technician", "t1", code="888888") == APPLIED
    assert send("authorise_technician", "k7", code="999999") == refused("id-in-use")
    assert send("revoke_technician", "k7") == refused("unknown-technician")
    assert send("revoke_courier", "k7") == APPLIED
    assert send("revoke_courier", "k7") == refused("unknown-courier")
    assert send("revoke_technician", "t1") == APPLIED
