"""The daemon's end of the local socket: HTTP; every refusal says why and what to do."""

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar
from weakref import WeakSet

from aiohttp import web

from locker.api import listening, views
from locker.api.answers import json_answer
from locker.api.commission import CommissionAnswers, Desk
from locker.api.connections import Connections, PeerOf
from locker.api.exports import EvidenceAnswers, Signer
from locker.api.journal import EntriesAbout, JournalReader
from locker.api.lines import LinesAnswers
from locker.api.maintenance import MaintenanceAnswers
from locker.api.maintenance_schema import Asked
from locker.api.metrics import CONTENT_TYPE, Metrics
from locker.api.protocol import speak
from locker.api.reading import read_body, read_query
from locker.api.refusals import Refused, Terse, as_refusal
from locker.api.roles import Roles
from locker.api.routes import EVENTS, JSON, ROUTES, Route, openapi
from locker.api.safe_mode import LEAVE, SafeModeAnswers, SafeModeDesk
from locker.api.schema import (
    API_VERSION,
    Compartments,
    Greeting,
    Incidents,
    JournalQuery,
    ListQuery,
    Locks,
    Parcels,
    Role,
    SnapshotItem,
    Status,
    Strict,
)
from locker.api.stream import KEPT_FOR_TECHNICIANS, EventStream, Told
from locker.api.verification import Entries, VerificationAnswers
from locker.api.wire import Dumps, WireAnswers, lost_parts
from locker.domain.automat import Automat, Decision
from locker.domain.events import Event
from locker.domain.journal import ChainHead, SealedEntry, Verify
from locker.domain.times import Now
from locker.lines import Lines
from locker.wire import Wires

TARGET_MOST = 2048
"""Longest path and query, in characters."""

REQUEST_LINE_MOST = 16_384
LINGERING_S = 0.2
SHUTDOWN_S = 1.0
IDLE_S = 60.0
"""How long a connection may ask nothing."""

VIEWERS_AT_ONCE = 2
"""Questions of viewers that are worked on at once, so that many of them take no longer turns than a few."""

STALL_S = 10.0
"""How long a client of the event stream may leave its socket full."""

