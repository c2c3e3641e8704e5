"""When starts that ended by themselves are too many (F19)."""

from pathlib import Path

import pytest

from locker.starts import Starts

LIMIT, WITHIN_S = 5, 600.0


class Boot:
    """The clock of one boot, and the daemon's starts in it."""

    def __init__(self, file: Path, name: str = "boot-1") -> None:
        """Begin at its beginning."""
        self.now_s = 0.0
        self.file = file
        self.name = name

    def start(self) -> Starts:
        """Begin a process that reads what the one before left."""
        return Starts(self.file, LIMIT, WITHIN_S, lambda: self.now_s, self.name)

    def crashes(self, count: int, every_s: float = 1.0) -> list[bool]:
        """Start so often, and end by itself each time; tell which starts were let through."""
        let_through = []
        for _ in range(count):
            self.now_s += every_s
            let_through.append(self.start().begin())
        return let_through


@pytest.fixture
def boot(tmp_path: Path) -> Boot:
    return Boot(tmp_path / "starts")


def test_the_start_after_five_crashes_in_ten_minutes_is_none(boot: Boot) -> None:
    assert boot.crashes(7) == [True] * 5 + [False] * 2


def test_crashes_that_are_far_apart_are_no_loop(boot: Boot) -> None:
    assert all(boot.crashes(20, every_s=WITHIN_S / LIMIT + 1))


def test_an_end_that_was_asked_for_is_no_crash(boot: Boot) -> None:
    for _ in range(20):
        starts = boot.start()
        assert starts.begin()
        starts.forgive()


def test_another_boot_counts_anew(boot: Boot, tmp_path: Path) -> None:
    boot.crashes(6)
    assert Boot(tmp_path / "starts", "boot-2").crashes(1) == [True]


def test_one_try_on_trial_that_crashes_leads_back_at_once(boot: Boot) -> None:
    boot.crashes(6)
    boot.start().leave("by-itself", on_trial=True)
    assert boot.crashes(2) == [True, False]


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"boot": 7}', b"x" * 9_000])
def test_a_file_that_tells_nothing_keeps_no_automat_from_starting(boot: Boot, content: bytes) -> None:
    boot.file.write_bytes(content)
    assert boot.crashes(6) == [True] * 5 + [False]


def test_where_nothing_new_has_room_it_is_written_over_in_place(
    boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot.crashes(1)

    def no_room(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("locker.starts._replace", no_room)
    assert boot.crashes(5) == [True] * 4 + [False]
