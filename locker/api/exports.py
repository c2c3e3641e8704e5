"""Evidence of one parcel, for whoever has to be convinced: its entries as signed, and one more signature."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from locker.api.evidence import Sign, base64url, seal
from locker.api.journal import ABOUT_MOST, EntriesAbout
from locker.api.maintenance_schema import Evidence, EvidenceQuery
from locker.api.refusals import Refused
from locker.api.schema import Head, Strict
from locker.domain.automat import Automat
from locker.domain.journal import ChainHead
from locker.domain.times import Now


@dataclass(frozen=True, slots=True)
class Signer:
    """The device's key: what signs with it, and its raw public half."""

    sign: Sign = field(repr=False)
    public_key: bytes


class EvidenceAnswers:
    """Answers what the journal tells of one parcel, of every epoch; without a signer it refuses."""

    def __init__(
        self,
        automat: Callable[[], Automat],
        head: Callable[[], ChainHead],
        entries_about: EntriesAbout,
        now: Callable[[], Now],
        signer: Signer | None,
    ) -> None:
        """Read through `entries_about`, where the database's session lives."""
        self._automat = automat
        self._head = head
        self._entries_about = entries_about
        self._now = now
        self._signer = signer

    async def get(self, _request: web.Request, query: Strict) -> web.Response:
        """Give the evidence of one parcel."""
        if not isinstance(query, EvidenceQuery):
            raise TypeError(f"the route's table says {type(query).__name__}")
        if self._signer is None:
            raise Refused(409, "no-key", "this daemon has no key to sign with", "ask the automat's daemon")
        head = self._head()
        found = await self._entries_about(query.parcel, ABOUT_MOST + 1)
        # What was written while we read belongs to the next export.
        told = [entry for entry in found if (entry.epoch, entry.sequence) <= (head.epoch, head.sequence)]
        if not told:
            raise Refused(
                404,
                "unknown-parcel",
                f"the journal tells nothing of parcel {query.parcel}",
                "compare the tracking id; what is older than the retention time is with the back office only",
            )
        if len(told) > ABOUT_MOST:
            raise Refused(
                409,
                "too-many-entries",
                f"there are more than {ABOUT_MOST} entries about parcel {query.parcel}",
                "ask the operator: the back office has them all",
            )
        identity, now = self._automat().identity, self._now()
        evidence = Evidence(
            automat_id=identity.automat_id,
            name=identity.name,
            tracking_id=query.parcel,
            exported_at=now.wall_at,
            clock=now.trust.value,
            public_key=base64url(self._signer.public_key),
            journal=Head(epoch=head.epoch, sequence=head.sequence, hash=head.hash),
            # One that rotted in the database goes along as it can be written; the check names it.
            entries=tuple(entry.payload.decode(errors="replace") for entry in told),
            signature="",
        )
        signed = seal(evidence, self._signer.sign).model_dump_json()
        return web.Response(body=signed.encode(), content_type="application/json")
