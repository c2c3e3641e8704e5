"""What is kept of the wires around incidents: which lines, how long, how much; nothing waits for it."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from locker.domain.events import Event, PartLost, StorageChanged
from locker.dumps import FILE_BYTES_MOST, FILES_MOST, WAITING_MOST, WireDumps
from tests.unit.domain.stand import Stand
from tests.unit.hardware.wires import ASK, SHUT, Records


class Desk:
    """Real decisions, watched by dumps of hand-made records."""

    def __init__(self, directory: Path, *, after_s: float = 60.0, free_bytes: int = 2**40) -> None:
        """Begin with nothing kept."""
        self.stand = Stand()
        self.records = Records()
        self.dumps = WireDumps(directory, self.records.wires, after_s=after_s, free=lambda _path: free_bytes)

    def do(self, event: Event) -> None:
        """Let something happen."""
        decision = self.stand.do(event)
        self.dumps.note(decision, ())

    async def written(self) -> dict[str, str]:
        """Write what waits; give all that is there, by file."""
        async with asyncio.timeout(10):
            await self.dumps.stop()
        return {name: text for number in self.dumps.incidents() for name, text in self.dumps.of(number)}


def put(path: Path, at: datetime) -> None:
    """Let a file have been written at an instant."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("old")
    os.utime(path, (at.timestamp(), at.timestamp()))


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "wire"


async def test_an_incident_keeps_the_line_concerned_before_and_after_with_meaning(directory: Path) -> None:
    desk = Desk(directory)
    desk.records.sent("left", ASK)
    desk.do(PartLost("line left", "unplugged"))
    desk.records.received("left", SHUT)

    kept = await desk.written()

    assert list(kept) == ["1-left.log"]
    heading, asked, answered = kept["1-left.log"].splitlines()
    assert heading == "incident 1: part-lost, line left; line left"
    assert asked.endswith("Z > 80 01 00 33 B2  read: board 1, all channels")
    assert answered.endswith("Z < 8A 01 05 11 9F  board 1, channel 5: contact closed")
    assert oct((directory / "1-left.log").stat().st_mode & 0o777) == "0o640"


async def test_it_is_written_by_itself_after_a_while(directory: Path) -> None:
    desk = Desk(directory, after_s=0.01)
    desk.do(PartLost("line left", "unplugged"))
    (task,) = desk.dumps._tasks
    async with asyncio.timeout(10):
        await task
    assert desk.dumps.incidents() == [1]


async def test_an_incident_about_no_part_keeps_every_line_and_of_keys_only_their_number(
    directory: Path,
) -> None:
    desk = Desk(directory)
    desk.records.received("keypad front", b"4711")
    desk.do(StorageChanged(low=True))

    kept = await desk.written()

    assert list(kept) == ["1-keypad-front.log", "1-left.log", "1-right.log", "1-scanner-side.log"]
    assert kept["1-keypad-front.log"].endswith("Z < 4 bytes, not kept\n")
    assert all("4711" not in text and "34 37" not in text for text in kept.values())


async def test_the_same_matter_again_is_no_new_incident_and_keeps_nothing(directory: Path) -> None:
    desk = Desk(directory)
    desk.do(PartLost("line left", "unplugged"))
    desk.do(PartLost("line left", "still unplugged"))
    assert list(await desk.written()) == ["1-left.log"]


async def test_no_more_than_so_many_files_stay_and_the_newest_do(directory: Path) -> None:
    an_hour_ago_at = datetime.now(UTC) - timedelta(hours=1)
    for number in range(1, FILES_MOST + 1):
        put(directory / f"{1000 + number}-left.log", an_hour_ago_at + timedelta(seconds=number))
    put(directory / "notes.txt", an_hour_ago_at)
    desk = Desk(directory)
    desk.do(PartLost("line left", "unplugged"))
    await desk.written()

    names = set(names_in(directory))

    assert len(names) == FILES_MOST + 1
    assert {"1-left.log", "1002-left.log", "notes.txt"} < names
    assert "1001-left.log" not in names


async def test_a_file_is_bounded_whatever_the_line_carried(directory: Path) -> None:
    desk = Desk(directory)
    for _ in range(64):
        desk.records.sent("left", bytes(4096))
    desk.do(PartLost("line left", "unplugged"))
    (text,) = (await desk.written()).values()
    assert len(text.encode()) <= FILE_BYTES_MOST
    assert " ...  " in text


async def test_a_full_disk_stops_nothing_and_is_logged(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(directory, free_bytes=1000)
    desk.do(PartLost("line left", "unplugged"))
    assert await desk.written() == {}
    assert "incident 1: its wire is not kept: only 1000 bytes are free" in caplog.text


async def test_a_directory_that_cannot_be_made_stops_nothing_and_is_logged(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(directory, datetime.now(UTC))
    desk = Desk(directory)
    desk.do(PartLost("line left", "unplugged"))
    assert await desk.written() == {}
    assert "incident 1: its wire could not be kept" in caplog.text


async def test_a_file_that_cannot_be_written_leaves_no_half_of_it(directory: Path) -> None:
    put(directory / "1-left.log" / "in the way", datetime.now(UTC))
    desk = Desk(directory)
    desk.do(PartLost("line left", "unplugged"))
    await desk.written()
    assert names_in(directory) == ["1-left.log"]


async def test_a_storm_of_incidents_keeps_only_the_first(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(directory)
    for number in range(WAITING_MOST + 4):
        desk.do(PartLost(f"board X{number}", "silent"))
    await desk.written()
    assert len(desk.dumps.incidents()) == WAITING_MOST
    assert f"incident {WAITING_MOST + 4}: its wire is not kept" in caplog.text


async def test_files_are_forgotten_after_their_time_and_those_of_a_false_clock_count_from_now(
    directory: Path,
) -> None:
    now_at = datetime.now(UTC)
    for name, at in (
        ("1-left.log", now_at - timedelta(days=91)),
        ("2-left.log", now_at - timedelta(days=89)),
        ("3-left.log", datetime(1970, 1, 2, tzinfo=UTC)),
    ):
        put(directory / name, at)
    dumps = Desk(directory).dumps

    assert [path.name for path in dumps.forget(now_at - timedelta(days=90))] == ["1-left.log"]
    assert dumps.incidents() == [2, 3]
    assert [path.name for path in dumps.forget(now_at + timedelta(days=1))] == ["2-left.log", "3-left.log"]
