"""Starts that ended by themselves are counted beside the database, on the clock of this boot."""

import json
from pathlib import Path

import pytest

from locker.starts import FILE_BYTES, Starts

WITHIN_S = 600.0


class Boot:
    """A clock that counts since power came."""

    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def boot() -> Boot:
    return Boot()


def started(tmp_path: Path, boot: Boot, *, most: int = 5, boot_id: str = "boot-1") -> Starts:
    """What a process of the daemon makes of the file."""
    return Starts(tmp_path / "starts", most, WITHIN_S, boot, boot_id)


def crash(tmp_path: Path, boot: Boot, times: int, *, every_s: float = 2.0) -> None:
    """Start so many times and end by itself."""
    for _ in range(times):
        assert started(tmp_path, boot).begin()
        boot.now_s += every_s


def test_the_start_after_five_that_failed_is_none(tmp_path: Path, boot: Boot) -> None:
    crash(tmp_path, boot, 5)
    assert not started(tmp_path, boot).begin()
    assert not started(tmp_path, boot).begin()


def test_starts_that_were_asked_to_end_do_not_count(tmp_path: Path, boot: Boot) -> None:
    for _ in range(20):
        one = started(tmp_path, boot)
        assert one.begin()
        one.forgive()
    crash(tmp_path, boot, 4)
    one = started(tmp_path, boot)
    assert one.begin()
    one.forgive()
    crash(tmp_path, boot, 1)
    assert not started(tmp_path, boot).begin()


def test_a_start_that_served_for_ten_minutes_counts_no_more(tmp_path: Path, boot: Boot) -> None:
    crash(tmp_path, boot, 4)
    crash(tmp_path, boot, 1, every_s=WITHIN_S)
    crash(tmp_path, boot, 5)
    assert not started(tmp_path, boot).begin()


def test_what_ended_with_the_power_is_no_crash(tmp_path: Path, boot: Boot) -> None:
    crash(tmp_path, boot, 5)
    boot.now_s = 3.0
    assert started(tmp_path, boot, boot_id="boot-2").begin()


def test_a_start_on_trial_is_the_last_one(tmp_path: Path, boot: Boot) -> None:
    crash(tmp_path, boot, 5)
    one = started(tmp_path, boot)
    one.enter("crash-loop", one.told_of_loop())
    one.leave("by-itself", on_trial=True)
    crash(tmp_path, boot, 1)
    assert not started(tmp_path, boot).begin()


def test_after_a_persons_word_it_is_the_first_one_and_the_journal_is_told_who_and_why(
    tmp_path: Path, boot: Boot
) -> None:
    crash(tmp_path, boot, 5)
    one = started(tmp_path, boot)
    one.fail("the disk does not answer")
    one.enter("crash-loop", one.told_of_loop())
    one.leave("by-person", user="root (0)", technician="t-7", reason="disk changed")
    boot.now_s = 1.0

    next_one = started(tmp_path, boot, boot_id="boot-2")
    assert next_one.episode is not None
    assert next_one.episode.facts() == {
        "cause": "crash-loop",
        "detail": "the daemon ended by itself 5 times in 600 s; the last time: the disk does not answer",
        "ended": "by-person",
        "user": "root (0)",
        "technician": "t-7",
        "reason": "disk changed",
    }
    next_one.told()
    assert started(tmp_path, boot).episode is None


def test_none_are_counted_where_the_limit_is_none(tmp_path: Path, boot: Boot) -> None:
    for _ in range(50):
        assert started(tmp_path, boot, most=0).begin()
    assert not (tmp_path / "starts").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * FILE_BYTES,
        b"{}",
        b"[" * 10_000,
        b'{"boot": "boot-1", "starts": [NaN, 1e999], "failure": null, "episode": null}',
        b'{"boot": "boot-1", "starts": "many", "failure": null, "episode": null}',
        b'{"boot": 7, "starts": [], "failure": null, "episode": null}',
        b'{"boot": "boot-1", "starts": [1e99, -5, 60], "failure": null, "episode": {"cause": null}}',
        json.dumps({"boot": "boot-1", "starts": [1e99] * 9, "failure": None, "episode": None}).encode(),
    ],
)
def test_a_damaged_file_does_not_keep_the_automat_from_starting(
    tmp_path: Path, boot: Boot, content: bytes
) -> None:
    (tmp_path / "starts").write_bytes(content)
    crash(tmp_path, boot, 5)
    assert not started(tmp_path, boot).begin()


def test_where_nothing_can_be_written_it_starts_all_the_same(tmp_path: Path, boot: Boot) -> None:
    one = Starts(tmp_path / "nowhere" / "starts", 5, WITHIN_S, boot, "boot-1")
    assert one.begin()
    one.enter("database", "gone")
    one.leave("on-request")


def test_long_texts_in_any_script_fit_into_the_file(tmp_path: Path, boot: Boot) -> None:
    one = started(tmp_path, boot)
    one.begin()
    one.fail("ö" * 5000)
    one.enter("database", "\N{SNOWMAN}" * 5000)
    one.leave("by-person", user="u" * 40, technician="t" * 64, reason="\N{SNOWMAN}" * 200)
    assert (tmp_path / "starts").stat().st_size == FILE_BYTES
    assert started(tmp_path, boot).episode is not None


# -- a disk that takes nothing any more


def with_spare(tmp_path: Path, boot: Boot, boot_id: str = "boot-1") -> Starts:
    """What a process makes of both files; they lie on disks of their own."""
    return Starts(tmp_path / "disk" / "starts", 5, WITHIN_S, boot, boot_id, spare=tmp_path / "starts-spare")


def test_starts_are_counted_beside_the_socket_where_the_disk_takes_nothing(
    tmp_path: Path, boot: Boot
) -> None:
    for _ in range(5):
        assert with_spare(tmp_path, boot).begin()
        with_spare(tmp_path, boot).fail("EIO")
    starts = with_spare(tmp_path, boot)
    assert not starts.begin()
    assert starts.told_of_loop().endswith("EIO")


def test_a_disk_that_is_well_again_counts_on_and_the_spare_is_gone(tmp_path: Path, boot: Boot) -> None:
    for _ in range(3):
        assert with_spare(tmp_path, boot).begin()
    assert (tmp_path / "starts-spare").exists()
    (tmp_path / "disk").mkdir()
    for _ in range(2):
        assert with_spare(tmp_path, boot).begin()
    assert not (tmp_path / "starts-spare").exists()
    assert not with_spare(tmp_path, boot).begin()


def test_a_spare_of_another_boot_counts_nothing(tmp_path: Path, boot: Boot) -> None:
    for _ in range(5):
        assert with_spare(tmp_path, boot).begin()
    assert with_spare(tmp_path, boot, "boot-2").begin()
