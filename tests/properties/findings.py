"""What must hold of every single finding of a round of all compartments, and of its report."""

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import rfc8785

from locker.domain.automat import Automat
from locker.domain.compartments import ContactKind
from locker.domain.journal import Entry, EntryKind
from locker.domain.maintenance import Finding

if TYPE_CHECKING:
    from tests.properties.invariants import Moment

WORDS = {
    "empty": "empty",
    "as expected": "parcel",
    "parcel": "parcel",
    "occupied": "parcel",
    "dirty": "dirty",
    "damaged": "damaged",
}
"""What a finding makes of an entry's verdict; no other says what lies inside."""


def findings_follow_a_look(moment: "Moment") -> None:
    """No finding without a look and its entry, no word without its finding, and nobody forgets one."""
    before, after = moment.before.findings, moment.after.findings
    ended = moment.entries(EntryKind.AUDIT_ENDED)
    if ended or moment.before.audit is not moment.after.audit:
        assert not after, "a round begins with findings"
        assert len(ended) == (moment.before.audit is not None), "a round ends with one report"
        for report in ended:
            _report_is_true(moment.before, report)
        return
    number = None if moment.after.audit is None else moment.after.audit.number
    said: dict[str, Entry] = {}
    for entry in moment.entries(EntryKind.COMPARTMENT_INSPECTED, EntryKind.AUDIT_SKIPPED):
        assert entry.data.get("audit") == number, "an entry of another round"
        if entry.kind is EntryKind.AUDIT_SKIPPED or entry.data["verdict"] in WORDS:
            said[entry.data["compartment"]] = entry
    changed = {label for label in after if before.get(label) != after[label]}
    assert set(before) <= set(after), "a finding was forgotten"
    if number is None:
        assert not after, "findings of no round"
        return
    for label in changed:
        if label in said:
            _finding_is_true(moment, after[label], said[label])
        else:
            assert _is_scrubbed(before.get(label), after[label], moment), f"{label} found, and nobody said so"
    for label, entry in said.items():
        assert label in changed or after[label].at == moment.now.wall_at, f"{entry.kind} without a finding"


def _finding_is_true(moment: "Moment", finding: Finding, entry: Entry) -> None:
    label = finding.compartment
    assert finding.at == moment.now.wall_at
    if entry.kind is EntryKind.AUDIT_SKIPPED:
        assert finding.verdict == "skipped"
        assert finding.reason == entry.data["reason"]
        return
    assert finding.verdict == WORDS[entry.data["verdict"]]
    assert finding.tracking_id == (entry.subject if finding.verdict == "parcel" else None)
    parcel = moment.before.parcels.get(moment.before.compartments[label].tracking_id or "")
    expected = parcel.tracking_id if parcel is not None and parcel.inside else None
    assert finding.expected == expected, "another parcel was on record"
    agrees = finding.verdict in ("empty", "parcel") and finding.tracking_id == expected
    named = finding.verdict != "parcel" or finding.tracking_id is not None
    assert finding.differs is not (agrees and named), f"{finding.verdict} where {expected} should lie"
    witness = moment.witnesses[label]
    assert witness.sent or witness.opened, "found behind a door that was never pulsed"
    if entry.data["grade"] == "A":
        assert witness.opened, "found behind a door that was never seen open"
        assert witness.shut, "found behind a door that was never seen shut"
    elif moment.before.compartments[label].fixture.contact is ContactKind.FITTED:
        assert entry.data["grade"] == "B"


def _is_scrubbed(before: Finding | None, after: Finding, moment: "Moment") -> bool:
    """Tell whether only a forgotten parcel was taken out."""
    if before is None or (before.verdict, before.at) != (after.verdict, after.at):
        return False
    gone = {before.tracking_id, before.expected} - {after.tracking_id, after.expected}
    return not gone.intersection(moment.after.parcels)


def _report_is_true(before: Automat, report: Entry) -> None:
    found, labels = before.findings, before.layout.labels
    assert before.audit is not None
    assert report.data["audit"] == before.audit.number
    assert report.data["verdicts"] == Counter(each.verdict for each in found.values())
    assert set(report.data["missing"]) == set(labels) - set(found)
    assert {each["compartment"] for each in report.data["differences"]} == {
        label for label, each in found.items() if each.differs
    }
    rows = [[label, found[label].verdict, found[label].tracking_id] for label in sorted(found)]
    assert report.data["digest"] == hashlib.sha256(rfc8785.dumps(rows)).hexdigest()
    complete = not report.data["missing"]
    assert report.data["outcome"] in ("given up", "complete" if complete else "partial")
