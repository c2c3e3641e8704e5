"""Answers about maintenance: each action is an event decided in the one inbox, with who asked."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from locker.api import views
from locker.api.answers import json_answer
from locker.api.listening import Peer
from locker.api.maintenance_schema import (
    AcknowledgeAsked,
    Asked,
    AuditBeginAsked,
    AuditEndAsked,
    AuditSkipAsked,
    BlockAsked,
    ClearAsked,
    DeviceAsked,
    FoundAsked,
    Maintained,
    OpenAsked,
    ReleaseAsked,
    TestAsked,
    UnblockAsked,
)
from locker.api.refusals import Refused
from locker.api.schema import Keypads, Strict
from locker.domain.automat import Automat, Decision
from locker.domain.events import Event, MaintenanceAsked
from locker.domain.incidents import REMEDY
from locker.domain.maintenance import (
    AcknowledgeIncident,
    Action,
    BeginAudit,
    BlockDoor,
    ClearIncident,
    CycleLock,
    Device,
    EndAudit,
    Maintainer,
    OpenDoor,
    ReleaseKeypad,
    SayFound,
    SkipInAudit,
    TryDevice,
    UnblockDoor,
    Verdict,
)

Body = TypeVar("Body", bound=Strict)

REMEDY_OF = "{remedy}"
"""Stands where what to do depends on the kind of the incident."""
REFUSALS: dict[str, tuple[str, str]] = {
    "not-possible": ("that is not possible yet", "wait for a later release"),
    "unknown-compartment": (
        "there is no such compartment",
        "look at the label on the door; `lockerctl compartments` lists them",
    ),
    "being-serviced": (
        "a commission is under way: doors open only by its own steps",
        "end it first with `lockerctl commission end`",
    ),
    "wiring-in-doubt": (
        "the pulse for this door, or for another, opened the wrong one",
        "prove both doors with `lockerctl commission`",
    ),
    "opening-under-way": (
        "this door is being opened, stands open, or somebody at a keypad still stands in front of it",
        "let them finish, and shut the door",
    ),
    "another-under-way": (
        "another door is open for a technician: only one opens at a time",
        "shut that door first",
    ),
    "not-looked": (
        "its door was not opened for this technician and shut again, or has been opened since",
        "open it, look inside, shut it, then say what you saw",
    ),
    "door-open": ("its door is still open", "shut it, then say what lies inside"),
    "something-inside": (
        "the goods sensor still sees something inside",
        "take it out, or say which parcel it is",
    ),
    "parcel-named-in-vain": (
        "a parcel was named, and the verdict does not say that one lies inside",
        "say `parcel`, or name none",
    ),
    "unknown-tracking-id": (
        "no parcel has that tracking id, and it has no form of one",
        "read it from the label again",
    ),
    "parcel-not-awaited": (
        "that parcel is on record elsewhere, or was here before",
        "read the label again; without a tracking id the box stays suspect, with an incident",
    ),
    "already-blocked": ("the compartment is blocked already", "unblock it first to give another reason"),
    "not-blocked": ("the compartment is not blocked", "see `lockerctl compartments` for what it is"),
    "unknown-incident": ("there is no incident of this number", "list the incidents"),
    "already-cleared": ("this incident is cleared already", "nothing is left to do about it"),
    "already-acknowledged": ("this technician looks after it already", "go on with what there is to do"),
    "clears-by-itself": ("no word settles this incident: it clears when what it is about works", REMEDY_OF),
    "clears-by-looking": ("no word settles this incident: somebody must look inside", REMEDY_OF),
    "unknown-keypad": ("there is no keypad of this name", "list the keypads"),
    "not-guarded": ("this keypad is not guarded: nobody has to release it", "list the keypads"),
    "keypad-busy": ("somebody is at this keypad now", "wait until they have gone, then try again"),
    "no-audit": ("no audit is under way", "begin one"),
    "compartments-missing": (
        "there are compartments of which nobody has said anything in this audit",
        "look into them or skip them with a reason, or end it as partial",
    ),
    "already-looked": (
        "somebody has said already what lies in this compartment",
        "open it again if that is no longer so, and say what lies inside",
    ),
    "no-display": ("this keypad has no display", "try its keys or its sounder"),
    "no-trial": ("no trial of this keypad's keys is under way", "begin one"),
}
"""Why the domain did not do what was asked: what is the case, and what to do about it."""
UNKNOWN = "unknown-"
"""How the reasons begin that name what there is not: 404 where all others are 409."""


class MaintenanceAnswers:
    """Answers about one automat; `ask` has an event decided and committed."""

    def __init__(
        self,
        automat: Callable[[], Automat],
        ask: Callable[[Event], Awaitable[Decision]],
        peer_of: Callable[[web.Request], Peer],
    ) -> None:
        """Answer from the engine's present state; `peer_of` tells who asks."""
        self._automat = automat
        self._ask = ask
        self._peer_of = peer_of

    async def keypads(self, _request: web.Request, _query: Strict) -> web.Response:
        """Tell of every keypad."""
        automat = self._automat()
        return json_answer(
            Keypads(
                keypads=tuple(views.keypad_view(automat, pad) for _, pad in sorted(automat.keypads.items()))
            )
        )

    async def audit(self, _request: web.Request, _query: Strict) -> web.Response:
        """Tell how far the round has come."""
        return json_answer(views.audit_view(self._automat()))

    async def maintain(self, request: web.Request, body: Strict) -> web.Response:
        """Do one action; the answer is what it was about, as it is now."""
        asked = _as(body, Asked)
        action = _action(asked)
        await self._decided(request, asked, action)
        return json_answer(self._maintained(asked))

    async def audit_step(self, request: web.Request, body: Strict) -> web.Response:
        """Take one step of the round; the answer is how far it has come."""
        asked = _as(body, Asked)
        await self._decided(request, asked, _action(asked))
        return await self.audit(request, body)

    async def _decided(self, request: web.Request, asked: Asked, action: Action) -> None:
        by = Maintainer(self._peer_of(request).user, asked.technician)
        refused = (await self._ask(MaintenanceAsked(by, action))).refused
        if refused is not None:
            detail, remedy = REFUSALS[refused]
            if remedy == REMEDY_OF and isinstance(asked, ClearAsked):
                remedy = REMEDY[self._automat().incidents[asked.incident].kind]
            raise Refused(404 if refused.startswith(UNKNOWN) else 409, refused, detail, remedy)

    def _maintained(self, asked: Asked) -> Maintained:
        automat = self._automat()
        box = automat.compartments.get(getattr(asked, "compartment", ""))
        incident = automat.incidents.get(getattr(asked, "incident", 0))
        keypad = automat.keypads.get(getattr(asked, "keypad", ""))
        return Maintained(
            compartment=None if box is None else views.compartment_view(automat, box),
            incident=None if incident is None else views.incident_view(automat, incident),
            keypad=None if keypad is None else views.keypad_view(automat, keypad),
        )


