"""Powered time only grows and never counts a time without power; trust follows the kernel."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locker.clock import HOLDOVER_S, STEERING, Sources, SteeredClock, SystemClock
from locker.domain.times import Trust
from locker.errors import WrongConfiguration

DAY_S = 86_400.0


@dataclass
class Machine:
    """A machine whose clocks a test turns."""

    wall_s: float = 1_700_000_000.0
    boot_s: float = 100.0
    boot: str = "boot-1"
    synchronised: bool = False
    powered_s: float = 100.0  # what a clock that nobody can lose would show

    def sources(self) -> Sources:
        return Sources(lambda: self.wall_s, lambda: self.boot_s, self.boot, lambda: self.synchronised)

    def run(self, seconds: float) -> None:
        self.wall_s += seconds
        self.boot_s += seconds
        self.powered_s += seconds

    def cut_power(self, off_s: float, until_start_s: float) -> None:
        self.wall_s += off_s
        self.boot = f"{self.boot}+"
        self.boot_s = 0.0
        self.run(until_start_s)


def start(machine: Machine, directory: Path, powered_s: float = 0.0) -> SystemClock:
    return SystemClock(directory / "powered", powered_s, machine.sources())


def test_time_goes_on_within_a_process(tmp_path: Path) -> None:
    machine = Machine()
    clock = start(machine, tmp_path, powered_s=500.0)
    machine.run(7.5)
    now = clock.now()
    assert now.powered_s == 507.5
    assert now.wall_at == datetime.fromtimestamp(machine.wall_s, UTC)


def test_without_anchor_nothing_is_added(tmp_path: Path) -> None:
    assert start(Machine(boot_s=9999.0), tmp_path, powered_s=500.0).now().powered_s == 500.0


def test_restart_of_the_daemon_counts_the_time_between(tmp_path: Path) -> None:
    machine = Machine()
    start(machine, tmp_path, powered_s=500.0)
    machine.run(60.0)
    assert start(machine, tmp_path, powered_s=500.0).now().powered_s == 560.0


def test_what_the_database_saw_after_the_anchor_is_not_counted_twice(tmp_path: Path) -> None:
    machine = Machine()
    clock = start(machine, tmp_path, powered_s=500.0)
    machine.run(60.0)
    seen_s = clock.now().powered_s
    machine.run(40.0)
    assert start(machine, tmp_path, powered_s=seen_s).now().powered_s == 600.0


def test_power_cut_counts_only_the_uptime(tmp_path: Path) -> None:
    machine = Machine()
    clock = start(machine, tmp_path, powered_s=500.0)
    machine.run(60.0)
    clock.anchor()
    machine.cut_power(off_s=10 * DAY_S, until_start_s=30.0)
    assert start(machine, tmp_path, powered_s=540.0).now().powered_s == 590.0


def test_uptime_is_added_once_a_boot(tmp_path: Path) -> None:
    machine = Machine()
    start(machine, tmp_path, powered_s=500.0)
    machine.cut_power(off_s=DAY_S, until_start_s=30.0)
    first_s = start(machine, tmp_path, powered_s=500.0).now().powered_s
    assert first_s == 530.0
    assert start(machine, tmp_path, powered_s=first_s).now().powered_s == first_s


def test_uptime_is_not_added_if_that_cannot_be_written_down(tmp_path: Path) -> None:
    machine = Machine()
    start(machine, tmp_path, powered_s=500.0)
    (tmp_path / ".powered-new").mkdir()
    machine.cut_power(off_s=DAY_S, until_start_s=30.0)
    assert start(machine, tmp_path, powered_s=500.0).now().powered_s == 500.0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 4096,
        b'{"boot_id":"boot-1","boot_s":NaN,"powered_s":9,"synchronised_s":null}',
    ],
)
def test_damaged_anchor_adds_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "powered").write_bytes(content)
    machine = Machine()
    clock = start(machine, tmp_path, powered_s=500.0)
    assert clock.now().powered_s == 500.0
    machine.run(5.0)
    assert start(machine, tmp_path, powered_s=500.0).now().powered_s == 505.0


def test_anchor_from_the_future_of_this_boot_adds_nothing(tmp_path: Path) -> None:
    start(Machine(boot_s=5000.0), tmp_path, powered_s=500.0)
    assert start(Machine(boot_s=10.0), tmp_path, powered_s=500.0).now().powered_s == 500.0


steps = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.floats(0, 1e5)),
        st.tuples(st.just("restart"), st.floats(0, 1e4)),
        st.tuples(st.just("cut"), st.floats(0, 1e6)),
        st.tuples(st.sampled_from(["anchor", "seen", "lose"]), st.just(0.0)),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(steps=steps)
def test_powered_time_never_goes_back_and_never_runs_ahead(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, float]]
) -> None:
    directory = tmp_path_factory.mktemp("clock")
    machine = Machine()
    clock = start(machine, directory)
    seen_s = last_s = 0.0
    lost = False
    for step, seconds in steps:
        match step:
            case "run":
                machine.run(seconds)
            case "restart":
                machine.run(seconds)
                clock = start(machine, directory, seen_s)
                last_s, lost = (seen_s if lost else last_s), False
            case "cut":
                machine.cut_power(seconds, until_start_s=20.0)
                clock = start(machine, directory, seen_s)
                last_s, lost = seen_s, False  # what was never written down may be lost, never gained
            case "anchor":
                clock.anchor()
                lost = False
            case "seen":
                seen_s = clock.now().powered_s
            case "lose":
                (directory / "powered").unlink(missing_ok=True)
                lost = True
        now_s = clock.now().powered_s
        assert last_s - 1e-3 <= now_s <= machine.powered_s + 1e-3
        last_s = now_s


def test_trust_follows_the_synchronisation(tmp_path: Path) -> None:
    machine = Machine()
    clock = start(machine, tmp_path)
    assert clock.now().trust is Trust.UNTRUSTED
    machine.synchronised = True
    assert clock.now().trust is Trust.TRUSTED
    machine.synchronised = False
    machine.run(HOLDOVER_S)
    assert clock.now().trust is Trust.HOLDOVER
    machine.run(1.0)
    assert clock.now().trust is Trust.UNTRUSTED


def test_holdover_survives_a_restart_of_the_daemon(tmp_path: Path) -> None:
    machine = Machine(synchronised=True)
    clock = start(machine, tmp_path)
    clock.now()
    clock.anchor()
    machine.synchronised = False
    machine.run(DAY_S)
    assert start(machine, tmp_path).now().trust is Trust.HOLDOVER


def test_holdover_does_not_survive_a_power_cut(tmp_path: Path) -> None:
    machine = Machine(synchronised=True)
    clock = start(machine, tmp_path)
    clock.now()
    clock.anchor()
    machine.synchronised = False
    machine.cut_power(off_s=5.0, until_start_s=5.0)
    assert start(machine, tmp_path).now().trust is Trust.UNTRUSTED


def test_the_real_machine_has_both_clocks(tmp_path: Path) -> None:
    clock = SystemClock(tmp_path / "powered", 0.0)
    first, second = clock.now(), clock.now()
    assert second.powered_s >= first.powered_s >= 0.0
    assert abs(first.wall_at - datetime.now(UTC)).total_seconds() < 5
    assert clock.recheck_s == 1.0


def steer(file: Path, wall_s: float, powered_s: float, trust: int) -> None:
    file.write_bytes(STEERING.pack(wall_s, powered_s, trust))


def test_steering_is_added_to_the_system(tmp_path: Path) -> None:
    machine, file = Machine(), tmp_path / "clock.steer"
    steer(file, 0.0, 0.0, 1)
    clock = SteeredClock(file, 0.0, machine.sources())
    assert clock.now().powered_s == 100.0
    assert clock.recheck_s == 0.05
    steer(file, 8 * DAY_S, 3600.0, 2)
    now = clock.now()
    assert now.powered_s == 3700.0
    assert now.trust is Trust.HOLDOVER
    assert now.wall_at.timestamp() == machine.wall_s + 8 * DAY_S


def test_steered_powered_time_never_goes_back(tmp_path: Path) -> None:
    machine, file = Machine(), tmp_path / "clock.steer"
    steer(file, 0.0, 3600.0, 1)
    clock = SteeredClock(file, 0.0, machine.sources())
    assert clock.now().powered_s == 3700.0
    steer(file, 0.0, 0.0, 1)
    assert clock.now().powered_s == 3700.0
    later = SteeredClock(file, 3700.0, machine.sources())
    machine.run(5.0)
    assert later.now().powered_s == 3705.0


@pytest.mark.parametrize(
    "content", [None, b"", bytes(23), bytes(25), STEERING.pack(float("nan"), 0, 1), STEERING.pack(0, 0, 3)]
)
def test_damaged_steering_is_refused_at_start_and_ignored_later(
    tmp_path: Path, content: bytes | None
) -> None:
    machine, file = Machine(), tmp_path / "clock.steer"
    steer(file, 60.0, 60.0, 1)
    clock = SteeredClock(file, 0.0, machine.sources())
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert clock.now().powered_s == 160.0
    with pytest.raises(WrongConfiguration, match="steered-clock"):
        SteeredClock(file, 0.0, machine.sources())


def test_steering_written_in_place_is_seen(tmp_path: Path) -> None:
    machine, file = Machine(), tmp_path / "clock.steer"
    steer(file, 0.0, 0.0, 0)
    clock = SteeredClock(file, 0.0, machine.sources())
    descriptor = os.open(file, os.O_WRONLY)
    os.pwrite(descriptor, STEERING.pack(0.0, 50.0, 1), 0)
    os.close(descriptor)
    assert clock.now().powered_s == 150.0


def test_steering_beyond_the_calendar_stays_within_it(tmp_path: Path) -> None:
    machine, file = Machine(), tmp_path / "clock.steer"
    steer(file, 1e300, 0.0, 1)
    assert SteeredClock(file, 0.0, machine.sources()).now().wall_at.year == 9999
    steer(file, -1e300, 0.0, 1)
    assert SteeredClock(file, 0.0, machine.sources()).now().wall_at.year == 1970
