"""Checks the whole journal, a little at a time, so that the keypad never waits for it."""

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from locker.api.answers import json_answer
from locker.api.refusals import Refused
from locker.api.schema import BadEntry, Head, Role, Strict, VerifyReport
from locker.domain.automat import Automat
from locker.domain.journal import (
    NO_HASH,
    ChainFault,
    ChainHead,
    EntryKind,
    SealedEntry,
    Verify,
    check,
    decode_signature,
    encode_signature,
)
from locker.domain.times import rfc3339

Entries = Callable[[int, int, int], Awaitable[Sequence[SealedEntry]]]
"""Takes an epoch, the first number and how many; gives those entries in order."""

BATCH = 50
"""Entries read at once; a commit waits as long as the reading takes, about 1 ms."""

SLICE_S = 0.001
PAUSE_S = 0.001
"""Compute so long, then pause so long.

The pause is what lets the thread that commits have the interpreter: without it (200 µs an entry instead of
450) a key may wait 10 ms, with it 2 ms.
"""

log = logging.getLogger(__name__)


class VerificationAnswers:
    """Answers one route: one check at a time for viewers, and one for technicians."""

    def __init__(
        self,
        entries: Entries,
        automat: Callable[[], Automat],
        head: Callable[[], ChainHead],
        verify: Verify,
        role_of: Callable[[web.Request], Role],
    ) -> None:
        """`entries` reads the database where its session lives; `verify` has this device's public key."""
        self._entries = entries
        self._automat = automat
        self._head = head
        self._verify = verify
        self._role_of = role_of
        self._running = set[Role]()

    async def get(self, request: web.Request, _query: Strict) -> web.StreamResponse:
        """Check everything; Refused while one of the same role is at it."""
        role = self._role_of(request)
        if role in self._running:  # a viewer's keeps no technician waiting
            raise Refused(
                409, "busy", "a verification is running already", "ask again when it has ended; one is enough"
            )
        self._running.add(role)
        begun_s = time.monotonic()
        try:
            report = await self._report()
        finally:
            self._running.discard(role)
        took_s = time.monotonic() - begun_s
        if report.first_bad is None:
            log.info("journal verified: %d entries in %.1f s", report.checked, took_s)
        else:
            bad = report.first_bad
            log.error("journal entry %d-%d is bad: %s", bad.epoch, bad.sequence, bad.reason)
        return json_answer(report)

    async def _report(self) -> VerifyReport:
        while True:
            facts = self._automat().facts
            report = await verify_journal(
                self._entries,
                self._head(),
                self._verify,
                acknowledged_through=facts.acknowledged_through,
                pruned_through=facts.pruned_through,
            )
            if report.first_bad is None or self._automat().facts.pruned_through == facts.pruned_through:
                return report
            # More was pruned meanwhile: what we missed is missing rightly.


async def verify_journal(
    entries: Entries,
    head: ChainHead,
    verify: Verify,
    *,
    acknowledged_through: int = 0,
    pruned_through: int = 0,
) -> VerifyReport:
    """Check every entry of every epoch from number 1 to `head`; stop at the first that is not right.

    The end of the journal must be where the daemon left it, and not before what the back office holds. Of
    the present epoch a beginning may have been pruned: a signed entry must say so, and how far.
    """
    checked, epochs = 0, list[int]()
    first_bad: BadEntry | None = None
    for epoch in range(1, head.epoch + 1):
        begins_after = pruned_through if epoch == head.epoch else 0
        end, count, first_bad = await _verify_epoch(entries, epoch, head, verify, begins_after)
        checked += count
        if count or first_bad is not None:
            epochs.append(epoch)
        if first_bad is None and epoch == head.epoch:
            first_bad = _wrong_end(end, head, acknowledged_through)
        if first_bad is not None:
            break
    return VerifyReport(
        epoch=head.epoch,
        epochs=tuple(epochs),
        first=pruned_through + 1,
        checked=checked,
        first_bad=first_bad,
        head=Head(epoch=head.epoch, sequence=head.sequence, hash=head.hash),
    )


