"""The screen of lines and boards beside a real daemon on simulated hardware."""

import itertools
import stat
from pathlib import Path

import pytest

from simulator.locker_sim import LockerSim
from tests.screens.tui.stand import Seen, seen
from tui.screens.lines import LinesScreen
from tui.widgets.wire_view import WireView
from tui.wire import WireHistory
from tui.words import Language

SIZES = [(80, 24), (120, 40), (200, 60)]


def front(screen: Seen) -> LinesScreen:
    assert isinstance(screen.app.screen, LinesScreen)
    return screen.app.screen


def history(screen: Seen) -> WireHistory:
    return front(screen).history


async def begun(screen: Seen) -> None:
    """Go to the screen, and wait until it shows a line and what passes on it."""
    await screen.press("5")
    await screen.shows("locks", "9600 baud", "/s", "> read", "wire of locks:")


def errors_of(errors: dict[str, int], language: Language) -> str:
    """What has to be said of a line's errors: a busy machine's line may have missed an answer."""
    words = {
        "en": ("errors", "none", {"no-answer": "no answer", "garbled": "garbled"}),
        "fi": ("virheet", "ei ole", {"no-answer": "ei vastausta", "garbled": "sekavia"}),
    }
    title, none, kinds = words[language]
    told = ", ".join(f"{kinds[kind]} {count}" for kind, count in errors.items() if count)
    return f"{title}: {told or none}"


async def tells_errors(screen: Seen, automat: LockerSim, language: Language) -> None:
    """Wait until the screen says of the first line's errors what the daemon says at that moment."""

    def agrees() -> bool:
        line = automat.ask("/v1/lines")["lines"][0]
        # On a wide screen what passes on the wire stands beside it, from this column on.
        side = [text[:54].strip() if "-wide" in front(screen).classes else text for text in screen.lines()]
        row = next(text.split() for text in side if text.split()[:1] == [line["name"]])
        total = str(sum(line["errors"].values()) or "-")
        return row[-1] == total and errors_of(line["errors"], language) in [text.strip() for text in side]

    await screen.until(agrees, "the errors of /v1/lines")


@pytest.mark.parametrize("size", SIZES)
async def test_lines_boards_ports_figures_and_the_wire_fit_every_size(
    shared_sim: LockerSim, size: tuple[int, int]
) -> None:
    async with seen(shared_sim.socket, size=size) as screen:
        await begun(screen)
        await screen.shows("Line, board", "A", "works", "keypad front", "display front", "median")
        await screen.shows("exchanges/s", "answered", "p pause")
        await tells_errors(screen, shared_sim, "en")
        lines = screen.lines()
        assert len(lines) == size[1]
        assert all(len(line) <= size[0] for line in lines)
        assert any(set(line) & set("▁▂▃▄▅▆▇█") for line in lines)
        wire = next(line for line in lines if "> read" in line)
        assert ("contact" in screen.text()) or ("80 01" in wire)


async def test_the_chosen_board_is_told_with_its_figures(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket) as screen:
        await begun(screen)
        await screen.press("down")
        await screen.shows("xor-bcc, address 1", "polls", "last answer")


async def test_the_log_pauses_and_goes_on_with_all_that_passed(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket) as screen:
        await begun(screen)
        await screen.press("p")
        await screen.shows("PAUSED")
        stood = list(history(screen).shown)
        await screen.until(lambda: history(screen).waiting > 3, "something that waits")
        assert list(history(screen).shown) == stood
        await screen.press("p")
        await screen.hides("PAUSED")
        kept = [each for each in history(screen).shown if each.number > 0]
        assert all(later.first == earlier.number + 1 for earlier, later in itertools.pairwise(kept)), "a gap"
        assert len(kept) > len(stood)


async def test_the_log_is_filtered_by_direction_text_and_board(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, size=(120, 40)) as screen:
        await begun(screen)
        await screen.press("d")
        await screen.shows("> sent only")
        assert {each.way for each in history(screen).shown} == {"sent"}
        await screen.press("d")
        await screen.shows("< received only")
        assert {each.way for each in history(screen).shown} == {"received"}
        await screen.press("d", "d", "slash")
        await screen.shows("Show only passages with which text?")
        await screen.type("no such words")
        await screen.press("enter")
        await screen.shows("wire of locks: 0", "/no such words")
        await screen.press("slash")
        await screen.shows("Show only passages with which text?")
        await screen.press("enter")
        await screen.hides("/no such words")
        await screen.press("b")
        await screen.shows("Choose a board first.")
        assert "Choose a board first." in screen.lines()[-1], "upon the log"
        await screen.press("down", "b")
        await screen.shows("board 1 only")
        assert len(history(screen).shown) > 0


