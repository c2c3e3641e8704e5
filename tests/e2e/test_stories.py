"""Every story, told by the command itself, with the real processes."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.cli import main
from simulator.stock import Stock
from simulator.stories.catalogue import STORIES
from tests.e2e.told_by_crew import TOLD_BY_CREW
from tests.e2e.told_by_office import TOLD_BY_OFFICE

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

TOLD_IN_ORDER: dict[str, tuple[str, ...]] = {
    "pickup": (
        "automat.parcel.stored",
        "automat.code.accepted",
        "automat.lock.pulse-intended",
        "automat.door.opened",
        "automat.door.closed",
        "automat.parcel.handed-over",
    ),
    "wrong-code": (
        "Code not recognised.",
        "automat.code.missed",
        "Wrong length. Press",
        "automat.code.missed",
    ),
    "no-clear": ("Press C first, then", "automat.code.accepted", "automat.parcel.handed-over"),
    "leading-zero": ("automat.code.missed", "automat.code.accepted", "automat.parcel.handed-over"),
    "lockout": (
        "automat.security.keypad-locked",
        "Too many attempts. | Wait 10 min.",
        "the simulated clock moves forward by 10 min",
        "automat.code.accepted",
    ),
    "jammed-door": ("jam of", "Press lightly on", "automat.parcel.attempted", "automat.parcel.handed-over"),
    "left-open": ("Please shut", "automat.door.left-open", "grade=C", "automat.door.closed"),
    "reopen": ("automat.parcel.handed-over", "automat.parcel.reopened", "automat.code.missed"),
    "two-parcels": ("automat.code.accepted", "automat.parcel.handed-over", "automat.parcel.handed-over"),
    "overdue": (
        "automat.parcel.stored",
        "the simulated clock moves forward by 6 d",
        "automat.parcel.reminder",
        "automat.parcel.overdue",
        "automat.code.overdue",
    ),
    "broker-down": ("the broker goes down", "Thank you.", "comes back", "automat.parcel.handed-over"),
    "broker-killed": ("the broker has taken the receipt", "SIGKILL", "automat.parcel.handed-over"),
    "power-cut": ("pulsed for", "killed by signal 9", "is ready", "automat.parcel.handed-over"),
    "usb-unplugged": ("unplugged", "automat.incident.raised", "plugged in", "automat.incident.cleared"),
    **TOLD_BY_CREW,
    **TOLD_BY_OFFICE,
}
SEEN_BY_EVERY_AUDIT = (
    "verified: ",
    "the ledger is gapless",
    "the ledger equals the journal",
    "every change of custody has a door that opened",
    "no parcel has two receipts",
    "every parcel is where the journal says",
)


@pytest.fixture(scope="module")
def stock(locker_sim_stock: Stock) -> Path:
    """Blank automats for these tests; others show how one comes up from nothing."""
    return locker_sim_stock.directory


@pytest.mark.parametrize("name", list(STORIES))
def test_story_comes_true(name: str, stock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["demo", "--story", name, "--json", "--stock", str(stock)])
    lines = _lines(capsys)
    assert code == 0, [line["text"] for line in lines if line["kind"] in ("seen", "failed")][-4:]
    _contains_in_order([line["text"] for line in lines], (*TOLD_IN_ORDER[name], *SEEN_BY_EVERY_AUDIT))
    told = {line["kind"] for line in lines}
    assert told >= {"key", "display", "wire", "entry"}
    if any("automat.parcel.stored" in line["text"] for line in lines):
        assert told >= {"coil", "door", "hand"}
    directions = {line["direction"] for line in lines if line["kind"] == "wire"}
    assert directions == {"from-host", "to-host"}
    assert lines[-1] == {**lines[-1], "kind": "result", "story": name, "ok": True}


def test_power_may_go_at_any_moment(stock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = ["--runs", "2", "--seed", "20"]  # tests/crash kills at every step
    code = main(["demo", "--story", "power-cut", *runs, "--json", "--stock", str(stock)])
    lines = _lines(capsys)
    assert code == 0, lines
    assert [(line["kind"], line["ok"]) for line in lines] == [("result", True)] * 2


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _contains_in_order(texts: list[str], wanted: tuple[str, ...]) -> None:
    rest = iter(texts)
    for fragment in wanted:
        assert any(fragment in text for text in rest), f"{fragment!r} is missing, or comes too early"
