"""`lockerd run` in a process that ends itself with SIGKILL at a named step; else it is the real daemon.

Started as a module it is a nursery: Python and the libraries are loaded once, and each daemon is a fork of
that. One line of JSON asks for one daemon, lines of JSON tell its process id and its end.
"""

import asyncio
import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import sqlite3
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import locker.daemon  # noqa: F401  (a daemon imports it when it begins)
from locker import cli, systemd
from locker.api.server import ApiServer
from locker.db.inspection import Inspection
from locker.db.session import Database
from locker.db.statements import compile_statements
from locker.domain.automat import Decision
from locker.domain.events import Event
from locker.domain.intents import Intent, TryLock, Unlock
from locker.domain.journal import SealedEntry
from locker.engine import Engine, Watcher
from locker.hardware.translation import LockerHardware
from locker.safe_mode import OutOfOrder
from locker.starts import Starts
from locker.sync.connection import Connection
from simulator.tied import PR_SET_PDEATHSIG
from tests.crash.saboteurs import SABOTEURS
from tests.crash.steps import SHOWN_AFTER_S, Doom, Point, Step, Watch


def serve() -> None:
    """Be a nursery until nobody asks any more: input and output are whoever asks."""
    _Nursery().serve()


def warm_up() -> None:
    """Have what each daemon would load or work out anew."""
    sqlite3.connect(":memory:").close()
    compile_statements()
    gc.freeze()  # what all forks share is not looked through, and copied, in each of them


def install(watch: Watch) -> None:
    """Put the watch at every named step of this process."""
    deed = _Deed()
    _watch_engine(watch, deed)
    _watch_commits(watch, deed)
    _watch_start(watch)
    _watch_link(watch)
    _watch_safe_mode(watch)


class _Deed:
    """The decision that is under way; there is one engine, with one task."""

    def __init__(self) -> None:
        self.kinds: tuple[str, ...] = ()
        self.event = ""
        self.unlocks = False

    def begin(self, event: Event) -> None:
        """Another event is decided."""
        self.kinds, self.event, self.unlocks = (), f"~{type(event).__name__}", False


def _watch_engine(watch: Watch, deed: _Deed) -> None:
    take, start, follow = Engine.take, Engine._start, Engine.watch

    async def taking(self: Engine, event: Event) -> Decision:
        deed.begin(event)
        decision = await take(self, event)
        kinds = deed.kinds
        if kinds:
            watch.reach(kinds, Point.TOLD)
            asyncio.get_running_loop().call_later(SHOWN_AFTER_S, watch.reach, kinds, Point.SHOWN)
        return decision

    def starting(self: Engine, intent: Intent) -> None:
        start(self, intent)
        deed.unlocks = deed.unlocks or isinstance(intent, Unlock | TryLock)
        watch.reach(deed.kinds, Point.INTENDED)

    def sent(_decision: Decision, _entries: Sequence[SealedEntry]) -> None:
        if deed.unlocks:
            watch.reach(deed.kinds, Point.SENT)

    def following(self: Engine, watcher: Watcher) -> None:
        if sent not in self._watchers:
            follow(self, sent)
        follow(self, watcher)

    Engine.take = taking  # type: ignore[method-assign]  # this process is there to be watched
    Engine._start = starting  # type: ignore[method-assign]  # as above
    Engine.watch = following  # type: ignore[method-assign]  # as above


def _watch_commits(watch: Watch, deed: _Deed) -> None:
    commit = Database.commit

    def committing(self: Database, changes: Any, entries: Sequence[SealedEntry], seen: Any = None) -> None:
        deed.kinds = tuple(entry.kind for entry in entries) or (deed.event,)
        watch.reach(deed.kinds, Point.BEFORE_COMMIT)

        def writing(statement: str) -> None:
            if statement == "COMMIT":
                watch.reach(deed.kinds, Point.IN_COMMIT)

        driver = self._driver
        driver.set_trace_callback(writing)
        try:
            commit(self, changes, entries, seen)
        finally:
            driver.set_trace_callback(None)
        watch.reach(deed.kinds, Point.COMMITTED)

    Database.commit = committing  # type: ignore[method-assign]  # this process is there to be watched


def _watch_start(watch: Watch) -> None:
    opening, reading, listening, notify = Database.open, LockerHardware.start, ApiServer.start, systemd.notify

    def opened(*given: Any, **named: Any) -> Database:
        watch.reach(["~start database"], Point.BEFORE)
        database = opening(*given, **named)
        watch.reach(["~start database"], Point.AFTER)
        return database

    async def read(self: LockerHardware) -> Any:
        watch.reach(["~start hardware"], Point.BEFORE)
        doors = await reading(self)
        watch.reach(["~start hardware"], Point.AFTER)
        return doors

    async def listened(self: ApiServer) -> None:
        watch.reach(["~start socket"], Point.BEFORE)
        await listening(self)
        watch.reach(["~start socket"], Point.AFTER)

    def told(state: str, environ: Mapping[str, str] = os.environ) -> bool:
        known = {"READY=1": "~start ready", "STOPPING=1": "~stop"}.get(state)
        if known is not None:
            watch.reach([known], Point.BEFORE)
        answer = notify(state, environ)
        if known is not None:
            watch.reach([known], Point.AFTER)
        return answer

    Database.open = opened  # type: ignore[method-assign]  # this process is there to be watched
    LockerHardware.start = read  # type: ignore[method-assign]  # as above
    ApiServer.start = listened  # type: ignore[method-assign]  # as above
    systemd.notify = told


