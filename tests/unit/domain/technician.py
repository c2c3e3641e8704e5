"""A technician at the local socket, for tests: asks, opens a door, says what lies inside."""

from locker.domain.events import Door, MaintenanceAsked
from locker.domain.journal import EntryKind
from locker.domain.maintenance import Action, Maintainer, OpenDoor, SayFound, Verdict
from tests.unit.domain.stand import Stand

MAIJA = Maintainer("maija (1000)", "t-7")
OLLI = Maintainer("olli (1001)", "t-8")
WHO = {"user": MAIJA.user, "technician": MAIJA.technician}
REASON = "the door squeaks"


def ask(stand: Stand, action: Action, by: Maintainer = MAIJA) -> str | None:
    """Let a technician ask for something; return why it was refused, with nothing changed."""
    before, entries, unlocks = stand.automat, len(stand.entries), len(stand.unlocks)
    refused = stand.do(MaintenanceAsked(by, action)).refused
    if refused is not None:
        for name in ("compartments", "openings", "parcels", "incidents", "looks", "facts", "audit"):
            assert getattr(stand.automat, name) is getattr(before, name), f"refused, and {name} changed"
        assert len(stand.entries) == entries, "refused, and recorded"
        assert len(stand.unlocks) == unlocks, "refused, and pulsed"
    return refused


def opened(stand: Stand, label: str = "2") -> None:
    """Let a technician have a door opened."""
    assert ask(stand, OpenDoor(label, REASON)) is None
    assert stand.opens() == label


def looked(stand: Stand, label: str = "2") -> None:
    """Let a technician have a door opened and shut it again; or, without a contact, only pulsed."""
    if label not in stand.doors:
        assert ask(stand, OpenDoor(label, REASON)) is None
        assert stand.pulse_sent() == label
        return
    opened(stand, label)
    stand.door(label, Door.SHUT)


def say(stand: Stand, label: str, verdict: str, tracking_id: str | None = None) -> str | None:
    """Say what lies inside; return why that was refused."""
    return ask(stand, SayFound(label, Verdict(verdict), tracking_id))


def seen(stand: Stand, label: str, verdict: str, tracking_id: str | None = None) -> None:
    """Let a technician look, and say what lies inside."""
    looked(stand, label)
    assert say(stand, label, verdict, tracking_id) is None
    assert stand.last(EntryKind.COMPARTMENT_INSPECTED).data["compartment"] == label