SLICE = 50
"""Views made before everything else has its turn."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answering = Callable[[web.Request, Strict], Coroutine[None, None, web.StreamResponse]]
Source = TypeVar("Source")
View = TypeVar("View")
Query = TypeVar("Query", bound=Strict)

log = logging.getLogger(__name__)


class ApiServer:
    """Answers on one unix socket from the engine's present state; `note` is to be a watcher of the engine."""

    def __init__(
        self,
        path: Path,
        *,
        automat: Callable[[], Automat],
        head: Callable[[], ChainHead],
        entries: Entries,
        entries_about: EntriesAbout,
        verify: Verify,
        link_connected: Callable[[], bool],
        link_trouble: Callable[[], str | None] = lambda: None,
        broker: str = "",
        now: Callable[[], Now],
        wires: Wires | None = None,
        lines: Lines | None = None,
        dumps: Dumps | None = None,
        desk: Desk | None = None,
        ask: Callable[[Event], Awaitable[Decision]],
        roles: Roles | None = None,
        signer: Signer | None = None,
        safe_mode: SafeModeDesk | None = None,
        stream: EventStream | None = None,
        stall_s: float = STALL_S,
        peer_of: PeerOf = listening.peer_of,
    ) -> None:
        """Serve nothing yet; uptime counts from here.

        `entries` and `entries_about` read the database where its session lives; `verify` is the check with
        this device's public key; `ask` has an event decided and committed; without `roles` only root and the
        daemon's own user may change anything; without `signer` there is no evidence to be had; with
        `safe_mode` whatever changes something is refused.
        """
        self.path = path
        self._who = peer_of
        self._automat = automat
        self._head = head
        self._journal = JournalReader(entries, entries_about)
        self._link_connected = link_connected
        self._link_trouble = link_trouble
        self._broker = broker
        self._now = now
        self._started_s = now().powered_s
        self._stream = stream or EventStream()
        self._stall_s = stall_s
        self._wire = WireAnswers(
            wires,
            dumps,
            lost_parts=lambda: lost_parts(self._automat()),
            role_of=self._role_of,
            stall_s=stall_s,
        )
        self._roles = roles or Roles()
        self._commission = CommissionAnswers(desk, self._technician)
        self._maintenance = MaintenanceAnswers(automat, ask, self._technician)
        self._evidence = EvidenceAnswers(automat, head, entries_about, now, signer)
        self._safe_mode = SafeModeAnswers(safe_mode, self._status, self._technician)
        self._verification = VerificationAnswers(entries, automat, head, verify, self._role_of)
        self._lines = LinesAnswers(lines)
        self._metrics = Metrics(automat, self._status, self._stream, more=self._lines.figures)
        self._runner: web.AppRunner | None = None
        self._inode = 0
        self._listening: asyncio.Server | None = None
        self._connections: Connections
        self._greeted = WeakSet[asyncio.BaseTransport]()
        self._acting = set[asyncio.Task[web.StreamResponse]]()
        self._viewers_turn = asyncio.Semaphore(VIEWERS_AT_ONCE)

    def note(self, decision: Decision, entries: Sequence[SealedEntry], /) -> None:
        """Take note of a decision (`locker.engine.Watcher`)."""
        self._metrics.note(decision)
        self._stream.note(decision, entries, self._head())

    def note_link(self, *, connected: bool) -> None:
        """Tell the event stream that the connection to the back office came or went."""
        self._stream.note_link(connected=connected)

    async def start(self) -> None:
        """Listen; SocketRefused if the path is taken or cannot be had. Cut short, it leaves nothing."""
        application = web.Application(middlewares=[self._guard])
        for route in ROUTES:
            application.router.add_route(route.method, route.path, self._handler(route))
        listener = listening.listen(self.path)
        try:
            await self._serve(application, listener)
        except BaseException:
            await self.stop()
            listener.close()
            raise
        log.info("listening on %s", self.path)

    async def stop(self) -> None:
        """End every stream and connection, and remove the socket file; once is enough."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        self._stream.end("the daemon is stopping")
        self._wire.end("the daemon is stopping")
        listening.forget(self.path, self._inode)
        if self._listening is not None:
            self._listening.close()
        if self._acting:
            await asyncio.wait(self._acting, timeout=SHUTDOWN_S)
        for step in self._acting:
            step.cancel()
        await runner.cleanup()

    async def _serve(self, application: web.Application, listener: socket.socket) -> None:
        self._inode = self.path.lstat().st_ino
        self._runner = web.AppRunner(
            application,
            handler_cancellation=True,  # a client that has gone away needs no answer
            shutdown_timeout=SHUTDOWN_S,
        )
        await self._runner.setup()
        self._connections = Connections(self._roles, self._protocol, self._who)
        loop = asyncio.get_running_loop()
        # In two steps: a server that is cancelled while it begins to serve is otherwise known to nobody.
        self._listening = await loop.create_unix_server(
            self._connections, sock=listener, backlog=listening.BACKLOG, start_serving=False
        )
        await self._listening.start_serving()

    # -- every request

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._record_peer(request)
        try:
            if len(request.raw_path) > TARGET_MOST:
                raise Refused(
                    414,
                    "too-long",
                    f"path and query have more than {TARGET_MOST} characters",
                    "ask for less at once",
                )
            if request.method == "GET" and request.body_exists:
                raise Refused(400, "body-refused", "a GET carries no body here", "leave the body out")
            return await handler(request)
        except Refused as refused:
            return refused.answer()
        except web.HTTPException as error:
            return as_refusal(error, request).answer()
        except ConnectionError:
            raise  # nobody is there to be answered
        except Exception:
            log.exception("no answer to %s %.200r", request.method, request.path)
            return Refused(
                500, "internal", "the daemon failed to answer", "read the daemon's log; nothing was changed"
            ).answer()

    def _protocol(self) -> asyncio.BaseProtocol:
        if self._runner is None or self._runner.server is None:
            raise RuntimeError("nobody is served yet, or any more")
        spoken = {
            "access_log": None,
            "max_line_size": REQUEST_LINE_MOST,
            "lingering_time": LINGERING_S,
            "keepalive_timeout": IDLE_S,
            "logger": Terse(log, {}),
        }
        return speak(self._runner.server, spoken)

    def _record_peer(self, request: web.Request) -> None:
        transport = request.transport
        if transport is not None and transport not in self._greeted:
            self._greeted.add(transport)
            log.info("connection from %s", self._peer_of(request) or "a process that has gone")

    def _peer_of(self, request: web.Request) -> listening.Peer | None:
        return self._connections.peer_of(request.transport)

    def _role_of(self, request: web.Request) -> Role:
        peer = self._peer_of(request)
        return "viewer" if peer is None else self._roles.role_of(peer)

    def _technician(self, request: web.Request) -> listening.Peer:
        return self._roles.demand_technician(self._peer_of(request))

    def _handler(self, route: Route) -> Handler:
        handlers: dict[str, Answering] = {
            "greeting": self._get_greeting,
            "status": self._get_status,
            "compartments": self._get_compartments,
            "locks": self._get_locks,
            "parcels": self._get_parcels,
            "incidents": self._get_incidents,
            "journal": self._get_journal,
            "verify": self._verification.get,
            "events": self._get_events,
            "metrics": self._get_metrics,
            "wire": self._wire.page,
            "wire/follow": self._wire.follow,
            "decode": self._wire.decode,
            "lines": self._lines.get,
            "commission": self._commission.get,
            "commission/begin": self._commission.begin,
            "commission/search": self._commission.search,
            "commission/test": self._commission.test,
            "commission/door": self._commission.door,
            "commission/write": self._commission.write,
            "commission/end": self._commission.end,
            "keypads": self._maintenance.keypads,
            "audit": self._maintenance.audit,
            "evidence": self._evidence.get,
            LEAVE: self._safe_mode.leave,
            "openapi.json": self._get_openapi,
        }
        if route.body is not None and issubclass(route.body, Asked):
            step = route.name.startswith("audit/")
            handler: Answering = self._maintenance.audit_step if step else self._maintenance.maintain
        else:
            handler = handlers[route.name]

        async def checked(request: web.Request) -> web.StreamResponse:
            query = read_query(request, route.query)
            if route.body is not None:
                self._technician(request)
            self._safe_mode.demand_service(route)
            if route.body is not None:
                return await self._act(handler(request, await read_body(request, route.body)))
            if route.content_type == EVENTS or self._role_of(request) == "technician":
                return await handler(request, query)
            async with self._viewers_turn:
                return await handler(request, query)

        return checked

    async def _act(self, doing: Coroutine[None, None, web.StreamResponse]) -> web.StreamResponse:
        """Do what was asked to its end, even if whoever asked hangs up: half a step helps nobody."""
        step = asyncio.create_task(doing)
        self._acting.add(step)
        step.add_done_callback(self._note_acted)
        return await asyncio.shield(step)

    def _note_acted(self, step: asyncio.Task[web.StreamResponse]) -> None:
        self._acting.discard(step)
        error = None if step.cancelled() else step.exception()
        if error is not None and not isinstance(error, Refused):
            log.error("a step failed: %r", error)

    # -- questions

    async def _get_greeting(self, request: web.Request, _query: Strict) -> web.Response:
        automat, peer = self._automat(), self._peer_of(request)
        identity = automat.identity
        return json_answer(
            Greeting(
                api=API_VERSION,
                version=automat.version,
                automat_id=identity.automat_id,
                name=identity.name,
                user="unknown" if peer is None else peer.user,
                role=self._role_of(request),
            )
        )

    async def _get_status(self, _request: web.Request, _query: Strict) -> web.Response:
        return json_answer(self._status())

    async def _get_compartments(self, _request: web.Request, _query: Strict) -> web.Response:
        automat = self._automat()
        boxes = views.compartments_in_order(automat)
        return json_answer(
            Compartments(compartments=await _each(boxes, lambda b: views.compartment_view(automat, b)))
        )

    async def _get_locks(self, _request: web.Request, _query: Strict) -> web.Response:
        return json_answer(Locks(locks=tuple(views.lock_views(self._automat()))))

    async def _get_parcels(self, _request: web.Request, query: Strict) -> web.Response:
        automat = self._automat()
        parcels = views.parcels_in_order(automat, closed=_as(query, ListQuery).all)
        return json_answer(
            Parcels(parcels=await _each(parcels, lambda p: views.parcel_view(p, automat.rules)))
        )

    async def _get_incidents(self, _request: web.Request, query: Strict) -> web.Response:
        automat = self._automat()
        incidents = views.incidents_in_order(automat, cleared=_as(query, ListQuery).all)
        return json_answer(
            Incidents(incidents=await _each(incidents, lambda each: views.incident_view(automat, each)))
        )

    async def _get_journal(self, _request: web.Request, query: Strict) -> web.Response:
        pruned = self._automat().facts.pruned_through
        return json_answer(await self._journal.page(_as(query, JournalQuery), self._head(), pruned))

    async def _get_metrics(self, _request: web.Request, _query: Strict) -> web.Response:
        return web.Response(body=self._metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def _get_openapi(self, _request: web.Request, _query: Strict) -> web.Response:
        return web.Response(body=_document(), content_type=JSON)

    # -- the event stream

    async def _get_events(self, request: web.Request, _query: Strict) -> web.StreamResponse:
        if self._stream.full(kept=0 if self._role_of(request) == "technician" else KEPT_FOR_TECHNICIANS):
            raise Refused(
                503,
                "too-many-clients",
                "no further event stream can be served",
                "close one and connect again",
            )
        # Nothing may come between these lines: the snapshot is the state after event `number`.
        subscriber, missed = self._stream.subscribe(request.headers.get("Last-Event-ID"))
        automat, number, status = self._automat(), self._stream.number, self._status()
        response = web.StreamResponse(headers={"Content-Type": EVENTS, "Cache-Control": "no-store"})
        try:
            await response.prepare(request)
            if missed is None:
                missed = [(number, self._stream.write(await _snapshot(automat, number, status)))]
            for told in missed:
                await self._send(response, told)
            while (told_now := await subscriber.take()) is not None:
                await self._send(response, told_now)
            await self._send(response, (0, self._stream.write_dropped(subscriber.dropped or "")))
            async with asyncio.timeout(self._stall_s):
                await response.write_eof()
        except TimeoutError:
            self._stream.note_stalled(subscriber, self._stall_s)
            if request.transport is not None:
                request.transport.abort()
        finally:
            self._stream.unsubscribe(subscriber)
        return response

    async def _send(self, response: web.StreamResponse, told: Told) -> None:
        async with asyncio.timeout(self._stall_s):
            await response.write(told[1])

    def _status(self) -> Status:
        now = self._now()
        return views.status(
            self._automat(),
            self._head(),
            now,
            uptime_s=max(0.0, now.powered_s - self._started_s),
            link_connected=self._link_connected(),
            link_trouble=self._link_trouble(),
            broker=self._broker,
            safe_mode=self._safe_mode.view(),
        )


@cache
def _document() -> bytes:
    """Write the OpenAPI document, once: it takes as long as hundreds of other answers."""
    return json.dumps(openapi()).encode()


def _as(query: Strict, model: type[Query]) -> Query:
    if not isinstance(query, model):
        raise TypeError(f"the route's table says {type(query).__name__}, its handler {model.__name__}")
    return query


async def _snapshot(automat: Automat, number: int, status: Status) -> SnapshotItem:
    return SnapshotItem(
        number=number,
        status=status,
        compartments=await _each(
            views.compartments_in_order(automat), lambda box: views.compartment_view(automat, box)
        ),
        parcels=await _each(
            views.parcels_in_order(automat, closed=False),
            lambda parcel: views.parcel_view(parcel, automat.rules),
        ),
        incidents=await _each(
            views.incidents_in_order(automat, cleared=False), lambda each: views.incident_view(automat, each)
        ),
    )


async def _each(sources: Iterable[Source], make: Callable[[Source], View]) -> tuple[View, ...]:
    """Make many views without keeping anybody waiting."""
    made: list[View] = []
    for source in sources:
        made.append(make(source))
        if len(made) % SLICE == 0:
            await asyncio.sleep(0)
    return tuple(made)
