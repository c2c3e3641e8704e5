"""The desk of the back office: one method for each command of the contract, and the codes it made.

Each method returns the command's id as soon as it is written down; the journal tells what became of it.
"""

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from simulator.backoffice.keys import Enrolment, SigningKey

CODE_LENGTH = 6
COMMAND_LIFETIME = timedelta(days=7)
DROP_OFF_LIFETIME = timedelta(days=7)

Cause = Literal["redirect", "refusal", "cancel"]
Mode = Literal["normal", "drain", "evacuate", "frozen"]


@dataclass(frozen=True)
class Letter:
    """What a person was told: the only place where a code is in clear, and never written anywhere."""

    to: str
    code: str = field(repr=False)
    tracking_id: str | None = None


class Desk(ABC):
    """Writes commands; whoever inherits keeps them and sees to it that they arrive."""

    def __init__(
        self,
        enrolments: Iterable[Enrolment],
        *,
        signing_key: SigningKey | None,
        clock: Callable[[], datetime],
        dice: random.Random | None = None,
    ) -> None:
        """Without a `signing_key` commands go out unsigned; `dice` throw ids and codes."""
        self._enrolments = {enrolment.automat_id: enrolment for enrolment in enrolments}
        self._signing_key = signing_key
        self._clock = clock
        self._dice = dice or random.SystemRandom()
        self.letters: list[Letter] = []

    def code_of(self, whom: str) -> str:
        """Return the newest code written to a person, or for a tracking id."""
        for letter in reversed(self.letters):
            if whom in (letter.to, letter.tracking_id):
                return letter.code
        raise KeyError(f"no code was written to {whom}")

    # -- parcels

    async def announce(
        self,
        tracking_id: str,
        size: str | None = None,
        *,
        code: str | None = None,
        recipient: str | None = None,
        dimensions_mm: tuple[int, int, int] | None = None,
        weight_g: int | None = None,
        product: str | None = None,
        services: Iterable[str] = (),
        accessible: bool = False,
        redirected: bool = False,
        automat_id: str | None = None,
    ) -> str:
        """Announce a parcel and write its code to the recipient; a code is made up if none is given."""
        data = _described(
            tracking_id, size, dimensions_mm, weight_g, product, services, accessible=accessible
        )
        if recipient is not None:
            data["recipient"] = recipient
        if redirected:
            data["redirected"] = True
        data["codetag"] = self._write_to(recipient or tracking_id, code, tracking_id, automat_id)
        return await self.command("parcel.announce", data, automat_id=automat_id)

    async def withdraw(
        self, tracking_id: str, reason: str, *, cause: Cause = "cancel", automat_id: str | None = None
    ) -> str:
        """Take a parcel back, or send it elsewhere."""
        data = {"trackingid": tracking_id, "cause": cause, "reason": reason}
        return await self.command("parcel.withdraw", data, automat_id=automat_id)

    async def replace_code(
        self,
        tracking_id: str,
        *,
        code: str | None = None,
        recipient: str | None = None,
        automat_id: str | None = None,
    ) -> str:
        """Give a parcel another code and write it to the recipient."""
        data = {"trackingid": tracking_id}
        if recipient is not None:
            data["recipient"] = recipient
        data["codetag"] = self._write_to(recipient or tracking_id, code, tracking_id, automat_id)
        return await self.command("parcel.replace-code", data, automat_id=automat_id)

    async def release(self, tracking_id: str, *, automat_id: str | None = None) -> str:
        """Say that cash on delivery has been paid."""
        return await self.command("parcel.release", {"trackingid": tracking_id}, automat_id=automat_id)

    async def lengthen(self, tracking_id: str, until: datetime, *, automat_id: str | None = None) -> str:
        """Let a parcel wait until the end of the local day of this instant."""
        data = {"trackingid": tracking_id, "until": rfc3339(until)}
        return await self.command("parcel.lengthen", data, automat_id=automat_id)

    async def expect_drop_off(
        self,
        tracking_id: str,
        size: str | None = None,
        *,
        code: str | None = None,
        sender: str | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        dimensions_mm: tuple[int, int, int] | None = None,
        weight_g: int | None = None,
        product: str | None = None,
        services: Iterable[str] = (),
        accessible: bool = False,
        automat_id: str | None = None,
    ) -> str:
        """Let a sender leave a parcel and write the code to the sender; by default for a week."""
        data = _described(
            tracking_id, size, dimensions_mm, weight_g, product, services, accessible=accessible
        )
        data |= self._validity(valid_from, valid_until, DROP_OFF_LIFETIME)
        data["codetag"] = self._write_to(sender or tracking_id, code, tracking_id, automat_id)
        return await self.command("dropoff.expect", data, automat_id=automat_id)

    async def register(self, tracking_id: str, *, automat_id: str | None = None) -> str:
        """Take over the responsibility for what a sender left."""
        return await self.command("parcel.register", {"trackingid": tracking_id}, automat_id=automat_id)

    # -- people

    async def authorise_courier(
        self,
        courier_id: str,
        *,
        code: str | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        automat_id: str | None = None,
    ) -> str:
        """Let a courier sign in; by default from an hour ago for a year."""
        data = {"courierid": courier_id, **self._validity(valid_from, valid_until, timedelta(days=365))}
        data["codetag"] = self._write_to(courier_id, code, None, automat_id)
        return await self.command("courier.authorise", data, automat_id=automat_id)

    async def revoke_courier(self, courier_id: str, *, automat_id: str | None = None) -> str:
        """Let a courier sign in no more."""
        return await self.command("courier.revoke", {"courierid": courier_id}, automat_id=automat_id)

    async def authorise_technician(
        self,
        technician_id: str,
        *,
        code: str | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        automat_id: str | None = None,
    ) -> str:
        """Let a technician sign in; by default from an hour ago for a month."""
        data = {"technicianid": technician_id, **self._validity(valid_from, valid_until, timedelta(days=30))}
        data["codetag"] = self._write_to(technician_id, code, None, automat_id)
        return await self.command("technician.authorise", data, automat_id=automat_id)

    async def revoke_technician(self, technician_id: str, *, automat_id: str | None = None) -> str:
        """Let a technician sign in no more."""
        return await self.command("technician.revoke", {"technicianid": technician_id}, automat_id=automat_id)

    # -- the automat

    async def release_guard(self, keypad: str, operator: str, *, automat_id: str | None = None) -> str:
        """Take a keypad out of guard mode."""
        data = {"keypad": keypad, "operator": operator}
        return await self.command("guard.release", data, automat_id=automat_id)

    async def open_compartment(
        self, label: str, *, operator: str, reason: str, automat_id: str | None = None
    ) -> str:
        """Open one compartment from afar."""
        data = {"compartment": label, "operator": operator, "reason": reason}
        return await self.command("compartment.open", data, automat_id=automat_id)

    async def block_compartment(
        self, label: str, *, operator: str, reason: str, automat_id: str | None = None
    ) -> str:
        """Take a compartment out of use."""
        data = {"compartment": label, "operator": operator, "reason": reason}
        return await self.command("compartment.block", data, automat_id=automat_id)

    async def unblock_compartment(self, label: str, *, operator: str, automat_id: str | None = None) -> str:
        """Take a compartment into use again."""
        data = {"compartment": label, "operator": operator}
        return await self.command("compartment.unblock", data, automat_id=automat_id)

    async def set_mode(self, mode: Mode, *, operator: str, reason: str, automat_id: str | None = None) -> str:
        """Say what the automat may do."""
        data = {"mode": mode, "operator": operator, "reason": reason}
        return await self.command("mode.set", data, automat_id=automat_id)

    # -- any command

    async def command(
        self,
        kind: str,
        data: dict[str, Any],
        *,
        automat_id: str | None = None,
        not_after: datetime | None = None,
    ) -> str:
        """Issue any command, right or wrong."""
        return self._issue(kind, data, automat_id=automat_id, not_after=not_after)

    def _issue(
        self,
        kind: str,
        data: dict[str, Any],
        *,
        automat_id: str | None = None,
        not_after: datetime | None = None,
    ) -> str:
        automat = self._automat(automat_id)
        issued = self._clock()
        command_id = f"{self._dice.getrandbits(64):016x}"
        last = rfc3339(not_after or issued + COMMAND_LIFETIME)
        content = {
            "id": command_id,
            "type": kind,
            "automat": automat.automat_id,
            "issued": rfc3339(issued),
            "notafter": last,
            "data": data,
        }
        raw = json.dumps(content, separators=(",", ":")).encode("utf-8")
        payload = raw if self._signing_key is None else self._signing_key.sign(raw)
        self._keep(command_id, automat.automat_id, kind, payload, last)
        return command_id

    @abstractmethod
    def _keep(self, command_id: str, automat_id: str, kind: str, payload: bytes, not_after: str) -> None:
        """Write a command down; it is to be repeated until the journal tells its outcome."""

    def _automat(self, automat_id: str | None) -> Enrolment:
        if automat_id is not None:
            return self._enrolments[automat_id]
        if len(self._enrolments) != 1:
            raise ValueError(f"say which automat: {', '.join(self._enrolments)}")
        return next(iter(self._enrolments.values()))

    def _write_to(self, whom: str, code: str | None, tracking_id: str | None, automat_id: str | None) -> str:
        """Write a person a code, made up if none is given; return its tag."""
        automat = self._automat(automat_id)
        code = code if code is not None else self._unused_code()
        self.letters.append(Letter(whom, code, tracking_id))
        return automat.tag(code)

    def _unused_code(self) -> str:
        used = {letter.code for letter in self.letters}
        while True:
            code = f"{self._dice.randrange(10**CODE_LENGTH):0{CODE_LENGTH}d}"
            if code not in used:
                return code

    def _validity(
        self, valid_from: datetime | None, valid_until: datetime | None, lifetime: timedelta
    ) -> dict[str, Any]:
        now = self._clock()
        return {
            "validfrom": rfc3339(valid_from or now - timedelta(hours=1)),
            "validuntil": rfc3339(valid_until or now + lifetime),
        }


def rfc3339(at: datetime) -> str:
    """Write an aware instant as RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _described(
    tracking_id: str,
    size: str | None,
    dimensions_mm: tuple[int, int, int] | None,
    weight_g: int | None,
    product: str | None,
    services: Iterable[str],
    accessible: bool,  # noqa: FBT001  (private, and called in one order)
) -> dict[str, Any]:
    """Say what a parcel is, and nothing of what is not known."""
    said = {
        "trackingid": tracking_id,
        "size": size,
        "dimensionsmm": None if dimensions_mm is None else list(dimensions_mm),
        "weightg": weight_g,
        "product": product,
        "services": sorted(services) or None,
        "accessible": accessible or None,
    }
    return {name: value for name, value in said.items() if value is not None}
