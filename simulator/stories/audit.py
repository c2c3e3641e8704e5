"""What every story ends with: the journal is whole, the back office has all of it, and the world agrees."""

from datetime import datetime
from typing import Any

from simulator.stories.stage import Stage, StoryFailedError

TYPE_PREFIX = "automat."
PRUNED = "automat.journal.pruned"
COMPARED = ("epoch", "sequence", "kind", "subject", "data", "hash")

PAGE = 500

CUSTODY = frozenset(
    {
        "parcel.stored",
        "parcel.handed-over",
        "parcel.dropped-off",
        "parcel.removed",
        "parcel.missing",
        "parcel.found",
    }
)
"""Entries that say where a parcel is from then on: each rests on a door that was open."""
OUT = frozenset({"parcel.handed-over", "parcel.removed", "parcel.missing"})
"""Those after which it is not in the automat."""

_TOLERANCE_S = 0.05
"""Instants in the journal are cut to milliseconds; the world's are not."""


async def audit(stage: Stage) -> None:
    """Hold journal, ledger and world against one another; StoryFailedError names the first difference."""
    await _verify(stage)
    await stage.in_step()
    journal = _compare_with_ledger(stage, await _journal(stage))
    _custody_has_doors(stage, journal)
    _parcels_are_where_they_should_be(stage, journal, await _unsure(stage))


async def _verify(stage: Stage) -> None:
    report = await stage.demo.ask("/v1/verify")
    bad, head = report["first_bad"], report["head"]
    if bad is not None:
        raise StoryFailedError(f"entry {bad['epoch']}-{bad['sequence']} is bad: {bad['reason']}")
    stage.seen(f"verified: {report['checked']} entries are good, up to {head['epoch']}-{head['sequence']}")


async def _journal(stage: Stage) -> list[dict[str, Any]]:
    """Return every entry that the automat still has, in order."""
    entries: list[dict[str, Any]] = []
    while True:
        after = entries[-1]["sequence"] if entries else 0
        page = await stage.demo.ask(f"/v1/journal?after={after}&limit={PAGE}")
        entries += page["entries"]
        if not page["more"] or not page["entries"]:
            return entries


def _compare_with_ledger(stage: Stage, journal: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Hold the journal against the ledger; all of it, also the beginning that the automat has pruned."""
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
    pruned = max((row.data["through"] for row in rows if row.type == PRUNED), default=0)
    held = held[pruned:]
    if held != own:
        at = next((i for i, (a, b) in enumerate(zip(held, own, strict=False)) if a != b), len(own))
        raise StoryFailedError(
            f"ledger ({len(held)}) and journal ({len(own)}) differ from entry {pruned + at + 1} on: "
            f"{held[at : at + 1]} and {own[at : at + 1]}"
        )
    without = f", of which the automat has pruned {pruned}" if pruned else ""
    stage.seen(f"the ledger equals the journal, {len(rows)} entries{without}")
    return [
        {
            "sequence": row.sequence,
            "kind": row.type.removeprefix(TYPE_PREFIX),
            "at": row.time,
            "subject": row.subject,
            "data": row.data,
        }
        for row in rows
    ]


def _custody_has_doors(stage: Stage, journal: list[dict[str, Any]]) -> None:
    """Each change of custody has a door of its own that the world saw open after its pulse."""
    openings = list(stage.openings)
    pulsed: dict[str, float] = {}
    for entry in journal:
        label, at_s = str((entry["data"] or {}).get("compartment")), _instant_s(entry["at"])
        if entry["kind"] == "lock.pulse-intended" and entry["data"]["number"] == 1:
            pulsed[label] = at_s
        if entry["kind"] not in CUSTODY:
            continue
        from_s = pulsed.get(label, at_s)
        evidence = next(
            (
                opening
                for opening in openings
                if opening.compartment == label
                and from_s - _TOLERANCE_S <= opening.at_s <= at_s + _TOLERANCE_S
            ),
            None,
        )
        if evidence is None:
            raise StoryFailedError(f"entry {entry['sequence']}, {entry['kind']}, has no door that opened")
        openings.remove(evidence)
    stage.seen("every change of custody has a door that opened")


async def _unsure(stage: Stage) -> frozenset[str]:
    """Return the compartments of which the automat itself says that somebody has to look into them."""
    boxes = (await stage.demo.ask("/v1/compartments"))["compartments"]
    unsure = frozenset(box["label"] for box in boxes if box["condition"] == "suspect")
    offered = sorted(box["label"] for box in boxes if box["free"] and box["label"] in unsure)
    if unsure:
        stage.check(not offered, f"nobody is sure of {', '.join(sorted(unsure))}, offered to nobody")
    return unsure


def _parcels_are_where_they_should_be(
    stage: Stage, journal: list[dict[str, Any]], unsure: frozenset[str]
) -> None:
    """A parcel lies where the journal says last, until it left, with one receipt at most.

    What lies in a compartment of which nobody is sure, the journal does not claim to know.
    """
    where: dict[str, str | None] = {}
    receipts: dict[str, int] = {}
    for entry in journal:
        if entry["kind"] in CUSTODY:
            where[entry["subject"]] = None if entry["kind"] in OUT else entry["data"]["compartment"]
        if entry["kind"] == "parcel.handed-over":
            receipts[entry["subject"]] = receipts.get(entry["subject"], 0) + 1
    twice = [tracking_id for tracking_id, count in receipts.items() if count > 1]
    stage.check(not twice, "no parcel has two receipts")
    boxes = {label: door for label, door in stage.automat.doors().items() if label not in unsure}
    lies = {parcel: label for label, door in boxes.items() for parcel in door.contents}
    told = {tracking_id: label for tracking_id, label in where.items() if label in boxes}
    if lies != told:
        raise StoryFailedError(f"by the journal parcels lie in {told}, in truth in {lies}")
    stage.seen("every parcel is where the journal says")


def _instant_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
