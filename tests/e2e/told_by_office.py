"""What the stories of senders, customer service and long times must tell, in this order.

Each fragment is of a line about something said, done or seen by the story itself: what the display and
the journal bring by themselves may come in another order.
"""

WRONG = "Code not recognised."
NO_DOOR = "no door opened"
DROPPED_OFF = "verified at the back office: parcel.dropped-off"
REGISTERED = "verified at the back office: parcel.registered"
HANDED_OVER = "verified at the back office: parcel.handed-over"
REFUSED = "verified at the back office: command.refused"
LENGTHENED = "verified at the back office: deadline.lengthened"
REMOTE = "verified at the back office: opened.remotely"

TOLD_BY_OFFICE: dict[str, tuple[str, ...]] = {
    "send": ("Parcel registered.", DROPPED_OFF, REGISTERED, "both moments", WRONG),
    "send-offline": (
        "the broker goes down",
        "Received, not yet registered.",
        "no entry parcel.dropped-off",
        "moves forward by 1 h",
        "the broker comes back",
        DROPPED_OFF,
        REGISTERED,
        "both moments",
    ),
    "send-return": (DROPPED_OFF, REGISTERED, "why=registered", "Parcels taken: 1 Still to take: 0"),
    "send-unconfirmed": (
        "deposit.abandoned",
        "incident=deposit-unconfirmed",
        "no entry parcel.dropped-off",
        "is offered to nobody",
        "again",
        DROPPED_OFF,
        "verified at the back office: incident.cleared",
    ),
    "send-too-small": ("is the next larger", "never were two doors open", DROPPED_OFF, "is free"),
    "send-occupied": (
        "is another one",
        "incident=compartment-occupied",
        DROPPED_OFF,
        "is offered to nobody",
    ),
    "send-cancelled": ("Nothing was sent. Your code is valid.", "deposit.cancelled", "is free", DROPPED_OFF),
    "send-expired": ("moves forward by 1 h", WRONG, "no entry code.accepted", NO_DOOR),
    "send-no-room": (
        "No free compartment fits now.",
        "reason=no-compartment",
        NO_DOOR,
        HANDED_OVER,
        DROPPED_OFF,
    ),
    "code-replaced": ("command.applied", WRONG, NO_DOOR, HANDED_OVER),
    "cash-on-delivery": (
        "This parcel is not paid yet.",
        "code.unpaid",
        "no entry code.missed",
        NO_DOOR,
        "command.applied",
        HANDED_OVER,
    ),
    "remote-opening": (
        *(f"{REMOTE}  compartment={label} operator=Aino reason=asked for by phone" for label in "123"),
        "OK opens door 4.",
        "lock 4 was not pulsed",
        f"{REMOTE}  compartment=4",
        "OK opens door 5.",
        "moves forward by 2 min",
        "Door 5 stays shut.",
        "opened.lapsed",
        "lock 5 was not pulsed",
    ),
    "block": (
        "compartment.blocked",
        HANDED_OVER,
        "No free compartment",
        "compartment.unblocked",
        "is free again",
        HANDED_OVER,
    ),
    "drain": ("reason=drain", "reason=mode-drain", NO_DOOR, HANDED_OVER, DROPPED_OFF),
    "evacuate-hands-over": ("reason=evacuate", "reason=mode-evacuate", NO_DOOR, HANDED_OVER, DROPPED_OFF),
    "frozen": (
        "This automat is out of service.",
        "code.refused",
        "This automat is out of service.",
        "code.refused",
        "reason=frozen",
        NO_DOOR,
        "opened.by-person",
        LENGTHENED,
        "mode frozen",
        HANDED_OVER,
    ),
    "redirect-once": (
        "reason=already-redirected",
        HANDED_OVER,
        "command.applied",
        "reason=already-redirected",
        WRONG,
    ),
    "withdrawn": (WRONG, NO_DOOR, WRONG, NO_DOOR, "Parcel withdrawn. Take it back.", "deposit.refused"),
    "command-twice": (
        "reason=repeated",
        "lock 1 was pulsed once",
        "no power for 2 h",
        "reason=late",
        "lock 2 was not pulsed",
    ),
    "lengthening-refused": ("reason=not-allowed-here", "no entry deadline.lengthened", "parcel.overdue"),
    "outage-power": (
        "no power for 6 d",
        *(LENGTHENED, "is 6 d later") * 2,
        "no entry parcel.overdue",
        "the last hour",
        HANDED_OVER,
        "the hour is over",
        "verified at the back office: parcel.overdue",
        "The storage time has ended.",
    ),
    **{
        name: (
            f"incident={incident}",
            "moves forward by 6 d",
            "no entry parcel.overdue",
            "outage.ended",
            *(LENGTHENED, "is 6 d later") * 2,
            "the last hour",
            HANDED_OVER,
            "verified at the back office: parcel.overdue",
            "The storage time has ended.",
        )
        for name, incident in (("outage-line", "part-lost"), ("outage-keypad", "keypad-faulty"))
    },
    "forgotten": (
        HANDED_OVER,
        "still knows the parcel",
        "moves forward by 91 d",
        REFUSED,
        "tracking-id-seen-before",
        "has forgotten the parcel",
        "moves forward by 273 d",
        REFUSED,
        "tracking-id-seen-before",
        "twelve months are over",
        "verified at the back office: command.applied",
    ),
    "own-door-only": (
        *(WRONG, "keypad=door-2", WRONG, "keypad=door-1"),
        "the courier tries to sign in there",
        *(WRONG, NO_DOOR),
        *(HANDED_OVER, "keypad=door-1", HANDED_OVER, "keypad=door-2"),
    ),
    "wrong-code-languages": (
        "display front says 'Okänd kod. Här är Kauppatori 1'",
        "answered as quickly as the others",
        "each of them is a miss",
        NO_DOOR,
    ),
}
