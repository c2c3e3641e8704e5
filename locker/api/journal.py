"""Reads pages of the journal: after a number, or the newest; of one subject, kind or compartment."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence

from locker.api.schema import JournalEntryView, JournalPage, JournalQuery
from locker.api.verification import Entries
from locker.api.views import entry_view
from locker.domain.journal import ChainHead, SealedEntry

EntriesAbout = Callable[[str, int], Awaitable[Sequence[SealedEntry]]]
"""Takes a subject and how many; gives the newest entries about it, oldest first."""

BATCH = 200
"""Entries read at once while one kind is looked for."""

ABOUT_MOST = 1000
"""Entries looked at for one subject; a parcel's whole life has a few dozen."""

LOOKED_AT_MOST = 10_000
"""Entries looked at for one compartment: that of a box which nobody uses would be the whole journal."""

SLICE = 50
"""Entries shown before everything else has its turn."""


class JournalReader:
    """Answers journal queries from the database's readers."""

    def __init__(self, entries: Entries, entries_about: EntriesAbout) -> None:
        """Read through these."""
        self._entries = entries
        self._entries_about = entries_about

    async def page(self, query: JournalQuery, head: ChainHead, pruned: int = 0) -> JournalPage:
        """Give the entries after a number, oldest first; without it the newest, or those before one.

        `pruned` is the last number of the present epoch that is no longer there.
        """
        if query.subject is not None:
            found = await self._about(query.subject, query, head)
        elif query.after is not None or query.epoch not in (None, head.epoch):
            found = await self._forward(query, head.epoch if query.epoch is None else query.epoch)
        else:
            found = await self._backward(query, head, pruned)
        more = len(found) > query.limit
        newest = query.after is None and (query.subject is not None or query.epoch in (None, head.epoch))
        chosen = found[-query.limit :] if newest else found[: query.limit]
        # Whoever asked for the newest has seen the end.
        return JournalPage(entries=await _shown(chosen), more=more and not newest)

    async def _about(self, subject: str, query: JournalQuery, head: ChainHead) -> list[SealedEntry]:
        entries = await self._entries_about(subject, ABOUT_MOST)
        # A number alone means one of the present epoch.
        numbered = query.after is not None or query.before is not None
        epoch = head.epoch if query.epoch is None and numbered else query.epoch
        return [
            entry
            for entry in entries
            if epoch in (None, entry.epoch)
            and (query.after is None or entry.sequence > query.after)
            and (query.before is None or entry.sequence < query.before)
            and _wanted(entry, query)
        ]

    async def _forward(self, query: JournalQuery, epoch: int) -> list[SealedEntry]:
        """Give up to one more than the limit."""
        found: list[SealedEntry] = []
        after = query.after or 0
        while len(found) <= query.limit:
            size = BATCH if query.kind is not None else min(BATCH, query.limit + 1 - len(found))
            batch = await self._entries(epoch, after + 1, size)
            if not batch:
                break
            after = batch[-1].sequence
            found += [entry for entry in batch if query.kind in (None, entry.kind)]
        return found

    async def _backward(self, query: JournalQuery, head: ChainHead, pruned: int) -> list[SealedEntry]:
        """Give the newest, or those before a number, up to the limit or a few more."""
        found: list[SealedEntry] = []
        last = head.sequence if query.before is None else min(head.sequence, query.before - 1)
        oldest = pruned if query.compartment is None else max(pruned, last - LOOKED_AT_MOST)
        picked = query.kind is not None or query.compartment is not None
        while last > oldest and len(found) < query.limit:
            size = BATCH if picked else min(BATCH, query.limit - len(found))
            first = max(oldest + 1, last - size + 1)
            batch = await self._entries(head.epoch, first, last - first + 1)
            # Where numbers are missing, a batch reaches beyond its end into what is known already.
            fresh = [entry for entry in batch if entry.sequence <= last and _wanted(entry, query)]
            found = fresh + found
            last = first - 1
        return found


def _wanted(entry: SealedEntry, query: JournalQuery) -> bool:
    if query.kind not in (None, entry.kind):
        return False
    return query.compartment is None or _is_about(entry, query.compartment)


def _is_about(entry: SealedEntry, label: str) -> bool:
    """Tell whether an entry names a compartment, as what it is about or where it happened."""
    if json.dumps(label, ensure_ascii=False).encode() not in entry.payload:
        return False  # most are told apart without being read
    data = entry_view(entry).data or {}
    return label in (data.get("compartment"), data.get("about"))


async def _shown(entries: Iterable[SealedEntry]) -> tuple[JournalEntryView, ...]:
    views: list[JournalEntryView] = []
    for entry in entries:
        views.append(entry_view(entry))
        if len(views) % SLICE == 0:
            await asyncio.sleep(0)
    return tuple(views)
