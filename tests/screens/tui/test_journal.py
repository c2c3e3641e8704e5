"""The screen "journal": beside a real daemon, and behind a real socket with a long journal."""

import asyncio
import json
import stat
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from locker.domain.journal import EntryKind
from locker.errors import ExitCode
from simulator.locker_sim import LockerSim
from simulator.locker_sim import Parcel as Delivered
from tests.screens.tui.stand import Seen, seen
from tests.unit.api.house import House
from tui.files import write_new
from tui.journal import KEPT, as_text, read_time, shortened_left
from tui.screens.journal import JournalScreen
from tui.widgets.entries import Entries
from tui.words import LANGUAGES, texts_in

ROOT = Path(__file__).parents[3]
SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.fixture(scope="module")
def delivered(shared_sim: LockerSim) -> Delivered:
    """A parcel that came, and another that came and went."""
    shared_sim.collect(shared_sim.deliver(size="S"))
    return shared_sim.deliver(size="M")


def without_blanks(text: str) -> str:
    """Join what was broken at the end of a line, wherever a long path made that necessary."""
    return "".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_entry_has_words(language: str) -> None:
    texts = texts_in("fi" if language == "fi" else "en")
    told = [name.removeprefix("entry.") for name in texts if name.startswith("entry.")]

    assert sorted(told) == sorted(str(kind) for kind in EntryKind)
    assert len({texts[f"entry.{kind}"] for kind in told}) == len(told)


@pytest.mark.parametrize("size", SIZES)
async def test_entries_are_told_in_words_with_what_is_known_of_the_chosen_one(
    shared_sim: LockerSim, delivered: Delivered, size: tuple[int, int]
) -> None:
    async with seen(shared_sim.socket, size=size, matter="journal") as screen:
        await screen.shows(
            "[4 Journal]",
            " All entries │ following",
            " courier signed out ",
            " parcel stored ",
            f"{delivered.compartment} {delivered.tracking_id}",
            "courier signed out (courier.signed-out)",
            "linked with 127.0.0.1:",
            " │ clock trusted",
            " 0 not yet (^)",
        )
        assert all(len(line) <= size[0] for line in screen.lines())
        await screen.press("up", "enter")
        await screen.shows("parcel stored (parcel.stored)", f"parcel: {delivered.tracking_id}", "grade: A")
        await screen.press("escape")


async def test_entries_come_while_somebody_looks_on(shared_sim: LockerSim, delivered: Delivered) -> None:
    async with seen(shared_sim.socket, matter="journal") as screen:
        await screen.shows("following")
        shared_sim.type("C 99887766 OK")
        await screen.shows("unknown code typed (code.missed)", ", acknowledged", "keypad: front")


async def test_one_kind_or_one_parcel_can_be_asked_for(shared_sim: LockerSim, delivered: Delivered) -> None:
    async with seen(shared_sim.socket, size=(120, 40), matter="journal") as screen:
        await screen.shows("following")
        await screen.press("k")
        await screen.shows("Which kind?", "every kind")
        await screen.type("handed")
        await screen.hides("every kind")
        await screen.press("enter")
        await screen.shows("Only: parcel handed over  (x shows all)")
        await screen.until(lambda: len(shown(screen)) == 1, "one handover")
        await screen.press("x")
        await screen.until(lambda: len(shown(screen)) > 20, "everything again")
        await screen.press("p")
        await screen.shows("Which parcel?")
        await screen.type(delivered.tracking_id[-8:])
        await screen.press("enter")
        await screen.shows(f"Only: parcel {delivered.tracking_id}")
        await screen.until(lambda: 0 < len(shown(screen)) < 10, "the entries of one parcel")
        assert all(delivered.tracking_id in line for line in shown(screen))


async def test_the_chain_is_verified_at_a_key_with_the_outcome_and_its_time(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="journal", language="fi") as screen:
        await screen.shows("ketju: ei vielä tarkistettu")
        await screen.press("v")
        await screen.shows("ketju EHJÄ: ", "tarkistettu 20")


