"""The other end of the local socket: typed questions, errors that say what to do, events that come back.

LockerError
|-- DaemonUnreachable   nobody listens, or the connection broke: start the daemon, or try again
|-- DaemonSilent        it listens but did not answer in time
|-- AnswerUnreadable    it answered something that this version does not understand
|-- RequestRefused      it said no, with a reason
`-- OperatorError
    |-- SocketForbidden the socket may not be opened by this user
    `-- VersionMismatch daemon and client are of different releases
"""

import asyncio
import errno
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    UnixConnector,
)
from pydantic import BaseModel, ValidationError

from locker.api.commission_schema import STEP_PATHS, Commission, CommissionStep
from locker.api.decoder import EventDecoder, StreamBroken
from locker.api.lines_schema import LinesAnswer
from locker.api.maintenance_schema import (
    ACTION_PATHS,
    AUDIT_PATHS,
    Asked,
    Audit,
    AuditBeginAsked,
    AuditEndAsked,
    AuditSkipAsked,
    Evidence,
    LeaveSafeMode,
    Maintained,
)
from locker.api.schema import (
    API_VERSION,
    STREAM_ITEM,
    Compartments,
    CompartmentView,
    DroppedItem,
    ErrorAnswer,
    ErrorDetail,
    Greeting,
    Incidents,
    IncidentView,
    JournalPage,
    Keypads,
    KeypadView,
    Locks,
    LockView,
    Parcels,
    ParcelView,
    Status,
    StreamItem,
    VerifyReport,
)
from locker.api.wire_schema import WIRE_ITEM, Decoded, FollowingItem, PassageItem, PassageView, Wire
from locker.errors import LockerError, OperatorError

ANSWER_TIMEOUT_S = 10.0
STEP_TIMEOUT_S = 60.0
"""Writing the map asks every board who it is, and reads every door anew."""
VERIFY_TIMEOUT_S = 900.0
ANSWER_BYTES_MOST = 64 * 1024 * 1024
RETRY_FIRST_S = 0.1
RETRY_MOST_S = 5.0

Answer = TypeVar("Answer", bound=BaseModel)


class DaemonUnreachable(LockerError):  # noqa: N818 - the name says what is the case
    """Nobody listens at the socket, or the connection broke."""


class DaemonSilent(LockerError):  # noqa: N818 - the name says what is the case
    """The daemon did not answer in time."""


class AnswerUnreadable(LockerError):  # noqa: N818 - the name says what is the case
    """The daemon's answer is not what this version of the contract has."""


class RequestRefused(LockerError):  # noqa: N818 - the name says what is the case
    """The daemon refused; `error` holds its reason, detail and remedy."""

    def __init__(self, status: int, error: ErrorDetail) -> None:
        """Keep what it said."""
        super().__init__(f"{error.detail}; {error.remedy}")
        self.status = status
        self.error = error


class SocketForbidden(OperatorError):  # noqa: N818 - the name says what is the case
    """This user may not open the socket."""


class VersionMismatch(OperatorError):  # noqa: N818 - the name says what is the case
    """Daemon and client speak different versions of the contract."""


