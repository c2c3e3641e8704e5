"""Room on the disk: the reserve is real, the watch does not flutter."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker.disk import BALLAST_BYTES, Ballast, StorageWatch, free_bytes


def test_the_reserve_is_made_of_real_blocks_and_comes_back(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast")
    assert not ballast.held()
    assert ballast.make()
    assert ballast.held()
    assert ballast.path.stat().st_blocks * 512 >= BALLAST_BYTES
    assert ballast.make()
    assert ballast.give_up()
    assert not ballast.held()
    assert not ballast.give_up()
    assert ballast.make()


def test_a_part_left_by_a_power_cut_is_no_reserve(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast")
    ballast.path.write_bytes(b"x" * 100)
    assert not ballast.held()
    assert ballast.make()
    assert ballast.path.stat().st_size == BALLAST_BYTES


def test_a_reserve_larger_than_the_disk_is_not_made(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast", size_bytes=free_bytes(tmp_path))
    assert not ballast.make()
    assert not ballast.path.exists()


def test_the_watch_changes_only_beyond_its_two_limits(tmp_path: Path) -> None:
    watch = StorageWatch(tmp_path, low_below_bytes=100, ok_above_bytes=200)
    looks = [watch.look(free) for free in (150, 100, 99, 98, 150, 199, 200, 150, 100, 99)]
    assert looks == [None, None, True, None, None, None, False, None, None, True]


def test_the_watch_remembers_what_was_known_before_a_restart(tmp_path: Path) -> None:
    watch = StorageWatch(tmp_path, 100, 200, low=True)
    assert watch.look(150) is None
    assert watch.look(200) is False


@pytest.mark.parametrize(("low", "ok"), [(200, 200), (200, 100), (0, 5)])
def test_limits_without_a_gap_are_refused(tmp_path: Path, low: int, ok: int) -> None:
    with pytest.raises(ValueError, match="must be above"):
        StorageWatch(tmp_path, low, ok)


@given(st.lists(st.integers(0, 400)))
def test_the_watch_is_low_below_and_ok_above_whatever_came_before(measured: list[int]) -> None:
    watch = StorageWatch(Path("/"), 100, 200)
    for free in measured:
        before = watch.low
        changed = watch.look(free)
        assert changed == (watch.low if watch.low != before else None)
        assert watch.low if free < 100 else True
        assert not watch.low if free >= 200 else True
