"""The retained state: what the back office may know of the automat at a glance."""

from collections import Counter

from locker.domain.automat import Automat
from locker.domain.commands import Mode
from locker.domain.journal import ChainHead
from locker.domain.parcels import ParcelState
from locker.domain.times import Now, rfc3339
from locker.sync.messages import OpenIncident, State, build_state


def state_of(automat: Automat, head: ChainHead, now: Now, *, connected: bool) -> bytes:
    """Write the state as it is now."""
    free = Counter({box.fixture.size: 0 for box in automat.compartments.values()})
    free.update(box.fixture.size for box in automat.compartments.values() if box.free)
    incidents = sorted(
        (incident for incident in automat.incidents.values() if incident.cleared_at is None),
        key=lambda incident: incident.number,
    )
    return build_state(
        State(
            automat=automat.identity.automat_id,
            mode=automat.facts.mode,
            health="degraded" if incidents else "well",
            free=dict(free),
            to_collect=_to_collect(automat),
            suspect=len(automat.suspects),
            blocked=sum(box.blocked is not None for box in automat.compartments.values()),
            incidents=tuple(
                OpenIncident(
                    number=incident.number,
                    kind=str(incident.kind),
                    about=incident.about,
                    detail=incident.detail,
                    raised=rfc3339(incident.raised_at),
                )
                for incident in incidents
            ),
            versions={"lockerd": automat.version},
            clock=str(now.trust) if automat.judges_time(now) or not now.trusted else "doubted",
            link="online" if connected else "offline",
            epoch=head.epoch,
            last_sequence=head.sequence,
            acknowledged_through=automat.facts.acknowledged_through,
        )
    )


def _to_collect(automat: Automat) -> int:
    if automat.facts.mode is not Mode.EVACUATE:
        return len(automat.to_collect)
    return len(automat.to_collect) + sum(
        parcel.state is ParcelState.STORED for parcel in automat.parcels.values()
    )
