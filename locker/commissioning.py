"""Putting an automat into service: what the socket asks for, decided in the inbox, proved at the hardware.

The desk has no power of its own: a lock is pulsed only because the engine decided so and wrote it down.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from locker.api.commission import StepRefused
from locker.api.commission_schema import (
    Commission,
    DoorView,
    FoundView,
    MapView,
    MovedView,
    ProvedBoardView,
    SearchView,
    TrialView,
)
from locker.domain.automat import Automat, Decision
from locker.domain.events import (
    CommissionBegun,
    CommissionContinued,
    CommissionEnded,
    CommissionWritten,
    Event,
    LockTrialAsked,
)
from locker.domain.times import Now
from locker.hardware.proving import CannotProve, Place, Search, Trial
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import Wiring
from locker.hardware.wiring_map import MapRefused, WiringMap, address_of, proved, write_map

REFUSALS = {
    "no-commission": ("nobody puts the automat into service now", "begin with `lockerctl commission begin`"),
    "already-under-way": ("somebody puts the automat into service already", "go on, or end it first"),
    "opening-under-way": ("a door is being opened, or may still open late", "wait three minutes at most"),
    "keypad-busy": ("somebody is being served at a keypad", "wait until the keypad is at rest"),
    "another-under-way": ("the lock that was tried last is still being watched", "wait a few seconds"),
    "too-soon": ("this lock was pulsed a moment ago, and its coil is warm", "wait five seconds"),
    "unknown-compartment": ("there is no such compartment", "`lockerctl compartments` lists them"),
}

log = logging.getLogger(__name__)


class CommissionDesk:
    """Where one automat is put into service (`locker.api.commission.Desk`)."""

    def __init__(
        self,
        path: Path,
        wiring: Wiring,
        proof: WiringMap | None,
        hardware: LockerHardware,
        *,
        automat: Callable[[], Automat],
        ask: Callable[[Event], Awaitable[Decision]],
        now: Callable[[], Now],
    ) -> None:
        """Serve the automat whose configured wiring this is; `proof` is what the file at `path` holds."""
        self._path = path
        self._wiring = wiring
        self._proof = proof
        self._hardware = hardware
        self._bench = hardware.bench
        self._automat = automat
        self._ask = ask
        self._now = now
        self._writing = asyncio.Lock()
        self._configured_output = {door.compartment: Place(door.board, door.channel) for door in wiring.doors}

    async def begin(self, user: str, technician: str, *, afresh: bool) -> None:
        """Give the automat to a technician; what was proved and not written stays, unless `afresh`."""
        await self._decided(CommissionBegun(user, technician))
        if afresh:
            self._bench.forget()

    async def search(self, line: str, *, every_family: bool, last_address: int | None) -> None:
        """Begin to look for boards on a line."""
        await self._decided(CommissionContinued())
        try:
            self._bench.search(line, every_family=every_family, last_address=last_address)
        except CannotProve as refusal:
            raise _refused(refusal) from refusal

    async def test(self, user: str, compartment: str) -> None:
        """Pulse one lock once."""
        if self._bench.last_search is not None and not self._bench.last_search.over.is_set():
            raise StepRefused("search-under-way", "a search is under way", "wait until it is over")
        await self._decided(LockTrialAsked(user, compartment))

    async def name_door(self, user: str, label: str | None) -> None:
        """Take the label on the door that opened."""
        await self._decided(CommissionContinued())
        try:
            self._bench.name_door(label, user)
        except CannotProve as refusal:
            raise _refused(refusal) from refusal

    async def write(self, user: str, *, partial: bool) -> None:
        """Write the map, take it into use, and end the commission."""
        async with self._writing:
            await self._decided(CommissionContinued())
            automat = self._automat()
            try:
                proof = await self._bench.make_map(
                    self._proof,
                    automat_id=automat.identity.automat_id,
                    user=user,
                    technician=automat.facts.commission[1] if automat.facts.commission else "",
                    at=self._now().wall_at,
                    partial=partial,
                )
            except CannotProve as refusal:
                raise _refused(refusal) from refusal
            try:
                await asyncio.to_thread(write_map, self._path, proof)
            except MapRefused as failure:
                raise StepRefused("not-written", str(failure), "the map before is still in use") from failure
            newly = tuple(sorted(self._bench.proofs))
            self._proof = proof
            self._bench.forget()
            await self._hardware.use(proof)
            log.info("%s: map %s is in use, %d doors proved now", self._path, proof.hash[:12], len(newly))
            await self._decided(
                CommissionWritten(
                    user,
                    proof.hash,
                    {name: board.fingerprint for name, board in proof.boards.items()},
                    {label: door.contact is not None for label, door in proof.doors.items()},
                    newly,
                )
            )
            self._hardware.tell_doors()  # of a contact that was not known of nobody took anything in

    async def end(self, user: str) -> None:
        """Give the automat back; what was proved and not written stays until the daemon ends."""
        await self._decided(CommissionEnded(user))

    def progress(self) -> Commission:
        """Tell how far it has come."""
        facts, bench, proof = self._automat().facts, self._bench, self._proof
        return Commission(
            under_way=bool(facts.commission),
            user=facts.commission[0] if facts.commission else None,
            technician=(facts.commission[1] or None) if facts.commission else None,
            commissioned=proof is not None,
            map=None
            if proof is None
            else MapView(
                hash=proof.hash, written_at=proof.written_at, user=proof.user, technician=proof.technician
            ),
            lines=tuple(self._wiring.lines),
            unproved=bench.unproved(proof),
            search=None if bench.last_search is None else self._search_view(bench.last_search),
            trial=None if bench.trial is None else self._trial_view(bench.trial),
            doors=self._door_views(),
            boards=self._board_views(),
        )

    def _search_view(self, search: Search) -> SearchView:
        names = {(spec.line, spec.family, address_of(spec)): spec.name for spec in self._wiring.boards}
        return SearchView(
            line=search.line,
            asked=search.asked,
            total=search.total,
            over=search.over.is_set(),
            fault=search.fault,
            found=tuple(
                FoundView(
                    family=board.family,
                    address=board.address,
                    settings=dict(board.settings or {}),
                    configured_as=names.get((search.line, board.family, board.address)),
                )
                for board in search.found
            ),
        )

    def _trial_view(self, trial: Trial) -> TrialView:
        return TrialView(
            compartment=trial.compartment,
            number=trial.number,
            output=str(trial.output),
            stage=trial.state.value,
            moved=tuple(
                MovedView(contact=str(place), compartment=self._configured_at(place)) for place in trial.moved
            ),
            named=trial.named,
            fault=trial.fault,
        )

    def _configured_at(self, place: Place) -> str | None:
        return next(
            (
                door.compartment
                for door in self._wiring.doors
                if (door.board, door.contact_input) == (place.board, place.channel)
            ),
            None,
        )

    def _door_views(self) -> tuple[DoorView, ...]:
        views: list[DoorView] = []
        in_map = {} if self._proof is None else self._proof.doors
        tried = {proof.output for proof in self._bench.proofs.values()}
        for door in proved(self._wiring, self._proof).doors:
            label = door.compartment
            now = self._bench.proofs.get(label)
            fitted = door.contact_fitted
            views.append(
                DoorView(
                    compartment=label,
                    proving="proved" if now else "in-use" if label in in_map else "unproved",
                    output=str(now.output if now else Place(door.board, door.channel)),
                    contact=(str(now.contact) if now.contact else None)
                    if now
                    else (str(Place(door.board, door.contact_input)) if fitted else None),
                    closed_means_shut=now.closed_means_shut if now else door.closed_means_shut,
                    lock_tried=self._configured_output[label] in tried,
                    blocked=door.blocked or self._hardware.board_mismatch(door.board),
                )
            )
        return tuple(views)

    def _board_views(self) -> tuple[ProvedBoardView, ...]:
        known = {} if self._proof is None else self._proof.boards
        return tuple(
            ProvedBoardView(
                name=spec.name,
                line=spec.line,
                family=spec.family,
                address=address_of(spec),
                fingerprint=known[spec.name].fingerprint if spec.name in known else None,
                facts=known[spec.name].facts if spec.name in known else {},
                mismatch=self._hardware.board_mismatch(spec.name),
            )
            for spec in self._wiring.boards
        )

    async def _decided(self, event: Event) -> None:
        """Have an event decided; StepRefused if what it asks for is refused."""
        refused = (await self._ask(event)).refused
        if refused is not None:
            detail, remedy = REFUSALS[refused]
            raise StepRefused(refused, detail, remedy)


def _refused(refusal: CannotProve) -> StepRefused:
    return StepRefused(refusal.reason, refusal.detail, refusal.remedy)