def _watch_link(watch: Watch) -> None:
    publish, acknowledge = Connection.publish_event, Connection.acknowledge

    async def published(self: Connection, topic: str, payload: bytes) -> None:
        watch.reach(["~link entry sent"], Point.BEFORE)
        await publish(self, topic, payload)
        watch.reach(["~link entry sent"], Point.AFTER)

    def acknowledged(self: Connection, message: Any) -> None:
        kind = f"~link {str(message.topic).rpartition('/')[2]} acknowledged"
        watch.reach([kind], Point.BEFORE)
        acknowledge(self, message)
        watch.reach([kind], Point.AFTER)

    Connection.publish_event = published  # type: ignore[method-assign]  # this process is there to be watched
    Connection.acknowledge = acknowledged  # type: ignore[method-assign]  # as above


def _watch_safe_mode(watch: Watch) -> None:
    enter, leave, tell = Starts.enter, Starts.leave, Starts.told
    head, begin = Inspection.head, OutOfOrder.start

    def entered(self: Starts, cause: str, detail: str) -> None:
        watch.reach(["~safe-mode entered"], Point.BEFORE)
        enter(self, cause, detail)
        watch.reach(["~safe-mode entered"], Point.AFTER)

    def left(self: Starts, ended: str, **named: Any) -> None:
        watch.reach(["~safe-mode left"], Point.BEFORE)
        leave(self, ended, **named)
        watch.reach(["~safe-mode left"], Point.AFTER)

    def told(self: Starts) -> None:
        kinds = [] if self.episode is None else ["~safe-mode told"]
        watch.reach(kinds, Point.BEFORE)
        tell(self)
        watch.reach(kinds, Point.AFTER)

    def read(self: Inspection) -> Any:
        watch.reach(["~safe-mode read"], Point.BEFORE)
        try:
            return head(self)
        finally:
            watch.reach(["~safe-mode read"], Point.AFTER)

    async def begun(self: OutOfOrder) -> None:
        watch.reach(["~safe-mode ready"], Point.BEFORE)
        await begin(self)
        watch.reach(["~safe-mode ready"], Point.AFTER)

    Starts.enter = entered  # type: ignore[method-assign]  # this process is there to be watched
    Starts.leave = left  # type: ignore[method-assign]  # as above
    Starts.told = told  # type: ignore[method-assign]  # as above
    Inspection.head = read  # type: ignore[method-assign]  # as above
    OutOfOrder.start = begun  # type: ignore[method-assign]  # as above


def run(asked: dict[str, Any]) -> int:
    """Run one daemon in this process, as it was asked for; its exit code."""
    for name in asked.get("sabotage", []):
        SABOTEURS[name].apply()
    doom = None if asked.get("doom") is None else Doom.from_json(asked["doom"])
    passed = _recorder(asked.get("passed"))
    if doom is not None or passed is not None:
        armed = Path(asked["armed"])
        install(Watch(doom, _die, passed, armed.exists))
    return cli.main(["run", "--config", asked["configuration"]])


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _recorder(file: str | None) -> Callable[[Step], None] | None:
    if file is None:
        return None
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return lambda step: void(os.write(opened, f"{step}\n".encode()))


def void(_: object) -> None:
    """Give nothing back."""


class _Nursery:
    def __init__(self) -> None:
        self._choose = selectors.DefaultSelector()
        self._wake, woken = socket.socketpair()
        for end in (self._wake, woken):
            end.setblocking(False)
        self._woken = woken
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(woken.fileno())
        self._choose.register(0, selectors.EVENT_READ)
        self._choose.register(self._wake, selectors.EVENT_READ)
        self._library = ctypes.CDLL(None)
        self._rest = b""

    def serve(self) -> None:
        """Fork whatever is asked for until nobody asks any more."""
        _tell({"ready": True})
        while True:
            for key, _ in self._choose.select():
                if key.fd == 0:
                    if not self._hear():
                        return
                else:
                    self._wake.recv(4096)
            self._reap()

    def _hear(self) -> bool:
        heard = os.read(0, 65536)
        *lines, self._rest = (self._rest + heard).split(b"\n")
        for line in lines:
            self._fork(json.loads(line))
        return bool(heard)

    def _fork(self, asked: dict[str, Any]) -> None:
        pid = os.fork()
        if pid:
            _tell({"started": pid, "number": asked["number"]})
            return
        code = 1
        try:
            self._become(asked)
            code = run(asked)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:  # noqa: BLE001 - a fork may not come back into the nursery's loop
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _become(self, asked: dict[str, Any]) -> None:
        self._library.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._choose.close()
        self._wake.close()
        self._woken.close()
        os.setpgid(0, 0)
        log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.close(log)
        os.close(nothing)
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.chdir(Path(asked["configuration"]).parent)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            _tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _tell(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    warm_up()
    serve()
