"""T18, F7, F12, F18, F22 on the real process: what only a whole automat can show."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from drivers.xor_bcc.codec import encode_unlock
from locker.errors import ExitCode
from simulator.backoffice.ledger import Row
from simulator.backoffice.office import BackOffice
from simulator.configuration import Place
from simulator.locker_sim import LockerSim
from tests.faults.drain import ANSWERED_WITHIN_S, acknowledged, answers_s, out_of_order, with_unsent
from tests.faults.manager import Manager, started_by

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

LIMIT_S = 30.0
UNSENT = 20_000
BLOCKED = "tests.faults.blocked"


@pytest.fixture(name="automat", scope="module")
def _automat(new_locker_sim: Callable[..., LockerSim]) -> Iterator[LockerSim]:
    """Give an automat to tests that do not restart it."""
    with new_locker_sim() as automat:
        yield automat


def place_of(automat: LockerSim) -> Place:
    return automat._demo.place


def wrong_with(automat: LockerSim) -> set[tuple[str, str]]:
    """Return the open incidents, as kind and what each is about."""
    return {(each["kind"], each["about"]) for each in automat.ask("/v1/incidents")["incidents"]}


# -- T18


def test_a_frame_of_somebody_on_the_wire_that_opens_a_door_is_an_incident_and_no_handover(
    automat: LockerSim,
) -> None:
    parcel = automat.deliver()
    label = parcel.compartment or ""
    frame = encode_unlock(1, int(label))

    async def on_the_wire() -> None:
        automat.automat.inject("locks", frame)

    automat._run(on_the_wire())
    automat.see_door(label, "open")
    automat.expect("incident.raised", about=label)
    assert ("door-opened-unasked", label) in wrong_with(automat)
    automat.shut(label)
    assert automat.journal("parcel.handed-over", subject=parcel.tracking_id) == []
    (receipt,) = automat.collect(parcel)  # its code is as good as ever
    assert receipt.data["grade"] == "A"


# -- F12


def test_a_database_put_back_from_a_copy_is_found_out_and_goes_on_in_a_new_epoch(
    locker_sim: LockerSim,
) -> None:
    demo = locker_sim._demo
    place, office, automat_id = demo.place, demo.backoffice, demo.plan.automat_id
    parcel = locker_sim.deliver()
    locker_sim._run(demo.stop_daemon())
    copy = place.database.read_bytes()
    locker_sim.restore_power()
    locker_sim.collect(parcel)
    held = [entry.hash for entry in locker_sim.journal()]
    locker_sim._run(demo.stop_daemon())
    place.database.write_bytes(copy)
    locker_sim.restore_power()
    locker_sim._run(
        office.until(
            lambda office: (
                "journal-forked"
                in {each["kind"] for each in office.states.get(automat_id, {}).get("incidents", ())}
            ),
            LIMIT_S,
            "the fork told by the automat itself",
        )
    )
    assert ("journal-forked", "epoch 1") in wrong_with(locker_sim)
    _all_is_acknowledged(locker_sim, epoch=2)
    assert set(held) <= {row.hash for row in _ledger(locker_sim, 1)}
    begun = _ledger(locker_sim, 2)[0]
    assert (begun.sequence, begun.type) == (1, "automat.epoch.started")
    assert (begun.data["why"], begun.data["earlier"]) == ("forked", 1)
    locker_sim.collect(locker_sim.deliver())
    locker_sim._run(demo.stop_daemon())
    place.database.write_bytes(copy)  # it knows of epoch 1 only; the counter beside the keys does not
    locker_sim.restore_power()
    _all_is_acknowledged(locker_sim, epoch=3)
    begun = _ledger(locker_sim, 3)[0]
    assert (begun.data["why"], begun.data["earlier"]) == ("restored", 1)
    assert all(row.fault is None for epoch in (2, 3) for row in _ledger(locker_sim, epoch))


def _ledger(locker_sim: LockerSim, epoch: int) -> list[Row]:
    """Read the ledger of one epoch, where it is open."""
    demo = locker_sim._demo

    async def read() -> list[Row]:
        return list(demo.backoffice.ledger.rows(demo.plan.automat_id, epoch))

    return locker_sim._run(read())


def _all_is_acknowledged(locker_sim: LockerSim, *, epoch: int) -> None:
    demo = locker_sim._demo

    def told(office: BackOffice) -> bool:
        state = office.states.get(demo.plan.automat_id, {})
        return state.get("epoch") == epoch and state["lastsequence"] == state["acknowledgedthrough"]

    locker_sim._run(demo.backoffice.until(told, LIMIT_S, f"all of epoch {epoch} acknowledged"))


# -- F7


def test_a_second_daemon_is_refused_and_the_first_serves_on(automat: LockerSim) -> None:
    parcel = automat.deliver()
    second = subprocess.run(
        [sys.executable, "-m", "locker.cli", "run", "--config", str(place_of(automat).configuration)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert second.returncode == ExitCode.DATABASE
    assert "in use" in second.stderr
    (receipt,) = automat.collect(parcel)
    assert receipt.data["grade"] == "A"
    automat.audit()


# -- F18


def test_a_blocked_loop_feeds_no_watchdog_and_the_next_start_serves(locker_sim: LockerSim) -> None:
    parcel = locker_sim.deliver()
    locker_sim.cut_power()
    place = place_of(locker_sim)
    manager = Manager(place.directory)
    try:
        with started_by(manager, place, BLOCKED) as process:
            assert manager.feedings(3) == 3
            process.send_signal(signal.SIGUSR1)
            assert manager.feedings(50) <= 2  # what was on its way; then silence for the watchdog's time
            process.send_signal(signal.SIGABRT)  # as systemd ends a service that does not feed its watchdog
            assert process.wait(LIMIT_S) == -signal.SIGABRT
    finally:
        manager.close()
    locker_sim.restore_power()
    assert len(locker_sim.collect(parcel)) == 1


# -- F22


def test_people_are_served_while_twenty_thousand_unsent_entries_drain_in_order(locker_sim: LockerSim) -> None:
    parcel = locker_sim.deliver()
    with_unsent(locker_sim, UNSENT)
    waited_s = answers_s(locker_sim, guesses=3)
    locker_sim.type(f"C {parcel.code} OK")
    locker_sim.see_door(parcel.compartment or "", "open")
    drained = acknowledged(locker_sim)
    assert 0 < drained < UNSENT, "nothing was draining meanwhile: the test shows nothing"
    assert max(waited_s) < ANSWERED_WITHIN_S
    assert out_of_order(locker_sim) == []
