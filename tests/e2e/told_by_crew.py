"""What the stories of couriers and technicians must tell, in this order.

Each fragment is of a line about something said, done or seen by the story itself: what the display and
the journal bring by themselves may come in another order.
"""

REMOVED = "parcel.removed"
HANDED_OVER = "parcel.handed-over"

TOLD_BY_CREW: dict[str, tuple[str, ...]] = {
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
