"""lockerctl evidence and verify --file: written once, readable by one, checked without any daemon."""

import json
import stat
from pathlib import Path

import pytest

from locker.api.evidence import FILE_BYTES_MOST, base64url
from locker.errors import ExitCode
from tests.unit.api.house import TRACKING_ID, House
from tests.unit.ctl.test_ctl import Outcome, run


@pytest.fixture
def house() -> House:
    """An automat that has been used a little."""
    house = House()
    house.use()
    return house


@pytest.fixture
def key(house: House) -> str:
    """The device's public key as the enrolment file has it."""
    return base64url(house.key.public_key().public_bytes_raw())


@pytest.fixture
async def file(house: House, tmp_path: Path) -> Path:
    """An evidence file; the daemon that gave it runs no more."""
    file = tmp_path / "evidence.json"
    outcome = await export(house, tmp_path, str(file))
    assert outcome.code == ExitCode.OK, outcome.err
    return file


def mode_of(file: Path) -> int:
    """Who may use it."""
    return stat.S_IMODE(file.stat().st_mode)


def content_of(file: Path) -> bytes:
    """What it holds."""
    return file.read_bytes()


def names_in(directory: Path) -> set[str]:
    """What lies there."""
    return {each.name for each in directory.iterdir() if not each.is_socket()}


def forge(file: Path, old: str, new: str) -> None:
    """Change one place in a file."""
    content = file.read_text()
    assert content.count(old) == 1
    file.write_text(content.replace(old, new))


async def export(house: House, where: Path, file: str, *more: str) -> Outcome:
    """Run `lockerctl evidence` against a daemon that serves just now."""
    async with house.serving(where / "lockerd.sock") as server:
        return await run("--socket", str(server.path), "evidence", TRACKING_ID, "--output", file, *more)


async def verify(file: Path, *more: str) -> Outcome:
    """Run `lockerctl verify --file` where there is no daemon."""
    return await run("--socket", "/nowhere/lockerd.sock", "verify", "--file", str(file), *more)


async def test_the_file_is_readable_by_its_owner_only_and_is_never_overwritten_by_chance(
    house: House, file: Path, tmp_path: Path
) -> None:
    assert mode_of(file) == 0o600
    before = content_of(file)

    outcome = await export(house, tmp_path, str(file))

    assert outcome.code == ExitCode.CONFIGURATION
    assert "--force" in outcome.err
    assert content_of(file) == before
    house.wait(60)
    assert (await export(house, tmp_path, str(file), "--force")).code == ExitCode.OK
    assert content_of(file) != before
    assert mode_of(file) == 0o600
    assert names_in(tmp_path) == {"evidence.json"}


async def test_the_story_is_told_with_the_grade_of_the_handover(file: Path, key: str) -> None:
    outcome = await verify(file, "--public-key", key)

    assert (outcome.code, outcome.err) == (ExitCode.OK, "")
    lines = outcome.lines()
    assert lines[0] == f"parcel {TRACKING_ID}, automat fi-0001, Kallio 3"
    handover = next(line for line in lines if "handed-over" in line)
    assert handover.split()[:4] == ["1-14", "2026-03-02T09:00:31Z", "parcel.handed-over", "1"]
    assert "grade A" in handover
    assert lines[-1].startswith("handed over, grade A: code accepted")


async def test_no_detail_is_cut_and_instants_are_told_to_the_second(file: Path, key: str) -> None:
    lines = (await verify(file, "--public-key", key)).lines()

    assert all(len(line) <= 80 for line in lines)
    stored = next(number for number, line in enumerate(lines) if "parcel.stored" in line)
    assert lines[stored + 1].split() == ["grade", "A", "courier=c-1", "deadline=2026-03-09T22:00:00Z"]
    assert lines[-2].endswith("all that the automat had on 2026-03-02T09:11:02Z")