async def test_evidence_of_a_parcel_is_written_once_for_this_user_only_and_holds(
    shared_sim: LockerSim,
    delivered: Delivered,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / f"{delivered.tracking_id}.evidence.json"
    async with seen(shared_sim.socket, size=(200, 60), matter="journal") as screen:
        await screen.shows("following")
        written = b""
        for number in (1, 2):
            await screen.press("p")
            await screen.shows("Which parcel?")
            await screen.type(delivered.tracking_id)
            await screen.press("enter")
            await screen.shows("parcel stored")
            await screen.press("e")
            await screen.shows("Into which new file? Nothing:")
            await screen.press("enter")
            await screen.shows("Enter closes this.")
            told = without_blanks(screen.part("#dialog-text"))
            written = written or file.read_bytes()
            await screen.press("enter")
            await screen.hides("Enter closes this.")
            if number == 1:
                count = len(json.loads(written)["entries"])
                assert told == without_blanks(
                    f"{count} entries are in {file} Only your user can read it. "
                    f"It is checked, here or anywhere, by lockerctl verify --file {file}"
                )
            else:
                assert told == without_blanks(f"{file} exists already and stays as it is. Name another file.")

    assert file.read_bytes() == written
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    checked = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "locker.ctl", "verify", "--file", file, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await checked.communicate()
    assert checked.returncode == ExitCode.OK
    assert b"parcel.stored" in out


async def test_a_refusal_of_evidence_is_told(shared_sim: LockerSim, delivered: Delivered) -> None:
    async with seen(shared_sim.socket, matter="journal") as screen:
        await screen.shows("courier signed out")
        await screen.press("end", "e")
        await screen.shows("The tracking id of the parcel.")
        await screen.type("NOSUCHPARCEL")
        await screen.press("enter")
        await screen.shows("Refused")


# -- a long journal, behind a real socket


@pytest.fixture
def house() -> House:
    return House()


async def test_history_is_paged_back_to_its_beginning_without_holding_all_of_it(
    house: House, tmp_path: Path
) -> None:
    house.fill(3000)
    house.acknowledge(house.head.sequence - 3)
    async with house.serving(tmp_path / "s"), seen(tmp_path / "s", matter="journal") as screen:
        entries = screen.app.screen.query_one(Entries)
        held = entries._window
        await screen.shows(f"^   {house.head.sequence} ", f"    {house.head.sequence - 3} ", "following")
        assert len(held.entries) == 200
        while not held.whole_beginning:
            first = held.entries[0]
            await screen.press("home", "up")
            await screen.until(lambda f=first: held.entries[0] != f, "older entries")  # type: ignore[misc]  # mypy knows no default of a lambda
            assert len(held.entries) <= KEPT
            assert entries.chosen == first
        assert [entry.sequence for entry in held.entries] == list(range(1, KEPT + 1))
        await screen.shows(f"{KEPT} shown, End follows")
        house.happen()
        await screen.press("end")
        await screen.shows(f" {house.head.sequence} ", "following")


async def test_who_looks_back_is_not_moved_and_loses_nothing(house: House, tmp_path: Path) -> None:
    house.fill(300)
    async with house.serving(tmp_path / "s"), seen(tmp_path / "s", matter="journal") as screen:
        await screen.shows("following")
        await screen.press("pageup")
        looked_at = shown(screen)
        for _ in range(7):
            house.happen(200)
            await screen.until(lambda: taken(screen) == house.head.sequence, "news")
        await screen.shows(f"{KEPT} shown, End follows")
        assert shown(screen) == looked_at
        while (end := held(screen)[-1]) != house.head.sequence:
            screen.app.screen.query_one(Entries).action_move(KEPT)
            await screen.until(lambda n=end: held(screen)[-1] > n, "newer entries")  # type: ignore[misc]  # mypy knows no default of a lambda
            assert held(screen) == list(range(held(screen)[0], held(screen)[0] + KEPT))


async def test_what_the_stream_left_out_is_asked_for(house: House, tmp_path: Path) -> None:
    async with house.serving(tmp_path / "s"), seen(tmp_path / "s", matter="journal") as screen:
        await screen.until(lambda: held(screen) == [1], "the only one")
        house.happen()
        await screen.until(lambda: held(screen) == [1, 2], "the second one")
        house.fill(30)  # the stream hears nothing of it
        house.happen()
        await screen.until(lambda: held(screen) == list(range(1, 34)), "everything")


async def test_a_time_can_be_asked_for(house: House, tmp_path: Path) -> None:
    begun_at = house.now.wall_at
    for _ in range(5):
        house.fill(100)
        house.wait(86_400)
    day = f"{begun_at:%Y-%m-}"
    async with house.serving(tmp_path / "s"), seen(tmp_path / "s", matter="journal") as screen:
        await screen.shows("following")
        await screen.press("t")
        await screen.shows("From when?")
        await screen.type(f"{day}{begun_at.day + 1:02}")
        await screen.press("enter")
        await screen.shows("Until when?")
        await screen.type(f"{day}{begun_at.day + 2:02}")
        await screen.press("enter")
        await screen.shows("Only: from ", "until ")
        await screen.until(lambda: bool(held(screen)), "entries")
        chosen = [entry for entry in house.journal if 1 <= (entry.at - begun_at).days <= 2]
        assert held(screen)[-1] == chosen[-1].sequence
        assert screen.app.client is not None
        assert await screen.app.client.first_since(chosen[0].at) == chosen[0].sequence


async def test_a_time_that_is_none_changes_nothing(house: House, tmp_path: Path) -> None:
    async with house.serving(tmp_path / "s"), seen(tmp_path / "s", matter="journal") as screen:
        await screen.shows("All entries")
        await screen.press("t")
        await screen.shows("From when?")
        await screen.type("2026-02-30")
        await screen.press("enter")
        await screen.shows("2026-02-30 is no time.")
        await screen.press("enter")
        await screen.shows("All entries")


async def test_a_broken_chain_is_told_with_its_place(house: House, tmp_path: Path) -> None:
    house.fill(20)
    house.journal[6] = replace(house.journal[6], payload=house.journal[5].payload)
    async with house.serving(tmp_path / "s"), seen(tmp_path / "s", matter="journal") as screen:
        await screen.press("v")
        await screen.shows("The journal is not what the device wrote", "Entry 1-7:", "tell the operator")
        await screen.press("enter")
        await screen.shows("chain BROKEN at 1-7:", "6 before it are good")


async def test_a_busy_journal_is_followed_in_bounded_memory(house: House, tmp_path: Path) -> None:
    house.fill(900)
    async with house.serving(tmp_path / "s"), seen(tmp_path / "s", matter="journal") as screen:
        await screen.shows("following")
        for _ in range(10):
            house.happen(200)
            await screen.until(
                lambda: bool(held(screen)) and held(screen)[-1] == house.head.sequence, "the newest"
            )
            assert len(held(screen)) <= KEPT
        assert len(held(screen)) == KEPT


# -- pure


def test_times_are_read_as_their_first_or_last_moment() -> None:
    assert read_time("2026-03-01", end=False) == datetime(2026, 3, 1, tzinfo=UTC)
    assert read_time("2026-03-01 08:30", end=False) == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert read_time("2026-03-01", end=True) == datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    assert [read_time(text, end=True) for text in ("2026-13-01", "9999-12-31", "noon", "")] == [None] * 4


def test_the_end_of_a_tracking_id_is_what_stays() -> None:
    assert shortened_left("12 JJFI64312000000000017", 12) == "12 …00000017"
    assert shortened_left("JJFI64312000000000017", 9) == "…00000017"
    assert shortened_left("12 JJFI1", 12) == "12 JJFI1"


def test_a_file_to_take_along_replaces_none_and_follows_no_link(tmp_path: Path) -> None:
    file, link = tmp_path / "new", tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    write_new(file, b"one")
    for taken in (file, link):
        with pytest.raises(FileExistsError):
            write_new(taken, b"two")

    assert file.read_bytes() == b"one"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not (tmp_path / "elsewhere").exists()


async def test_a_click_chooses_an_entry_and_a_second_one_opens_it(house: House, tmp_path: Path) -> None:
    house.fill(5)
    async with house.serving(tmp_path / "s"), seen(tmp_path / "s", matter="journal") as screen:
        await screen.until(lambda: len(held(screen)) == 6, "the entries")
        await screen.pilot.click(Entries, offset=(5, 2))
        await screen.shows(">^      3 ", "parcel: X000000001")
        await screen.pilot.click(Entries, offset=(5, 2))
        await screen.shows("Enter closes this.")


def test_values_are_written_for_people() -> None:
    assert as_text({"user": "a", "seen": [True, None, 3]}) == "user a, seen yes, -, 3"


def shown(screen: Seen) -> list[str]:
    """The lines of the list that hold an entry."""
    entries = screen.app.screen.query_one(Entries)
    region = entries.region
    lines = screen.text().split("\n")[region.y : region.bottom]
    return [line[region.x : region.right].rstrip() for line in lines if line[: region.right].strip()]


def held(screen: Seen) -> list[int]:
    """The numbers of the entries that the screen holds."""
    return [entry.sequence for entry in screen.app.screen.query_one(Entries)._window.entries]


def taken(screen: Seen) -> int:
    """The number of the last entry that the screen has taken in: it looks four times a second."""
    journal = screen.app.screen
    assert isinstance(journal, JournalScreen)
    return journal._seen[1] if journal._seen is not None else 0


def heard(screen: Seen) -> int:
    """The number of the last entry that the stream told."""
    entries = screen.app.store.entries
    return entries[-1].sequence if entries else 0
