"""`locker-tui --serve`: the screens in a browser, at the far end of an SSH tunnel and nowhere else.

textual-serve alone asks nobody who he is and listens on a TCP port, where every user of this computer, and
every page in the technician's browser, could act as whoever started it. So here it

- listens on a Unix socket that only its own user may open (sshd opens it as that user);
- answers only below a path that nobody can guess, made anew for each run;
- answers only to the names of the tunnel's near end (a foreign name that resolves to it is refused), and lets
  a websocket begin only from a page of its own;
- lets its pages load nothing from anywhere else;
- ends with the terminal in which it was started.
"""

import asyncio
import os
import secrets
import shlex
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiohttp import web
from textual_serve.server import Server

from locker.errors import OperatorError

SHUTDOWN_LIMIT_S = 1.0
KEY_BYTES = 16

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CannotServe(OperatorError):  # noqa: N818 - the name says what is the case
    """The screens may not be served there."""


class TunnelServer(Server):
    """Serves a command at the near end of a tunnel, below a secret path."""

    def __init__(self, command: Sequence[str], *, port: int, key: str | None = None) -> None:
        """Run `command` for each page; `port` is that of the technician's own computer."""
        super().__init__(shlex.join(command), port=port, title="locker-tui")
        self.public_url = f"http://localhost:{port}"
        self._hosts = {f"localhost:{port}", f"127.0.0.1:{port}"}
        self._key = key or secrets.token_urlsafe(KEY_BYTES)

    @property
    def address(self) -> str:
        """What to open in the browser."""
        return f"{self.public_url}/{self._key}/"

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: whoever started it says where it is."""

    async def guarded_app(self) -> web.Application:
        """Make the application that answers nobody but the tunnel's own browser."""
        app = web.Application(middlewares=[self._guard])
        app.add_subapp(f"/{self._key}", await self._make_app())
        app.on_response_prepare.append(self._confine)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Host", "") not in self._hosts:
            raise web.HTTPForbidden(text=f"This is reached by a tunnel as {self.public_url} only.\n")
        origin = request.headers.get("Origin")
        is_websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        if (is_websocket or origin is not None) and origin not in {f"http://{host}" for host in self._hosts}:
            raise web.HTTPForbidden(text="Another page may not use this one.\n")
        return await handler(request)

    async def _confine(self, _request: web.Request, response: web.StreamResponse) -> None:
        hosts = " ".join(f"ws://{host} http://{host}" for host in sorted(self._hosts))
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'unsafe-inline' {hosts}; style-src 'unsafe-inline' {hosts}; "
            f"font-src {hosts}; img-src data: {hosts}; connect-src {hosts}; frame-ancestors 'none'; "
            "base-uri 'none'; form-action 'none'"
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"


def run(path: Path, arguments: Sequence[str], *, port: int) -> int:
    """Serve locker-tui with these arguments until a signal comes; return the exit code."""
    command = [sys.executable, "-m", "tui.cli", *arguments]
    return asyncio.run(_run(path, TunnelServer(command, port=port)))


async def _run(path: Path, server: TunnelServer) -> int:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(each, ended.set)
    async with serving(path, server):
        print(f"Open {server.address} in the browser. Ctrl-C ends it.", flush=True)  # noqa: T201 - a person reads it
        await ended.wait()
    return 0


@asynccontextmanager
async def serving(path: Path, server: TunnelServer) -> AsyncIterator[None]:
    """Serve on a Unix socket of this user alone; CannotServe if the place is not safe, or in use."""
    listening = listen(path)
    inode = _inode_of(path)
    # What the pages run must not outlive them for long, whatever a browser does.
    runner = web.AppRunner(
        await server.guarded_app(), handle_signals=False, shutdown_timeout=SHUTDOWN_LIMIT_S, access_log=None
    )
    try:
        await runner.setup()
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()
        listening.close()
        _remove(path, inode)


def listen(path: Path) -> socket.socket:
    """Return a listening socket for this user alone; CannotServe if others may change its directory."""
    try:
        directory = path.parent.stat()
    except OSError as error:
        raise CannotServe(
            f"{path.parent}: {error.strerror}; name a socket in a directory of your own"
        ) from error
    if directory.st_uid != os.geteuid() or directory.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CannotServe(
            f"{path.parent}: others may change this directory; name a socket in a directory of your own, "
            "as /run/user/1000"
        )
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        _clear(path)
        before = os.umask(0o177)
        try:
            made.bind(os.fspath(path))
        finally:
            os.umask(before)
        made.listen()
    except OSError as error:
        made.close()
        raise CannotServe(f"{path}: {error.strerror or error}; name another socket") from error
    except BaseException:
        made.close()
        raise
    return made


def _inode_of(path: Path) -> int:
    return path.lstat().st_ino


def _remove(path: Path, inode: int) -> None:
    """Remove the socket file, if it is still the one that was made here."""
    with suppress(FileNotFoundError):
        if _inode_of(path) == inode:
            path.unlink()


def _clear(path: Path) -> None:
    """Remove the socket of a process that is gone; CannotServe if it is used, or no socket at all."""
    if not path.exists():
        return
    if not path.is_socket():
        raise CannotServe(f"{path}: this is no socket; name another place")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.setblocking(False)  # one that was stopped takes nobody in, and must not keep us waiting
        try:
            knock.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:
            pass
    raise CannotServe(f"{path}: the screens are served there already; end that, or name another socket")