def _action(asked: Asked) -> Action:  # noqa: C901  (one flat table of what can be asked)
    match asked:
        case OpenAsked():
            return OpenDoor(asked.compartment, asked.reason)
        case TestAsked():
            return CycleLock(asked.compartment)
        case FoundAsked():
            return SayFound(asked.compartment, Verdict(asked.verdict), asked.tracking_id)
        case BlockAsked():
            return BlockDoor(asked.compartment, asked.reason)
        case UnblockAsked():
            return UnblockDoor(asked.compartment)
        case AcknowledgeAsked():
            return AcknowledgeIncident(asked.incident)
        case ClearAsked():
            return ClearIncident(asked.incident, asked.reason)
        case ReleaseAsked():
            return ReleaseKeypad(asked.keypad)
        case DeviceAsked():
            return TryDevice(asked.keypad, Device(asked.device))
        case AuditBeginAsked():
            return BeginAudit(asked.afresh)
        case AuditSkipAsked():
            return SkipInAudit(asked.compartment, asked.reason)
        case AuditEndAsked():
            return EndAudit(asked.partial)
        case _:
            raise TypeError(f"no action is known for {type(asked).__name__}")


def _as(body: Strict, model: type[Body]) -> Body:
    if not isinstance(body, model):
        raise TypeError(f"the route's table says {type(body).__name__}, its handler {model.__name__}")
    return body