class ApiClient:
    """Asks one daemon; use it as an async context, which begins with the greeting."""

    def __init__(
        self,
        path: Path,
        *,
        timeout_s: float = ANSWER_TIMEOUT_S,
        verify_timeout_s: float = VERIFY_TIMEOUT_S,
        retry_first_s: float = RETRY_FIRST_S,
    ) -> None:
        """Open nothing yet."""
        self.path = path
        self._timeout_s = timeout_s
        self._verify_timeout_s = verify_timeout_s
        self._retry_first_s = retry_first_s
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Connect and compare versions; DaemonUnreachable, SocketForbidden or VersionMismatch."""
        self._session = ClientSession(
            connector=UnixConnector(path=os.fspath(self.path)), timeout=ClientTimeout(total=None)
        )
        try:
            await self.greeting()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections; once is enough."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def greeting(self) -> Greeting:
        """Ask who answers; VersionMismatch if it speaks another version."""
        body = await self._get("greeting")
        try:
            spoken = json.loads(body)["api"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._unreadable("greeting", error) from error
        if spoken != API_VERSION:
            raise VersionMismatch(
                f"{self.path}: the daemon speaks version {spoken!s:.20} of the socket's contract and this "
                f"program {API_VERSION}; use the program of the daemon's release, or restart the daemon"
            )
        return self._read("greeting", body, Greeting)

    async def status(self) -> Status:
        """Ask for the automat on one page."""
        return await self._ask("status", Status)

    async def compartments(self) -> tuple[CompartmentView, ...]:
        """Ask for every compartment."""
        return (await self._ask("compartments", Compartments)).compartments

    async def locks(self) -> tuple[LockView, ...]:
        """Ask how each lock has behaved."""
        return (await self._ask("locks", Locks)).locks

    async def parcels(self, *, closed: bool = False) -> tuple[ParcelView, ...]:
        """Ask for the parcels, closed ones too if wanted."""
        return (await self._ask("parcels", Parcels, all="true" if closed else None)).parcels

    async def incidents(self, *, cleared: bool = False) -> tuple[IncidentView, ...]:
        """Ask for the open incidents, cleared ones too if wanted."""
        return (await self._ask("incidents", Incidents, all="true" if cleared else None)).incidents

    async def journal(
        self,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        subject: str | None = None,
        kind: str | None = None,
        compartment: str | None = None,
        epoch: int | None = None,
    ) -> JournalPage:
        """Ask for journal entries: those after a number, or without it the newest, or those before one."""
        return await self._ask(
            "journal",
            JournalPage,
            after=after,
            before=before,
            limit=limit,
            subject=subject,
            kind=kind,
            compartment=compartment,
            epoch=epoch,
        )

    async def first_since(self, at: datetime) -> int:
        """Ask for the number of the first entry of the present epoch not before an instant, by halving.

        Where the clock was set back in between, it is one of the places that fit.
        """
        newest = (await self.journal(limit=1)).entries
        low, high = 1, newest[-1].sequence + 1 if newest else 1
        while low < high:
            middle = (low + high) // 2
            (*_, entry) = (await self.journal(after=middle - 1, limit=1)).entries or newest
            if entry.at < at:
                low = entry.sequence + 1
            else:
                high = middle
        return low

    async def verify(self) -> VerifyReport:
        """Let the daemon check its whole journal; takes seconds where there are many entries."""
        return self._read("verify", await self._get("verify", timeout_s=self._verify_timeout_s), VerifyReport)

    async def commission(self) -> Commission:
        """Ask how far putting the automat into service has come."""
        return await self._ask("commission", Commission)

    async def commission_step(self, step: CommissionStep) -> Commission:
        """Take one step of putting the automat into service; RequestRefused if it may not be taken."""
        return await self._post(f"commission/{STEP_PATHS[type(step)]}", step, Commission)

    async def keypads(self) -> tuple[KeypadView, ...]:
        """Ask for every keypad, and how a trial of it goes."""
        return (await self._ask("keypads", Keypads)).keypads

    async def maintain(self, asked: Asked) -> Maintained:
        """Have one action decided and recorded; RequestRefused if it may not be done."""
        return await self._post(f"maintenance/{ACTION_PATHS[type(asked)]}", asked, Maintained)

    async def leave_safe_mode(self, asked: LeaveSafeMode) -> Status:
        """Let an automat in safe mode try to serve again; RequestRefused if it is not in safe mode."""
        return await self._post("safe-mode/leave", asked, Status)

    async def audit(self) -> Audit:
        """Ask how far the round of all compartments has come."""
        return await self._ask("audit", Audit)

    async def audit_step(self, asked: AuditBeginAsked | AuditSkipAsked | AuditEndAsked) -> Audit:
        """Take one step of the round; RequestRefused if it may not be taken."""
        return await self._post(f"audit/{AUDIT_PATHS[type(asked)]}", asked, Audit)

    async def evidence(self, tracking_id: str) -> Evidence:
        """Ask for every entry about one parcel, as the device signed it; RequestRefused if there is none."""
        return await self._ask("evidence", Evidence, parcel=tracking_id)

    async def metrics(self) -> str:
        """Ask for the figures as Prometheus text."""
        return (await self._get("metrics")).decode("utf-8", "replace")

    async def openapi(self) -> dict[str, Any]:
        """Ask for the description of the socket."""
        try:
            document = json.loads(await self._get("openapi.json"))
        except (ValueError, RecursionError) as error:
            raise self._unreadable("openapi.json", error) from error
        if not isinstance(document, dict):
            raise self._unreadable("openapi.json", TypeError("not an object"))
        return document

    async def events(
        self, *, on_lost: Callable[[LockerError], None] | None = None
    ) -> AsyncGenerator[StreamItem, None]:
        """Give a snapshot, then every event; connect again whenever the connection breaks.

        What was missed meanwhile follows, or a fresh snapshot. `on_lost` is told of each break. The first
        connection must succeed; a version that changed ends it.
        """
        last_event_id: str | None = None
        wait_s, begun = self._retry_first_s, False
        while True:
            try:
                async with aclosing(self._stream(last_event_id)) as items:
                    async for event_id, item in items:
                        begun, wait_s = True, self._retry_first_s
                        last_event_id = event_id or last_event_id
                        yield item
            except (DaemonUnreachable, DaemonSilent, RequestRefused) as error:
                if not begun:
                    raise
                if on_lost is not None:
                    on_lost(error)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, RETRY_MOST_S)

    async def lines(self) -> LinesAnswer:
        """Ask how each line and board does."""
        return await self._ask("lines", LinesAnswer)

    async def wire(
        self,
        line: str | None = None,
        *,
        after: int | None = None,
        limit: int | None = None,
        incident: int | None = None,
    ) -> Wire:
        """Ask for the lines, what passed on one of them, what was kept around an incident."""
        return await self._ask("wire", Wire, line=line, after=after, limit=limit, incident=incident)

    async def follow_wire(
        self,
        line: str,
        *,
        after: int,
        on_lost: Callable[[LockerError], None] | None = None,
        on_missed: Callable[[int], None] | None = None,
    ) -> AsyncGenerator[PassageView, None]:
        """Give what passes on a line after a record, as it comes; connect again whenever that breaks.

        `on_lost` is told of each break, `on_missed` how many records passed that nobody can show any more.
        The first connection must succeed; a version that changed, or a line that is gone, ends it.
        """
        run: str | None = None
        wait_s = self._retry_first_s
        while True:
            try:
                if run is not None:
                    await self.greeting()  # it may be another process now, of another version
                async with aclosing(self._wire_stream(line, after, run)) as items:
                    async for item in items:
                        if isinstance(item, FollowingItem):
                            run, after, wait_s = item.run, item.number, self._retry_first_s
                            continue
                        missed = item.passage.first - after - 1
                        if missed > 0 and on_missed is not None:
                            on_missed(missed)
                        after = item.number
                        yield item.passage
            except (DaemonUnreachable, DaemonSilent, RequestRefused) as error:
                if run is None or (isinstance(error, RequestRefused) and error.status == 404):
                    raise
                if on_lost is not None:
                    on_lost(error)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, RETRY_MOST_S)

    async def _wire_stream(
        self, line: str, after: int, run: str | None
    ) -> AsyncGenerator[FollowingItem | PassageItem, None]:
        decoder = EventDecoder()
        query: dict[str, str | int | None] = {"line": line, "after": after, "run": run}
        async with self._response("wire/follow", query, {}, timeout_s=self._timeout_s) as response:
            async for portion in response.content.iter_any():
                try:
                    items = [WIRE_ITEM.validate_json(event.data) for event in decoder.feed(portion)]
                except (StreamBroken, ValidationError) as error:
                    raise self._unreadable("wire/follow", error) from error
                for item in items:
                    if isinstance(item, DroppedItem):
                        raise DaemonUnreachable(f"{self.path}: the daemon ended the stream: {item.reason}")
                    yield item
        raise DaemonUnreachable(f"{self.path}: the daemon closed the connection")

    async def decode(self, typed: str | None, family: str | None, direction: str | None = None) -> Decoded:
        """Ask what bytes in hexadecimal mean; without them only which families there are."""
        return await self._ask("decode", Decoded, hex=typed, family=family, direction=direction)

    async def _stream(self, last_event_id: str | None) -> AsyncGenerator[tuple[str | None, StreamItem], None]:
        if last_event_id is not None:
            await self.greeting()  # it may be another process now, of another version
        headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        decoder = EventDecoder()
        async with self._response("events", {}, headers, timeout_s=self._timeout_s) as response:
            async for portion in response.content.iter_any():
                try:
                    events = decoder.feed(portion)
                    items = [(event.id, STREAM_ITEM.validate_json(event.data)) for event in events]
                except (StreamBroken, ValidationError) as error:
                    raise self._unreadable("events", error) from error
                for event_id, item in items:
                    if isinstance(item, DroppedItem):
                        raise DaemonUnreachable(f"{self.path}: the daemon ended the stream: {item.reason}")
                    yield event_id, item
        raise DaemonUnreachable(f"{self.path}: the daemon closed the connection")

    async def _ask(self, name: str, model: type[Answer], **query: str | int | None) -> Answer:
        return self._read(name, await self._get(name, query), model)

    async def _post(self, name: str, asked: BaseModel, model: type[Answer]) -> Answer:
        body = asked.model_dump_json().encode()
        async with self._response(name, {}, {}, timeout_s=STEP_TIMEOUT_S, whole=True, body=body) as response:
            return self._read(name, await self._whole_body(name, response), model)

    async def _get(
        self, name: str, query: dict[str, str | int | None] | None = None, *, timeout_s: float | None = None
    ) -> bytes:
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        async with self._response(name, query or {}, {}, timeout_s=limit_s, whole=True) as response:
            return await self._whole_body(name, response)

    async def _whole_body(self, name: str, response: ClientResponse) -> bytes:
        body = bytearray()
        async for portion in response.content.iter_any():
            body += portion
            if len(body) > ANSWER_BYTES_MOST:
                raise self._unreadable(name, ValueError(f"more than {ANSWER_BYTES_MOST} bytes"))
        return bytes(body)

    @asynccontextmanager
    async def _response(
        self,
        name: str,
        query: dict[str, str | int | None],
        headers: dict[str, str],
        *,
        timeout_s: float,
        whole: bool = False,
        body: bytes | None = None,
    ) -> AsyncIterator[ClientResponse]:
        """Ask and give the response; the time limit is for its beginning, or for the `whole` of it."""
        if self._session is None:
            raise DaemonUnreachable(f"{self.path}: not connected; use the client as an async context")
        parameters = {key: str(value) for key, value in query.items() if value is not None}
        try:
            async with asyncio.timeout(timeout_s) as limit:
                async with self._session.request(
                    "GET" if body is None else "POST",
                    f"http://lockerd/v1/{name}",
                    params=parameters,
                    headers=headers,
                    data=body,
                ) as response:
                    if response.status != 200:
                        raise _refusal(response.status, await response.content.read(65_536))
                    if not whole:
                        limit.reschedule(None)
                    yield response
        except TimeoutError as error:
            raise DaemonSilent(
                f"{self.path}: the daemon did not answer within {timeout_s:g} s; read its log, or try again"
            ) from error
        except (ClientError, OSError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> LockerError:
        cause = error.os_error if isinstance(error, ClientConnectorError) else error
        code = cause.errno if isinstance(cause, OSError) else None
        if code in (errno.EACCES, errno.EPERM):
            return SocketForbidden(
                f"{self.path}: this user may not open the daemon's socket; "
                "run as its user, or join the group that owns it"
            )
        if code in (errno.ENOENT, errno.ECONNREFUSED):
            what = "there is no socket" if code == errno.ENOENT else "nobody listens"
            return DaemonUnreachable(
                f"{self.path}: {what}: the daemon is not running; start it (`systemctl start lockerd`), "
                "or name its socket with --socket or LOCKER_SOCKET"
            )
        return DaemonUnreachable(f"{self.path}: the connection to the daemon broke ({error}); try again")

    def _read(self, name: str, body: bytes, model: type[Answer]) -> Answer:
        try:
            return model.model_validate_json(body)
        except ValidationError as error:
            raise self._unreadable(name, error) from error

    def _unreadable(self, name: str, error: Exception) -> AnswerUnreadable:
        first = str(error).splitlines()[0][:200]
        return AnswerUnreadable(
            f"{self.path}: the answer to {name!r} is not what this version expects ({first}); "
            "use the program of the daemon's release"
        )


def _refusal(status: int, body: bytes) -> RequestRefused:
    try:
        return RequestRefused(status, ErrorAnswer.model_validate_json(body).error)
    except ValidationError:
        text = body.decode("utf-8", "replace")[:200]
        detail = ErrorDetail(
            reason="refused", detail=f"HTTP {status}: {text}", remedy="read the daemon's log"
        )
        return RequestRefused(status, detail)