async def _verify_epoch(
    entries: Entries, epoch: int, head: ChainHead, verify: Verify, pruned: int
) -> tuple[ChainHead, int, BadEntry | None]:
    """Check one epoch; return where its good part ends, how many entries that has, and the first bad one."""
    chain, count = await _beginning(entries, epoch, pruned), 0
    pruning_recorded = 0
    slice_ends_s = time.perf_counter() + SLICE_S
    while True:
        wanted = BATCH if epoch != head.epoch else min(BATCH, head.sequence - chain.sequence)
        batch = await entries(epoch, chain.sequence + 1, wanted) if wanted > 0 else ()
        if not batch:
            return chain, count, _unrecorded(epoch, pruned, pruning_recorded)
        for entry in batch:
            if time.perf_counter() >= slice_ends_s:
                await asyncio.sleep(PAUSE_S)
                slice_ends_s = time.perf_counter() + SLICE_S
            reached = check_entry(entry, chain, verify)
            if isinstance(reached, BadEntry):
                return chain, count, reached
            chain, count = reached, count + 1
            if entry.kind == EntryKind.JOURNAL_PRUNED:
                pruning_recorded = json.loads(entry.payload)["data"]["through"]


async def _beginning(entries: Entries, epoch: int, pruned: int) -> ChainHead:
    """Return the end of what was pruned: the first entry left carries its hash under its own signature."""
    if pruned == 0:
        return ChainHead(epoch, 0, NO_HASH)
    first = await entries(epoch, pruned + 1, 1)
    try:
        return ChainHead(epoch, pruned, str(json.loads(first[0].payload)["prevhash"]))
    except (IndexError, ValueError, KeyError, TypeError):
        return ChainHead(epoch, pruned, NO_HASH)  # the check of the entry itself says what is wrong


def _unrecorded(epoch: int, pruned: int, recorded: int) -> BadEntry | None:
    if recorded == pruned:
        return None
    return BadEntry(
        epoch=epoch,
        sequence=min(recorded, pruned) + 1,
        reason=f"it is missing, and so is all up to {epoch}-{pruned}; only the pruning of all up to "
        f"{epoch}-{recorded} is on record",
    )


def check_entry(entry: SealedEntry, chain: ChainHead, verify: Verify) -> ChainHead | BadEntry:
    """Check one stored entry against the chain before it; return the new end of the chain, or what is bad."""
    if entry.sequence != chain.sequence + 1:
        # Rows come in order: a number left out is an entry taken away.
        return BadEntry(
            epoch=chain.epoch,
            sequence=chain.sequence + 1,
            reason=f"it is missing; {entry.epoch}-{entry.sequence} comes next",
        )
    reached = check(entry.payload, chain, verify)
    if isinstance(reached, ChainFault):
        return BadEntry(epoch=entry.epoch, sequence=entry.sequence, reason=reached.reason)
    body = json.loads(entry.payload)
    reason = _altered_writing(entry.payload, body["signature"], reached) or _altered_row(entry, body, reached)
    if reason is not None:
        return BadEntry(epoch=entry.epoch, sequence=entry.sequence, reason=reason)
    return reached


def _wrong_end(end: ChainHead, head: ChainHead, acknowledged_through: int) -> BadEntry | None:
    if end.sequence < head.sequence:
        return BadEntry(
            epoch=end.epoch,
            sequence=end.sequence + 1,
            reason=f"it is missing, and so is all after it up to {head.epoch}-{head.sequence}",
        )
    if end.hash != head.hash:
        return BadEntry(
            epoch=end.epoch,
            sequence=end.sequence,
            reason="it is not the entry that the daemon wrote last: its hash is another",
        )
    if acknowledged_through > head.sequence:
        return BadEntry(
            epoch=end.epoch,
            sequence=head.sequence + 1,
            reason=f"it is missing: the back office holds entries up to {head.epoch}-{acknowledged_through}",
        )
    return None


def _altered_writing(payload: bytes, signature: str, reached: ChainHead) -> str | None:
    """Say what was changed in the bytes but not in their meaning, which is all that a signature covers."""
    if encode_signature(decode_signature(signature)) != signature:
        return "its signature is not written as the device writes one"
    unsigned = payload.replace(b'"signature":"%s",' % signature.encode("ascii"), b"", 1)
    if hashlib.sha256(unsigned).hexdigest() != reached.hash:
        return "it is not written in canonical form, as the device writes it"
    return None


def _altered_row(entry: SealedEntry, body: dict[str, Any], reached: ChainHead) -> str | None:
    """Say which column of the row tells something else than the signed entry in it."""
    columns = (
        ("epoch", entry.epoch, reached.epoch),
        ("kind", f"automat.{entry.kind}", body.get("type")),
        ("subject", entry.subject, body.get("subject")),
        ("time", rfc3339(entry.at), body.get("time")),
        ("hash", entry.hash, reached.hash),
    )
    for name, stored, signed in columns:
        if stored != signed:
            return f"the row's {name} is not that of the signed entry"
    return None
