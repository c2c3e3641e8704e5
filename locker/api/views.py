"""What the domain knows, as the socket shows it: never a code, nor anything made from one."""

import json
from collections.abc import Iterable

from locker.api.maintenance_schema import Audit, AuditStop
from locker.api.schema import (
    AuditItem,
    ClockStatus,
    CompartmentView,
    IncidentView,
    JournalEntryView,
    JournalPosition,
    KeypadTrialView,
    KeypadView,
    LockView,
    ParcelStage,
    ParcelView,
    SafeMode,
    Status,
)
from locker.domain.automat import Automat
from locker.domain.compartments import Compartment
from locker.domain.deadlines import last_day_before
from locker.domain.events import Key
from locker.domain.incidents import MEANING, REMEDY, Incident, IncidentKind
from locker.domain.journal import ChainHead, SealedEntry
from locker.domain.keypad import UNOCCUPIED, BeingTried, Keypad
from locker.domain.parcels import Parcel, ParcelState
from locker.domain.rules import Rules
from locker.domain.times import Now


def status(
    automat: Automat,
    head: ChainHead,
    now: Now,
    *,
    uptime_s: float,
    link_connected: bool,
    link_trouble: str | None = None,
    broker: str = "",
    safe_mode: SafeMode | None = None,
) -> Status:
    """Show the automat on one page."""
    parcels: dict[ParcelStage, int] = {state.value: 0 for state in ParcelState}
    for parcel in automat.parcels.values():
        parcels[parcel.state.value] += 1
    incidents = [incident for incident in automat.incidents.values() if incident.cleared_at is None]
    return Status(
        automat_id=automat.identity.automat_id,
        name=automat.identity.name,
        version=automat.version,
        mode=automat.facts.mode.value,
        started=automat.started,
        uptime_s=round(uptime_s, 3),
        free=free_by_size(automat.compartments.values()),
        parcels=parcels,
        open_incidents=len(incidents),
        clock=ClockStatus(
            trust=now.trust.value,
            wall_at=now.wall_at,
            powered_s=round(now.powered_s, 3),
            doubted=automat.facts.clock_doubted,
        ),
        link_connected=link_connected,
        link_trouble=link_trouble,
        broker=broker,
        journal=journal_position(automat, head),
        storage_low=automat.facts.storage_low,
        commissioned=automat.wiring_map is not None,
        guarded_keypads=tuple(sorted(name for name, bucket in automat.attempts.items() if bucket.guarded)),
        faulty_keypads=tuple(sorted(name for name, keypad in automat.keypads.items() if keypad.fault)),
        lost_parts=tuple(sorted(i.about for i in incidents if i.kind is IncidentKind.PART_LOST)),
        safe_mode=safe_mode,
    )


def free_by_size(compartments: Iterable[Compartment]) -> dict[str, int]:
    """Count the free compartments of each size, also where there are none."""
    free: dict[str, int] = {}
    for compartment in compartments:
        size = compartment.fixture.size
        free[size] = free.get(size, 0) + compartment.free
    return dict(sorted(free.items()))


def journal_position(automat: Automat, head: ChainHead) -> JournalPosition:
    """Show how far the journal reaches and how far it is acknowledged."""
    acknowledged = automat.facts.acknowledged_through
    return JournalPosition(
        epoch=head.epoch,
        last_sequence=head.sequence,
        acknowledged_through=acknowledged,
        unacknowledged=max(0, head.sequence - acknowledged),
        parked=len(automat.parked),
    )


def compartment_view(automat: Automat, compartment: Compartment) -> CompartmentView:
    """Show one box."""
    fixture, opening = compartment.fixture, automat.openings.get(compartment.label)
    look = automat.looks.get(compartment.label)
    return CompartmentView(
        label=compartment.label,
        size=fixture.size,
        width_mm=fixture.width_mm,
        height_mm=fixture.height_mm,
        depth_mm=fixture.depth_mm,
        column=fixture.column,
        row=fixture.row,
        accessible=fixture.accessible,
        door=compartment.door.value,
        goods=compartment.goods,
        condition=compartment.condition.value,
        reason=compartment.reason,
        blocked=compartment.blocked,
        free=compartment.free,
        tracking_id=compartment.tracking_id,
        opening=None if opening is None else opening.stage.value,
        awaits_word_of=look.by.technician if look is not None else None,
    )


def compartments_in_order(automat: Automat) -> list[Compartment]:
    """Give the boxes as they stand: column by column, and by label where no place is known."""
    return sorted(
        automat.compartments.values(),
        key=lambda box: (box.fixture.column, box.fixture.row, len(box.label), box.label),
    )


def parcel_view(parcel: Parcel, rules: Rules) -> ParcelView:
    """Show one parcel, without its code's tag and without the recipient's token."""
    last_day = None
    if parcel.deadline_at is not None:
        last_day = last_day_before(parcel.deadline_at, rules.time_zone).isoformat()
    return ParcelView(
        tracking_id=parcel.tracking_id,
        size=parcel.size,
        direction=parcel.direction.value,
        state=parcel.state.value,
        compartment=parcel.compartment,
        deposited_at=parcel.deposited_at,
        deadline_at=parcel.deadline_at,
        last_pickup_date=last_day,
    )


