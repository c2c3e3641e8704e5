"""What every story ends with: the journal is whole, the back office has all of it, and the world agrees."""

import json
from datetime import datetime
from typing import Any

from simulator.daemon import run_command
from simulator.stories.stage import Stage, StoryFailedError

TYPE_PREFIX = "automat."
COMPARED = ("epoch", "sequence", "kind", "subject", "data", "hash")

FROM_THE_BEGINNING = ("--json", "--after", "0", "--limit", "1000000")

_TOLERANCE_S = 0.05
"""Instants in the journal are cut to milliseconds; the world's are not."""


async def audit(stage: Stage) -> None:
    """Hold journal, ledger and world against one another; StoryFailedError names the first difference."""
    await _verify(stage)
    await stage.in_step()
    journal = await _journal(stage)
    _compare_with_ledger(stage, journal)
    _receipts_have_doors(stage, journal)
    _parcels_are_where_they_should_be(stage, journal)


async def _verify(stage: Stage) -> None:
    code, out, err = await run_command("locker.ctl", [*_socket(stage), "verify"])
    if code != 0:
        raise StoryFailedError(f"lockerctl verify ended with exit code {code}: {(out + err).strip()}")
    stage.seen(f"lockerctl verify: {out.strip()}")


async def _journal(stage: Stage) -> list[dict[str, Any]]:
    code, out, err = await run_command("locker.ctl", [*_socket(stage), "journal", *FROM_THE_BEGINNING])
    if code != 0:
        raise StoryFailedError(f"lockerctl journal ended with exit code {code}: {err.strip()}")
    return [json.loads(line) for line in out.splitlines()]


def _socket(stage: Stage) -> list[str]:
    return ["--socket", str(stage.demo.socket)]


def _compare_with_ledger(stage: Stage, journal: list[dict[str, Any]]) -> None:
    ledger, automat_id = stage.demo.backoffice.ledger, stage.demo.plan.automat_id
    rows = list(ledger.rows(automat_id))
    numbers = [(row.epoch, row.sequence) for row in rows]
    gapless = [(1, number) for number in range(1, len(rows) + 1)]
    faults = [f"{row.sequence}: {row.fault}" for row in rows if row.fault]
    forks = ledger.forks(automat_id, 1)
    stage.check(numbers == gapless, f"the ledger is gapless, 1 to {len(rows)}")
    stage.check(not faults and not forks, "its chain holds, with no fork")
    stage.check(not stage.demo.backoffice.unproven, "every entry carried the device's signature")
    held = [
        (row.epoch, row.sequence, row.type.removeprefix(TYPE_PREFIX), row.subject, row.data, row.hash)
        for row in rows
    ]
    own = [tuple(entry[name] for name in COMPARED) for entry in journal]
    if held != own:
        at = next((i for i, (a, b) in enumerate(zip(held, own, strict=False)) if a != b), len(own))
        raise StoryFailedError(
            f"ledger ({len(held)}) and journal ({len(own)}) differ from entry {at + 1} on: "
            f"{held[at : at + 1]} and {own[at : at + 1]}"
        )
    stage.seen(f"the ledger equals the journal, {len(rows)} entries")


def _receipts_have_doors(stage: Stage, journal: list[dict[str, Any]]) -> None:
    """Each receipt has a door of its own that the world saw open between the code and the receipt."""
    openings = list(stage.openings)
    for entry in journal:
        if entry["kind"] != "parcel.handed-over":
            continue
        from_s, to_s = _instant_s(entry["data"]["codeaccepted"]), _instant_s(entry["at"])
        evidence = next(
            (
                opening
                for opening in openings
                if opening.compartment == entry["data"]["compartment"]
                and from_s - _TOLERANCE_S <= opening.at_s <= to_s + _TOLERANCE_S
            ),
            None,
        )
        if evidence is None:
            raise StoryFailedError(f"receipt {entry['sequence']} has no door that opened")
        openings.remove(evidence)
    stage.seen("every receipt has a door that opened")


def _parcels_are_where_they_should_be(stage: Stage, journal: list[dict[str, Any]]) -> None:
    """A parcel lies where the journal stored it last, until the journal handed it over; each at most once."""
    where: dict[str, str | None] = {}
    receipts: dict[str, int] = {}
    for entry in journal:
        if entry["kind"] == "parcel.stored":
            where[entry["subject"]] = entry["data"]["compartment"]
        elif entry["kind"] == "parcel.handed-over":
            where[entry["subject"]] = None
            receipts[entry["subject"]] = receipts.get(entry["subject"], 0) + 1
    twice = [tracking_id for tracking_id, count in receipts.items() if count > 1]
    stage.check(not twice, "no parcel has two receipts")
    lies = {parcel: label for label, door in stage.automat.doors().items() for parcel in door.contents}
    told = {tracking_id: label for tracking_id, label in where.items() if label is not None}
    if lies != told:
        raise StoryFailedError(f"by the journal parcels lie in {told}, in truth in {lies}")
    stage.seen("every parcel is where the journal says")


def _instant_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
