"""F2: whatever a power cut leaves of recorded work, it opens, whole, with all that was acknowledged."""

import json
import os
import posix
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.crash import vfs
from tests.crash.days import DATABASE, DAYS
from tests.crash.power_cuts import TWINS, main, run
from tests.crash.recording import (
    Began,
    Created,
    DirectorySynced,
    Moved,
    Recorder,
    Recording,
    Removed,
    Resized,
    Returned,
    Synced,
    Value,
    Written,
)
from tests.crash.states import cuts, draw, states

pytestmark = pytest.mark.skipif(vfs.why_not() is not None, reason=str(vfs.why_not()))

SMALL = ("first-start", "full-disk")
SELDOM = "sectors-shared"
"""Needs a sector of its own that is destroyed, with the end of one commit and the beginning of the next."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty directory to record in."""
    root = tmp_path / "root"
    root.mkdir()
    return root


# -- the daemon's own work


def test_whatever_is_left_of_a_first_start_and_a_full_disk_opens_with_all_that_was_acknowledged() -> None:
    outcome = run(120, 5, names=SMALL)
    assert outcome.findings == []
    assert outcome.ran["states"] >= 120


def test_keys_that_were_made_are_there_and_an_unfinished_database_is_made_again() -> None:
    assert run(30, 5, names=("creation",)).findings == []


def test_an_upgrade_cut_anywhere_leaves_a_database_that_opens_with_all_that_was_acknowledged() -> None:
    assert run(300, 2, names=("migration",)).findings == []


def test_a_sector_that_is_destroyed_with_all_that_lay_in_it_held_nothing_that_was_acknowledged() -> None:
    assert run(150, 5, names=("first-start",)).findings == []


@pytest.mark.parametrize("twin", sorted(TWINS))
def test_a_day_without_its_syncs_is_found_out(twin: str) -> None:
    outcome = run(150 if twin == SELDOM else 40, 5, twin=twin, names=("first-start",))
    assert any("acknowledged work is lost" in finding.what for finding in outcome.findings)


def test_a_finding_is_replayed_from_its_seed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = run(20, 5, twin="synchronous-normal", names=("first-start",)).findings[0]
    words = found.replay.split()
    assert words[:3] == ["python", "-m", "tests.crash.power_cuts"]
    told, kept = tmp_path / "told.json", tmp_path / "state"
    assert main([*words[3:], "--json", str(told), "--keep", str(kept)]) == 1
    (again,) = json.loads(told.read_text())["findings"]
    assert again == {"seed": "5", "what": found.what, "replay": found.replay}
    assert (kept / DATABASE).exists()
    assert found.what in capsys.readouterr().out


def test_one_seed_records_one_day_bit_for_bit(tmp_path: Path) -> None:
    traces = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        recording = DAYS["full-disk"](tmp_path / name, Random(7))
        traces.append([operation for operation in recording.trace if isinstance(operation, Written)])
    assert traces[0] == traces[1]


# -- the recorder