async def test_the_enrolment_file_is_as_good_as_the_key(file: Path, key: str, tmp_path: Path) -> None:
    enrolment = tmp_path / "enrolment.json"
    enrolment.write_text(json.dumps({"automat": "fi-0001", "publickey": key}))

    outcome = await verify(file, "--public-key", str(enrolment), "--json")

    assert outcome.code == ExitCode.OK
    assert outcome.document()["key_from"] == "given"
    assert outcome.document()["public_key"] == key
    assert outcome.document()["grade"] == "A"


async def test_without_a_key_it_says_that_only_the_file_vouches_for_itself(file: Path, key: str) -> None:
    outcome = await verify(file)

    assert outcome.code == ExitCode.OK
    assert "only key believed" in outcome.err
    assert key in outcome.err


@pytest.mark.parametrize("first", ["A", "-", "--"])
async def test_another_devices_key_is_said_whatever_it_begins_with(file: Path, first: str) -> None:
    other = first + "A" * (43 - len(first))

    outcome = await verify(file, "--public-key", other)

    assert outcome.code == ExitCode.DATABASE
    assert "another" in outcome.out


async def test_a_changed_entry_is_named(file: Path, key: str) -> None:
    forge(file, "parcel.handed-over", "parcel.handed-ovér")

    outcome = await verify(file, "--public-key", key)

    assert outcome.code == ExitCode.DATABASE
    assert "entry 1-14" in outcome.out
    assert "signature" in outcome.out
    assert "handed over" not in outcome.out


@pytest.mark.parametrize(
    "content",
    [b"", b"no JSON", b"{}", b'{"kind":"parcel-locker-evidence"', b" " * (FILE_BYTES_MOST + 1)],
    ids=["empty", "text", "object", "truncated", "huge"],
)
async def test_what_is_no_evidence_is_a_bad_journal(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)

    outcome = await verify(file)

    assert outcome.code == ExitCode.DATABASE
    assert str(file) in outcome.out
    assert "Traceback" not in outcome.err


async def test_a_file_that_is_not_there_or_no_file_is_a_mistake(tmp_path: Path) -> None:
    for file in (tmp_path / "nothing", tmp_path):
        outcome = await verify(file)
        assert outcome.code == ExitCode.CONFIGURATION
        assert str(file) in outcome.err


async def test_what_is_no_key_is_a_mistake(file: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"\xff")
    for key in ("AAAA", str(wrong), "/dev/null"):
        outcome = await verify(file, "--public-key", key)
        assert outcome.code == ExitCode.CONFIGURATION
        assert "--public-key" in outcome.err


async def test_an_unknown_parcel_leaves_no_file(house: House, tmp_path: Path) -> None:
    file = tmp_path / "file"
    async with house.serving(tmp_path / "lockerd.sock") as server:
        outcome = await run("--socket", str(server.path), "evidence", "X123", "--output", str(file))

    assert outcome.code == ExitCode.CONFIGURATION
    assert "X123" in outcome.err
    assert not file.exists()


async def test_a_directory_that_is_not_there_is_said(house: House, tmp_path: Path) -> None:
    outcome = await export(house, tmp_path, str(tmp_path / "no" / "file"))

    assert outcome.code == ExitCode.CONFIGURATION
    assert "--output" in outcome.err


async def test_a_key_for_the_daemons_own_journal_is_a_mistake(house: House, tmp_path: Path) -> None:
    async with house.serving(tmp_path / "lockerd.sock") as server:
        outcome = await run("--socket", str(server.path), "verify", "--public-key", "A")

    assert outcome.code == ExitCode.CONFIGURATION
    assert "--file" in outcome.err


async def test_every_epoch_and_an_untrusted_clock_are_shown(house: House, tmp_path: Path, key: str) -> None:
    file = tmp_path / "file"

    outcome = await export(house, tmp_path, str(file), "--json")

    assert [step["clock"] for step in outcome.document()["story"]] == ["trusted"] * 10
    assert (await verify(file, "--public-key", key)).code == ExitCode.OK