async def test_the_log_is_saved_to_a_new_file_for_this_user_only(
    shared_sim: LockerSim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a short name is soon typed
    path = tmp_path / "wire.log"
    async with seen(shared_sim.socket) as screen:
        await begun(screen)
        await screen.press("s")
        await screen.shows("To which new file")
        await screen.type(path.name)
        await screen.press("enter")
        await screen.until(path.exists, "the file")
        await screen.shows("written to")
        assert "passages written to" in screen.lines()[-1], "upon the log"
        saved = path.read_text()
        assert "> 80 01" in saved
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        await screen.press("s")
        await screen.shows("To which new file")
        await screen.type(path.name)
        await screen.press("enter")
        await screen.shows("exists already")
        assert path.read_text() == saved
        await screen.press("enter")
        await screen.press("s")
        await screen.shows("To which new file")
        await screen.type("none/wire.log")
        await screen.press("enter")
        await screen.shows("Nothing was written")


async def test_a_passage_is_shown_whole_and_the_log_stays_where_somebody_reads(
    shared_sim: LockerSim,
) -> None:
    async with seen(shared_sim.socket) as screen:
        await begun(screen)
        await screen.press("tab", "up", "up")
        view = screen.app.screen.query_one(WireView)
        assert not view.follows
        at, passed = view.scroll_offset.y, len(history(screen).shown)
        await screen.until(lambda: len(history(screen).shown) > passed + 4, "more that passed")
        assert view.scroll_offset.y == at
        await screen.press("enter")
        await screen.shows("Enter closes this.")
        await screen.press("enter", "end")
        assert view.follows


async def test_a_lost_board_is_told_by_a_sign_and_a_word_and_its_errors(locker_sim: LockerSim) -> None:
    async with seen(locker_sim.socket) as screen:
        await begun(screen)
        locker_sim.fault("dead-board", "A")
        await screen.press("down")
        await screen.shows("! LOST", "no answer")
        locker_sim.heal("dead-board", "A")
        await screen.hides("! LOST")
        await screen.press("up")
        await screen.shows("errors: no answer ")
        await tells_errors(screen, locker_sim, "en")
        locker_sim.unplug("locks")
        await screen.shows("! NOT OPEN")


async def test_the_log_of_a_keypad_counts_bytes_and_shows_none(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, size=(120, 40)) as screen:
        await begun(screen)
        await screen.press("down", "down")
        await screen.shows("wire of keypad front")
        shared_sim.type("C")
        await screen.shows("< not kept  1 B")


async def test_a_daemon_that_comes_back_is_followed_on_and_the_break_is_noted(
    locker_sim: LockerSim,
) -> None:
    async with seen(locker_sim.socket, size=(120, 40)) as screen:
        await begun(screen)
        locker_sim.cut_power()
        await screen.shows("# no connection:")
        before = len(history(screen).shown)
        locker_sim.restore_power()
        await screen.until(
            lambda: len(history(screen).shown) > before and history(screen).shown[-1].way != "noted",
            "the wire of the next daemon",
        )
        notes = [each for each in history(screen).shown if each.way == "noted"]
        assert len([each for each in notes if "no connection" in each.meaning[0]]) <= 3


async def test_however_much_passes_it_is_painted_a_few_times_a_second_and_memory_is_bounded(
    shared_sim: LockerSim,
) -> None:
    async with seen(shared_sim.socket) as screen:
        await begun(screen)
        view, one = screen.app.screen.query_one(WireView), history(screen).shown[-1]
        paints = view.paints
        for _ in range(10_000):
            front(screen)._arrive(one)
        assert view.paints == paints
        await screen.until(lambda: view.paints > paints, "a paint")
        assert view.paints <= paints + 2
        assert len(history(screen).shown) == 2000


async def test_it_speaks_finnish(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, language="fi") as screen:
        await screen.press("5")
        await screen.shows("toimii", "näppäimistö front", "linja locks:", "p tauko")
        await tells_errors(screen, shared_sim, "fi")