def test_a_recording_tells_what_sqlite_wrote_and_synced(root: Path) -> None:
    recorder = Recorder(root, Random(1))
    with recorder.recording(), closing(sqlite3.connect(root / "f", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (x)")
    kinds = [type(operation) for operation in recorder.trace]
    assert kinds[0] is Created
    assert {Written, Synced, DirectorySynced, Removed} <= set(kinds)


def test_a_recording_tells_what_was_written_without_sqlite(root: Path) -> None:
    recorder = Recorder(root, Random(1))
    with recorder.recording():
        with (root / "new").open("wb") as opened:
            opened.write(b"one")
            opened.flush()
            os.fsync(opened.fileno())
        (root / "new").rename(root / "f")
    made = [Created(0, "new"), Resized(0, 3), Written(0, 0, b"one"), Synced(0)]
    assert recorder.trace == [*made, Moved("new", "f")]


def test_a_gap_in_a_recording_is_told(root: Path) -> None:
    (root / "f").write_bytes(b"one")
    recorder = Recorder(root, Random(1))
    with pytest.raises(RuntimeError, match=r"not whole.*'f'"), recorder.recording():
        posix.unlink(root / "f")  # past what listens


# -- the disk model


def test_before_a_sync_any_part_may_be_there_and_after_it_all_is() -> None:
    old, new = b"o" * 1024, b"n" * 1024
    recording = Recording("", {"f": old}, (Written(0, 0, new), Synced(0)), {})
    halves = {new[:512] + old[512:], old[:512] + new[512:], old[:512] + bytes(512), bytes(512) + new[512:]}
    assert contents(recording) >= {old, new, *halves}
    assert contents(recording, after_all=True) == {new}


def test_what_was_durable_in_a_sector_goes_with_the_sector_that_was_being_written() -> None:
    old = b"o" * 3 * 4096
    written = Recording("", {"f": old}, (Written(0, 4096 + 600, b"n" * 100), Synced(0)), {})
    found = {content for content in contents(written) if content is not None}
    for sector in (512, 4096):
        begin = (4096 + 600) // sector * sector
        zeros = old[:begin] + bytes(sector) + old[begin + sector :]
        assert zeros in found
    assert {content[:4096] + content[8192:] for content in found} == {old[:8192]}


def test_a_later_write_may_be_there_without_an_earlier_one() -> None:
    recording = Recording("", {"f": b"old"}, (Written(0, 0, b"n"), Written(0, 2, b"w")), {})
    assert contents(recording) >= {b"old", b"nld", b"olw", b"nlw"}


def test_a_file_may_keep_its_old_size_and_a_new_size_may_come_without_the_bytes() -> None:
    grown = Recording("", {"f": b"old"}, (Written(0, 3, b"er"),), {})
    assert contents(grown) >= {b"old", b"older", b"old\0\0"}
    cut_off = Recording("", {"f": b"old"}, (Resized(0, 0),), {})
    assert contents(cut_off) == {b"old", b""}


def test_a_synced_file_may_be_without_its_name_until_the_directory_is_synced() -> None:
    made = (Created(0, "f"), Written(0, 0, b"new"), Synced(0))
    assert None in contents(Recording("", {}, made, {}), after_all=True)
    assert contents(Recording("", {}, (*made, DirectorySynced(".")), {}), after_all=True) == {b"new"}


def test_a_file_that_was_renamed_before_it_was_synced_may_be_half_there() -> None:
    moved = (Created(1, "new"), Written(1, 0, b"new"), Moved("new", "f"), DirectorySynced("."))
    assert contents(Recording("", {"f": b"old"}, moved, {}), after_all=True) >= {b"", b"new"}
    synced = (*moved[:2], Synced(1), *moved[2:])
    assert contents(Recording("", {"f": b"old"}, synced, {})) == {b"old", b"new"}


def test_a_file_that_was_deleted_may_be_back_until_the_directory_is_synced() -> None:
    assert contents(Recording("", {"f": b"old"}, (Removed("f"),), {})) == {b"old", None}
    gone = (Removed("f"), DirectorySynced("."))
    assert contents(Recording("", {"f": b"old"}, gone, {}), after_all=True) == {None}


def test_what_returned_must_be_there_and_what_was_begun_may_be() -> None:
    one, two = Value("one"), Value("two")
    trace = (Began("s", one), Returned("s"), Began("s", two), Written(0, 0, b"x"))
    *_, last = cuts(Recording("", {"f": b""}, trace, {"s": Value("none")}))
    assert last.disk.allowed() == {"s": {"one", "two"}}


def test_a_number_draws_the_same_state_again() -> None:
    written = tuple(Written(0, 4096 * number, bytes([number]) * 4096) for number in range(9))
    (cut,) = cuts(Recording("", {"f": b""}, written, {}))
    drawn = [draw(cut, number, "a seed") for number in range(60)]
    assert drawn == [draw(cut, number, "a seed") for number in range(60)]
    assert len({state.key for state in drawn if state is not None}) > 40


def contents(recording: Recording, *, after_all: bool = False) -> set[bytes | None]:
    """Every content that the file `f` may have after a cut, None where it has no name."""
    at = list(cuts(recording))[-1:] if after_all else cuts(recording)
    return {state.files.get("f") for cut in at for state in states(cut, 300, "a seed")}