def lock_views(automat: Automat) -> list[LockView]:
    """Show the locks of which anything is known, in the order of the compartments."""
    known = (automat.locks.get(box.label) for box in compartments_in_order(automat))
    return [
        LockView(
            compartment=health.compartment,
            openings=health.openings,
            retries=health.retries,
            failures=health.failures,
            refusals=health.refusals,
            usual_ms=health.usual_ms,
            present_ms=health.present_ms,
            recent_ms=health.recent_ms,
            complaint=health.complaint,
        )
        for health in known
        if health is not None
    ]


def parcels_in_order(automat: Automat, *, closed: bool) -> list[Parcel]:
    """Give the parcels by tracking id."""
    return sorted(
        (p for p in automat.parcels.values() if closed or p.state is not ParcelState.CLOSED),
        key=lambda parcel: parcel.tracking_id,
    )


def incident_view(automat: Automat, incident: Incident) -> IncidentView:
    """Show one incident with the meaning of its kind."""
    return IncidentView(
        number=incident.number,
        kind=incident.kind.value,
        meaning=MEANING[incident.kind],
        about=incident.about,
        detail=incident.detail,
        raised_at=incident.raised_at,
        cleared_at=incident.cleared_at,
        remedy=REMEDY[incident.kind],
        settling=incident.settling(automat.compartments).value,
        acknowledged_at=incident.acknowledged_at,
        acknowledged_by=incident.acknowledged_by.technician if incident.acknowledged_by else None,
    )


def incidents_in_order(automat: Automat, *, cleared: bool) -> list[Incident]:
    """Give the incidents by number."""
    return sorted(
        (i for i in automat.incidents.values() if cleared or i.cleared_at is None),
        key=lambda incident: incident.number,
    )


def keypad_view(automat: Automat, keypad: Keypad) -> KeypadView:
    """Show one keypad; of a trial how often each key was pressed, never in which order."""
    bucket = automat.attempts.get(keypad.name)
    return KeypadView(
        name=keypad.name,
        bound_to=keypad.bound_to,
        fault=keypad.fault,
        display=keypad.has_display,
        scanner=keypad.has_scanner,
        guarded=bucket is not None and bucket.guarded,
        occupied=not isinstance(keypad.flow, UNOCCUPIED),
        trial=_trial_view(keypad.flow) if isinstance(keypad.flow, BeingTried) else None,
    )


def _trial_view(flow: BeingTried) -> KeypadTrialView:
    return KeypadTrialView(
        technician=flow.by.technician,
        keys={key.value: flow.keys[key] for key in Key if key in flow.keys},
        scans=flow.scans,
        scanned=flow.scanned,
    )


def audit_view(automat: Automat) -> Audit:
    """Show the round under way, every compartment in walking order."""
    audit, findings = automat.audit, automat.findings
    stops = [_audit_stop(automat, label) for label in automat.layout.labels]
    missing = [label for label in automat.layout.labels if label not in findings]
    return Audit(
        under_way=audit is not None,
        number=audit.number if audit else None,
        begun_at=audit.begun_at if audit else None,
        user=audit.begun_by.user if audit else None,
        technician=audit.begun_by.technician if audit else None,
        done=len(stops) - len(missing),
        total=len(stops),
        next=missing[0] if audit and missing else None,
        stops=tuple(stops),
    )


def audit_item(automat: Automat, number: int) -> AuditItem:
    """Tell that the round has changed, and how far it has come."""
    labels = automat.layout.labels
    return AuditItem(
        number=number,
        under_way=automat.audit is not None,
        done=sum(label in automat.findings for label in labels),
        total=len(labels),
    )


def _audit_stop(automat: Automat, label: str) -> AuditStop:
    finding = automat.findings.get(label)
    if finding is None:
        parcel = automat.parcels.get(automat.compartments[label].tracking_id or "")
        expected = parcel.tracking_id if parcel is not None and parcel.inside else None
        return AuditStop(
            compartment=label,
            verdict=None,
            tracking_id=None,
            expected=expected,
            differs=False,
            reason=None,
            at=None,
            technician=None,
        )
    return AuditStop(
        compartment=label,
        verdict=finding.verdict,
        tracking_id=finding.tracking_id,
        expected=finding.expected,
        differs=finding.differs,
        reason=finding.reason,
        at=finding.at,
        technician=finding.said_by.technician,
    )


def entry_view(entry: SealedEntry) -> JournalEntryView:
    """Show one journal entry; one that was damaged is shown without its data."""
    return JournalEntryView(
        epoch=entry.epoch,
        sequence=entry.sequence,
        kind=entry.kind,
        at=entry.at,
        subject=entry.subject,
        data=_data(entry.payload),
        hash=entry.hash,
    )


def _data(payload: bytes) -> dict[str, object] | None:
    try:
        data = json.loads(payload)["data"]
        if not isinstance(data, dict):
            return None
        # What JSON cannot carry on (NaN, lone surrogates) was never written by this device.
        json.dumps(data, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return data
