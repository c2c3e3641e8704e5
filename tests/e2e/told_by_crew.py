"""What the stories of couriers and technicians must tell, in this order.

Each fragment is of a line about something said, done or seen by the story itself: what the display and
the journal bring by themselves may come in another order.
"""

STORED = "parcel.stored"
REMOVED = "parcel.removed"
HANDED_OVER = "parcel.handed-over"

TOLD_BY_CREW: dict[str, tuple[str, ...]] = {
    "courier-round": (
        "1 OK = collect: 1",
        STORED,
        STORED,
        REMOVED,
        STORED,
        "each has a box of its own",
        HANDED_OVER,
    ),
    "scanner-acknowledgement": (STORED, HANDED_OVER),
    "too-small": (
        "Take the parcel and shut door 1.",
        "another door opens, and only after the first is shut",
        STORED,
        "it is larger",
        "compartment 1 is free",
        HANDED_OVER,
    ),
    "occupied": (
        "another door opens, and only after the first is shut",
        STORED,
        "incident=compartment-occupied",
        "compartment 1 is offered to nobody",
        HANDED_OVER,
    ),
    "deposit-cancelled": (
        "deposit.cancelled",
        "compartment 1 is free",
        "deposit.cancelled",
        "compartment 1 is free",
    ),
    "deposit-left": (
        "You are signed out.",
        "deposit.abandoned",
        "compartment 1 is offered to nobody",
        "2 OK = check: 1",
        STORED,
    ),
    "unannounced": ("Parcel size?", "unannounced=True", "Code not recognised.", HANDED_OVER),
    "refused-service": (
        "reason=service-personal-handover",
        "Not allowed here: personal handover.",
        "deposit.refused",
        "no door opened",
    ),
    "too-large": (
        "reason=too-large-for-this-automat",
        "Not allowed here: parcel too large.",
        "deposit.refused",
        "no door opened",
    ),
    "seen-before": (
        HANDED_OVER,
        "command.refused",
        "This tracking id was used here already.",
        "reason=tracking-id-seen-before",
    ),
    "mistyped-label": ("Label not understood", "Parcel size?", "no door opened"),
    "no-room": (STORED, "No free compartment fits this parcel.", "deposit.refused", HANDED_OVER, STORED),
    "accessible": (STORED, STORED, "is low enough", HANDED_OVER),
    "courier-revoked": (
        STORED,
        "You are signed out.",
        "Code not recognised.",
        "no other door opened",
        HANDED_OVER,
    ),
    "collection-round": (
        "parcel.overdue",
        REMOVED,
        REMOVED,
        REMOVED,
        "Parcels taken: 3 Still to take: 0",
        "never were two doors open at once",
        "Code not recognised.",
    ),
    "collection-empty": (
        "Parcels taken: 0 Still to take: 0",
        "parcel.missing",
        "incident=compartment-empty",
        "is free: somebody has looked",
    ),
    "collection-stuck": (
        "parcel.stuck",
        REMOVED,
        "Parcels taken: 1 Still to take: 1",
        REMOVED,
        "incident=parcel-stuck",
        "Parcels taken: 1 Still to take: 0",
    ),
    "collection-stopped": (
        REMOVED,
        "Parcels taken: 1 Still to take: 2",
        "removal.abandoned",
        REMOVED,
        REMOVED,
        "Parcels taken: 2 Still to take: 0",
    ),
    "evacuate": ("why=evacuated", "why=withdrawn", "Code not recognised."),
    "suspect-box": (
        "incident=door-opened-unasked",
        "No free compartment",
        "verdict=empty",
        "is free at once",
        "parcel.stored",
        HANDED_OVER,
    ),
    "found-inside": ("deposit.abandoned", "Code not recognised.", "found=True", HANDED_OVER),
    "dirty-box": (
        "verdict=dirty",
        "incident=compartment-dirty",
        "is offered to nobody",
        "incident=compartment-dirty",
        "is free again",
    ),
    "remote-look": ("opened.remotely", "Should be here: 12340001", "verdict=as expected", HANDED_OVER),
    "technician-opens": (
        "incident=door-did-not-open",
        "is offered to nobody",
        "opened.by-person",
        "incident=door-did-not-open",
        "is free again",
    ),
    "lamp-test": ("Try every key.", "technician.tested", "Key 7 C C = end", "no door opened"),
    "guard-released": (
        "security.guard-mode",
        "The keypad is locked.",
        "Keypads released: 1",
        "security.guard-released",
        HANDED_OVER,
    ),
    "incident-numbers": ("incident=door-did-not-open", "No. 1, door 11 did not open", "You are signed out."),
    "technician-revoked": (
        "You are signed out.",
        "Code not recognised.",
        "the simulated clock moves forward by 1 h",
        "Code not recognised.",
        "why=no longer authorised",
    ),
    "no-master-code": ("Code not recognised.", "nobody has signed in", "no door opened"),
}
