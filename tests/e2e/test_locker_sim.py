"""The fixture `locker_sim`: what an integrator's test sees of a simulated automat."""

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.locker_sim import LockerSim, LockerSimError
from simulator.stock import Stock

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

STARTS_ONE_AND_WAITS = """
from simulator.locker_sim import LockerSim
automat = LockerSim().start()
print("it serves", flush=True)
input()
"""


def test_a_parcel_is_delivered_and_collected_and_the_receipt_says_so(locker_sim: LockerSim) -> None:
    parcel = locker_sim.deliver(size="S", code="024204")
    assert locker_sim.door(parcel.compartment or "").contents == (parcel.tracking_id,)
    (receipt,) = locker_sim.collect("024204")
    assert (receipt.subject, receipt.data["grade"]) == (parcel.tracking_id, "A")
    assert locker_sim.receipts() == [receipt]
    locker_sim.see("Thank you.")
    locker_sim.audit()


def test_the_automats_of_a_session_are_copies_of_one_blank_and_each_begins_empty(
    new_locker_sim: Callable[..., LockerSim], locker_sim_stock: Stock
) -> None:
    keys = []
    for _ in range(2):
        with new_locker_sim(compartments=2, languages=("fi",)) as automat:
            automat.see("Paina C, koodi, OK")
            assert automat.journal("parcel.stored") == []
            keys.append((automat._demo.directory / "backoffice" / "enrolment.json").read_bytes())
            automat.deliver()
    assert keys == 2 * [(locker_sim_stock.directory / "sim-2" / "enrolment.json").read_bytes()]


def test_keys_hands_and_eyes(locker_sim: LockerSim) -> None:
    parcel = locker_sim.announce("RR473124829FI", code="1234")
    locker_sim.type("C 1234 OK")
    locker_sim.see("Code not recognised.")
    assert "Code not recognised." in locker_sim.display()
    locker_sim.deliver(parcel)
    locker_sim.type("C 1234 OK")
    locker_sim.see_door("1", "open")
    assert locker_sim.take("1") == ["RR473124829FI"]
    locker_sim.put("1", "an umbrella")
    locker_sim.shut("1")
    assert locker_sim.expect("parcel.handed-over", subject="RR473124829FI").data["compartment"] == "1"
    assert [entry.type for entry in locker_sim.journal("parcel.stored")] == ["automat.parcel.stored"]


def test_faults_power_and_time(locker_sim: LockerSim) -> None:
    parcel = locker_sim.deliver()
    locker_sim.fault("jam", "1", "stuck")
    locker_sim.type(f"C {parcel.code} OK")
    locker_sim.expect("lock.pulse-intended", purpose="pickup", number=1)
    locker_sim.cut_power()
    assert locker_sim.journal("parcel.stored")
    locker_sim.restore_power()
    locker_sim.expect("incident.raised", incident="opening-interrupted")
    locker_sim.heal("jam", "1")
    locker_sim.advance(days=8)
    locker_sim.expect("parcel.overdue", subject=parcel.tracking_id)
    locker_sim.type(f"C {parcel.code} OK")
    locker_sim.see("The storage time has ended")
    assert not locker_sim.receipts()


def test_the_back_office_commands_and_is_told_what_became_of_it(locker_sim: LockerSim) -> None:
    parcel = locker_sim.announce()
    assert locker_sim.command("withdraw", parcel.tracking_id, "moved house").what == "applied"
    refused = locker_sim.command("announce", "RR473124829FI", "XXXL")
    assert (refused.what, refused.reason) == ("refused", "unknown-size")
    with pytest.raises(LockerSimError, match="unknown-size"):
        locker_sim.announce(size="XXXL")
    assert locker_sim.ask("/v1/status")["mode"] == "normal"


@pytest.mark.locker_sim(compartments=30, display="matrix-orbital", languages=("fi",), seed=3)
def test_a_marker_says_how_the_automat_is_built(locker_sim: LockerSim) -> None:
    assert len(locker_sim.automat.plan.compartments) == 30
    locker_sim.type("C")
    locker_sim.see("Näppäile koodi")
    with pytest.raises(LockerSimError, match="no scanner"):
        locker_sim.scan("RR473124829FI")


def test_an_automat_that_does_not_start_says_why_and_leaves_nothing() -> None:
    with pytest.raises(LockerSimError, match="languages"):
        LockerSim(languages=("xx",)).start()


def test_what_does_not_come_true_fails_and_says_what_was_seen_instead(locker_sim: LockerSim) -> None:
    locker_sim.type("C")
    with pytest.raises(
        LockerSimError, match=r"display shows 'Good morning': not within 0\.2 s; display front"
    ):
        locker_sim.see("Good morning", limit_s=0.2)
    with pytest.raises(LockerSimError, match="no parcel with this code"):
        locker_sim.collect("9999")
    with pytest.raises(LockerSimError, match="no compartment '99'; there are 1, 2"):
        locker_sim.see_door("99", "open")
    with pytest.raises(LockerSimError, match="compartment 1 is shut: no hand gets in"):
        locker_sim.take("1")
    with pytest.raises(LockerSimError, match="did you mean jam"):
        locker_sim.fault("jamm", "1", "stuck")
    with pytest.raises(LockerSimError, match="the back office has no command 'withdrawn'"):
        locker_sim.command("withdrawn", "JJFI65432110000070773")


def test_who_is_killed_leaves_no_daemon_and_no_broker_behind() -> None:
    # What stayed would open the ptys of the next automat, whose numbers are the same.
    with tempfile.TemporaryDirectory(prefix="killed-", ignore_cleanup_errors=True) as directory:
        command = [sys.executable, "-c", STARTS_ONE_AND_WAITS]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, stdin=pipe, stdout=pipe, env={**os.environ, "TMPDIR": directory}
        ) as simulator:
            assert simulator.stdout is not None
            assert simulator.stdout.readline() == b"it serves\n"
            threads = Path(f"/proc/{simulator.pid}/task").iterdir()
            children = [pid for each in threads for pid in (each / "children").read_text().split()]
            ends = [os.pidfd_open(int(pid)) for pid in children]
            simulator.kill()
        assert len(ends) == 2
        for end in ends:
            assert select.select([end], [], [], 10.0)[0], "it outlived its simulator"
            os.close(end)
