"""A technician at a jammed door, in a real terminal: the incident, the freed door, the test, the word."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.locker_sim import LockerSim
from tests.e2e.terminal import Terminal

pytestmark = [
    pytest.mark.broker,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not Terminal.is_installed(), reason="NOT RUN: tmux is not installed"),
]

JAMMED = "6"
KINDS = ("compartment.blocked", "incident.acknowledged", "compartment.unblocked")


@pytest.fixture
def screens(locker_sim: LockerSim) -> Iterator[Terminal]:
    """Give locker-tui of an automat in a terminal of 120 x 40."""
    directory = Path(tempfile.mkdtemp(prefix="tmux-"))
    command = [sys.executable, "-m", "tui.cli", "--socket", str(locker_sim.socket)]
    command += ["--technician", "maija", "--language", "en"]
    with Terminal(directory, command, columns=120, rows=40) as terminal:
        yield terminal
    shutil.rmtree(directory)


def test_a_jammed_door_is_freed_tested_and_given_back(locker_sim: LockerSim, screens: Terminal) -> None:
    locker_sim.fault("jam", JAMMED, "stuck")
    screens.shows("[1 Overview]", "linked")
    go_to_box(screens)

    # Nobody shall be offered it meanwhile.
    screens.type("x")
    screens.shows("Why? Whoever unblocks it will read it.")
    screens.type("the door jams")
    screens.press("Enter")
    screens.shows("Block box 6?")
    screens.type("y")
    screens.shows("BLOCKED", "the door jams")

    screens.press("Enter")
    screens.shows("It stands in the journal, beside your id.")
    screens.type("a customer told us")
    screens.press("Enter")
    screens.shows("Open box 6?")
    screens.type("y")
    screens.shows("BOX 6 IS OPENING.")
    screens.shows("BOX 6 DID NOT OPEN. Free its door", limit_s=60)
    assert locker_sim.door(JAMMED).pulses == 3

    screens.type("3")
    screens.shows("[3 Incidents(1)]", "[!]  1 ", "TO DO: free the door by hand")
    screens.type("a")
    screens.shows("Looked after by")

    locker_sim.heal("jam", JAMMED)
    go_to_box(screens)
    screens.type("t")
    screens.shows("the time it takes is measured")
    screens.press("Enter")  # No is the default
    screens.hides("the time it takes is measured")
    screens.type("t")
    screens.shows("the time it takes is measured")
    screens.type("y")
    screens.shows("LOOK INTO BOX 6, AND SHUT IT.")
    locker_sim.shut(JAMMED)
    screens.shows("WHAT LIES IN BOX 6?")
    screens.type("e")
    # The stream tells it before the answer is here, and no key is obeyed before that.
    screens.shows("box inspected: empty", "BLOCKED", "u unblock")
    screens.type("u")
    screens.shows("Unblock box 6?")
    screens.type("y")
    # The dialog may cover the word, so that its end alone shows nothing.
    screens.shows("box back in use", "u unblock")
    screens.hides("BLOCKED")
    screens.press("C-q")

    assert locker_sim.ask("/v1/incidents") == {"incidents": []}
    box = next(each for each in locker_sim.ask("/v1/compartments")["compartments"] if each["label"] == JAMMED)
    assert box["free"]
    for kind in KINDS:
        assert any(entry.data.get("technician") == "maija" for entry in locker_sim.journal(kind)), kind
    locker_sim.audit()


def go_to_box(screens: Terminal) -> None:
    """Find the box from whatever screen is in front."""
    screens.type("/")
    screens.shows("Search")
    screens.type(JAMMED)
    screens.press("Enter")
    screens.shows("[2 Wall]", "\n 6: L,")
    screens.press("Enter")
    screens.shows("BOX 6", "Wiring: lock")
