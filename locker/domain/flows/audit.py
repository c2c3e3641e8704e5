"""The audit walk: a round of all compartments, and a report of what differs from what is on record.

Nobody is believed without having looked: a finding is what a person said of a box whose door was opened for
it, at the socket or at a keypad; only skipping one needs no look, and says so.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import rfc8785

from locker.domain.draft import Draft
from locker.domain.journal import EntryKind
from locker.domain.maintenance import Audit, BeginAudit, EndAudit, Finding, Maintainer, SkipInAudit, Verdict
from locker.domain.times import rfc3339

SKIPPED = "skipped"
UNSOUND = (Verdict.DIRTY, Verdict.DAMAGED)


def begin(draft: Draft, by: Maintainer, action: BeginAudit) -> None:
    """Begin a round, or go on with the one under way; `afresh` ends that one as given up."""
    if draft.automat.audit is not None:
        if not action.afresh:
            return
        _end(draft, by, "given up")
    number = draft.automat.facts.audits_numbered + 1
    draft.put_facts(audits_numbered=number)
    draft.put_audit(Audit(number, draft.now.wall_at, by))
    draft.record(EntryKind.AUDIT_BEGUN, audit=number, user=by.user, technician=by.technician)


def number_of(draft: Draft) -> int | None:
    """Return the number of the round under way, for the entries that belong to it."""
    return None if draft.automat.audit is None else draft.automat.audit.number


def note_verdict(
    draft: Draft, by: Maintainer, label: str, verdict: Verdict, tracking_id: str | None, expected: str | None
) -> None:
    """Note what a person who looked says, while a round is under way; a later word replaces an earlier one.

    `tracking_id` is what lies inside by that word, `expected` what was on record before it.
    """
    if draft.automat.audit is None:
        return
    inside = tracking_id if verdict is Verdict.PARCEL else None
    contradicts = expected is not None if verdict is Verdict.EMPTY else inside != expected
    unnamed = verdict is Verdict.PARCEL and inside is None
    draft.put_finding(
        Finding(
            compartment=label,
            verdict=str(verdict),
            at=draft.now.wall_at,
            said_by=by,
            tracking_id=inside,
            expected=expected,
            differs=contradicts or unnamed or verdict in UNSOUND,
        )
    )


def skip(draft: Draft, by: Maintainer, action: SkipInAudit) -> None:
    """Leave a compartment out of the round; what was said of one is not taken back."""
    audit, label = draft.automat.audit, action.compartment
    if audit is None:
        draft.refuse("no-audit")
        return
    if label not in draft.automat.compartments:
        draft.refuse("unknown-compartment")
        return
    known = draft.automat.findings.get(label)
    if known is not None and known.verdict != SKIPPED:
        draft.refuse("already-looked")
        return
    parcel = draft.automat.expected_in(label)
    draft.put_finding(
        Finding(
            compartment=label,
            verdict=SKIPPED,
            at=draft.now.wall_at,
            said_by=by,
            expected=None if parcel is None else parcel.tracking_id,
            reason=action.reason,
        )
    )
    draft.record(
        EntryKind.AUDIT_SKIPPED,
        audit=audit.number,
        compartment=label,
        reason=action.reason,
        user=by.user,
        technician=by.technician,
    )


def end(draft: Draft, by: Maintainer, action: EndAudit) -> None:
    """End the round and write its report."""
    if draft.automat.audit is None:
        draft.refuse("no-audit")
        return
    missing = _missing(draft)
    if missing and not action.partial:
        draft.refuse("compartments-missing")
        return
    _end(draft, by, "partial" if missing else "complete")


def forget_parcel(draft: Draft, tracking_id: str) -> None:
    """Keep a tracking id no longer than its parcel: a round may be left lying for months."""
    for finding in draft.automat.findings.values():
        if tracking_id in (finding.tracking_id, finding.expected):
            draft.put_finding(
                replace(
                    finding,
                    tracking_id=None if finding.tracking_id == tracking_id else finding.tracking_id,
                    expected=None if finding.expected == tracking_id else finding.expected,
                )
            )


def digest(findings: Iterable[Finding]) -> str:
    """Hash what was found, so that the report stands for the entries of the round and for no others.

    SHA-256 of the canonical JSON (RFC 8785) of [compartment, verdict, tracking id or null], by compartment.
    """
    rows = sorted([each.compartment, each.verdict, each.tracking_id] for each in findings)
    return hashlib.sha256(rfc8785.dumps(rows)).hexdigest()


def _end(draft: Draft, by: Maintainer, outcome: str) -> None:
    audit, findings = draft.automat.audit, draft.automat.findings
    if audit is None:
        return
    walked = [findings[label] for label in draft.automat.layout.labels if label in findings]
    # Boxes that the configuration no longer has were looked into all the same.
    gone = [findings[label] for label in sorted(findings) if label not in draft.automat.layout.places]
    found = [*walked, *gone]
    draft.record(
        EntryKind.AUDIT_ENDED,
        audit=audit.number,
        outcome=outcome,
        begun=rfc3339(audit.begun_at),
        begunby={"user": audit.begun_by.user, "technician": audit.begun_by.technician},
        user=by.user,
        technician=by.technician,
        compartments=len(draft.automat.layout.labels),
        verdicts=dict(sorted(Counter(each.verdict for each in found).items())),
        differences=[_difference(each) for each in found if each.differs],
        skipped=[
            {"compartment": each.compartment, "reason": each.reason}
            for each in found
            if each.verdict == SKIPPED
        ],
        missing=list(_missing(draft)),
        digest=digest(found),
    )
    draft.forget_audit()


def _difference(finding: Finding) -> Mapping[str, object]:
    told = {
        "compartment": finding.compartment,
        "verdict": finding.verdict,
        "expected": finding.expected,
        "found": finding.tracking_id,
    }
    return {name: value for name, value in told.items() if value is not None}


def _missing(draft: Draft) -> tuple[str, ...]:
    automat = draft.automat
    return tuple(label for label in automat.layout.labels if label not in automat.findings)
