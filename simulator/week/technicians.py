"""A technician with a laptop at the daemon's socket: looks, tries, proves, clears, counts, all by its API.

The client is the one of `lockerctl`; what it says crosses a real unix socket, in virtual time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from locker.api.client import ApiClient, RequestRefused
from locker.api.commission_schema import (
    Commission,
    CommissionBegin,
    CommissionDoor,
    CommissionSearch,
    CommissionStep,
    CommissionTest,
    CommissionWrite,
    Nothing,
)
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
    LeaveSafeMode,
    OpenAsked,
    ReleaseAsked,
    TestAsked,
    UnblockAsked,
)
from locker.errors import LockerError
from simulator.week.people import People

NAME = "T-1"
REASON = "on the yearly round"
LOOK_S = 0.5
COIL_RESTS_S = 6.0
STEPS_MOST = 80
ROUND_MOST = 10
"""So many boxes are looked into in one audit; the rest is skipped."""
PROVED_MOST = 4


class Technician:
    """Somebody with hands at the doors and a laptop at the socket; gives up where nobody answers."""

    def __init__(self, socket: Path, people: People, note: Callable[[str], None]) -> None:
        self._socket, self._people, self._note = socket, people, note
        self._front, self._dice = people.front, people.dice

    async def visit(self) -> None:
        """Do one of all that can be done."""
        work: Callable[[ApiClient], Awaitable[None]] = self._dice.choice(
            [self.look_after_incidents, self.look_into_some, self.try_things, self.audit, self.commission]
        )
        await self._with_laptop(work)

    async def put_right(self, labels: Sequence[str]) -> None:
        """Unblock what was blocked, prove what is in doubt, look into some, settle what a word settles."""

        async def look(client: ApiClient) -> None:
            for label in labels:
                await self._look(client, label)

        for work in (self._unblock_all, self._prove_what_is_in_doubt, look, self.look_after_incidents):
            await self._with_laptop(work)

    async def leave_safe_mode(self) -> None:
        """Let the automat try to serve again."""

        async def leave(client: ApiClient) -> None:
            await client.leave_safe_mode(LeaveSafeMode(technician=NAME, reason="the disk was replaced"))

        await self._with_laptop(leave)

    # -- what is done there

    async def look_after_incidents(self, client: ApiClient) -> None:
        """Say that they are seen to, and clear those that a word settles."""
        for incident in await client.incidents():
            await self._ask(client, AcknowledgeAsked(technician=NAME, incident=incident.number))
            clear = ClearAsked(technician=NAME, incident=incident.number, reason="it is settled")
            await self._ask(client, clear)

    async def look_into_some(self, client: ApiClient) -> None:
        """Look into what is suspect, or into any box."""
        boxes = await client.compartments()
        doubted = [box.label for box in boxes if box.condition == "suspect"]
        for label in doubted[:3] or [self._dice.choice(boxes).label]:
            await self._look(client, label)

    async def try_things(self, client: ApiClient) -> None:
        """Try a lock, a display, a sounder and keys; block one box and unblock another; release a keypad."""
        boxes = await client.compartments()
        await self._look(client, self._dice.choice(boxes).label, test=True)
        keypad = self._dice.choice(await client.keypads()).name
        for device in ("display", "sounder", "keys"):
            await self._ask(client, DeviceAsked(technician=NAME, keypad=keypad, device=device))
            await asyncio.sleep(3.0)
        await self._front.type("1 2 C")
        await self._ask(client, DeviceAsked(technician=NAME, keypad=keypad, device="none"))
        await self._ask(client, ReleaseAsked(technician=NAME, keypad=keypad))
        label = self._dice.choice(boxes).label
        await self._ask(client, BlockAsked(technician=NAME, compartment=label, reason="the hinge is loose"))
        label = self._dice.choice(boxes).label
        await self._ask(client, UnblockAsked(technician=NAME, compartment=label))

    async def audit(self, client: ApiClient) -> None:
        """Go round the boxes, skip some, and end the round; or leave it for another day."""
        await client.audit_step(AuditBeginAsked(technician=NAME))
        looked = 0
        for stop in (await client.audit()).stops:
            if stop.verdict is not None:
                continue
            if looked < ROUND_MOST and self._dice.random() < 0.7:
                looked += 1
                await self._look(client, stop.compartment)
            else:
                await self._audit_step(
                    client, AuditSkipAsked(technician=NAME, compartment=stop.compartment, reason="no time")
                )
        if self._dice.random() < 0.8:
            partial = self._dice.random() < 0.5
            await self._audit_step(client, AuditEndAsked(technician=NAME, partial=partial))

    async def commission(self, client: ApiClient) -> None:
        """Search a line, prove some doors, and write the map; or go away in the middle."""
        progress = await self._begin_commission(client)
        if progress is None:
            return
        searched = await self._step(client, CommissionSearch(line=self._dice.choice(progress.lines)))
        for _ in range(STEPS_MOST):
            if searched is None or searched.search is None or searched.search.over:
                break
            await asyncio.sleep(LOOK_S)
            searched = await client.commission()
        labels = [door.compartment for door in progress.doors]
        for label in self._dice.sample(labels, min(PROVED_MOST, len(labels))):
            await self._prove(client, label)
        if self._dice.random() < 0.7:
            await self._step(client, CommissionWrite(partial=True))
        elif self._dice.random() < 0.5:
            await self._step(client, Nothing())

    async def _prove_what_is_in_doubt(self, client: ApiClient) -> None:
        doubted = [each.about for each in await client.incidents() if each.kind == "wrong-door"]
        if doubted and await self._begin_commission(client) is not None:
            for label in doubted:
                await self._prove(client, label)
                await asyncio.sleep(COIL_RESTS_S)
            await self._step(client, CommissionWrite(partial=True))

    async def _unblock_all(self, client: ApiClient) -> None:
        for box in await client.compartments():
            if box.blocked is not None:
                await self._ask(client, UnblockAsked(technician=NAME, compartment=box.label))

    async def _begin_commission(self, client: ApiClient) -> Commission | None:
        begun = await self._step(client, CommissionBegin(technician=NAME))
        return begun if begun is not None and begun.under_way else None

    async def _prove(self, client: ApiClient, label: str) -> None:
        """Have one lock pulsed, name the door that opened, and shut it."""
        before = set(self._front.open_doors())
        if await self._step(client, CommissionTest(compartment=label)) is None:
            return
        progress = await self._until_stage_leaves(client, "reading", "watching")
        opened = [each for each in self._front.open_doors() if each not in before]
        if progress.trial is None or progress.trial.stage == "failed":
            return
        await self._step(client, CommissionDoor(compartment=opened[0] if opened else None))
        for each in opened:
            await self._front.shut(each)
        await self._until_stage_leaves(client, "open")

    async def _until_stage_leaves(self, client: ApiClient, *stages: str) -> Commission:
        progress = await client.commission()
        for _ in range(STEPS_MOST):
            if progress.trial is None or progress.trial.stage not in stages:
                break
            await asyncio.sleep(LOOK_S)
            progress = await client.commission()
        return progress

    async def _look(self, client: ApiClient, label: str, *, test: bool = False) -> None:
        """Have one door opened, look, shut it, and say what lies there."""
        asked: Asked = (
            TestAsked(technician=NAME, compartment=label)
            if test
            else OpenAsked(technician=NAME, compartment=label, reason=REASON)
        )
        if not await self._ask(client, asked):
            return
        if not await self._front.opens(label, within_s=20.0):
            return
        await asyncio.sleep(self._dice.uniform(1.0, 4.0))
        lies = self._front.holds(label)
        if self._people.truth.lied.intersection(lies):
            self._front.take(label)  # somebody left it: it goes back with the technician
            lies = ()
        await self._front.shut(label)
        await asyncio.sleep(1.0)
        if self._people.habits.leaves_without_a_word > self._dice.random():
            self._note(f"the technician goes without a word on {label}")
            return
        verdict: Asked = FoundAsked(technician=NAME, compartment=label, verdict="empty")
        if lies:
            verdict = FoundAsked(technician=NAME, compartment=label, verdict="parcel", tracking_id=lies[0])
        await self._ask(client, verdict)

    # -- the laptop

    async def _with_laptop(self, work: Callable[[ApiClient], Awaitable[None]]) -> None:
        try:
            async with ApiClient(self._socket) as client:
                await work(client)
        except LockerError as problem:
            self._note(f"the laptop says: {str(problem).split(': ', 1)[-1]}")

    async def _ask(self, client: ApiClient, asked: Asked) -> bool:
        try:
            await client.maintain(asked)
        except RequestRefused as refusal:
            self._note(f"refused: {refusal.error.reason}")
            return False
        return True

    async def _step(self, client: ApiClient, step: CommissionStep) -> Commission | None:
        try:
            return await client.commission_step(step)
        except RequestRefused as refusal:
            self._note(f"refused: {refusal.error.reason}")
            return None

    async def _audit_step(self, client: ApiClient, step: AuditSkipAsked | AuditEndAsked) -> None:
        try:
            await client.audit_step(step)
        except RequestRefused as refusal:
            self._note(f"refused: {refusal.error.reason}")
