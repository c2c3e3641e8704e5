"""One open port on the event loop: serial, 8N1, or TCP. The only file that knows the serial library."""

import asyncio
import contextlib
import errno
import os
import termios
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import serial
from serial.rs485 import RS485Settings

from drivers.errors import (
    DriverError,
    LineBusy,
    LineDown,
    PortForbidden,
    PortInUse,
    PortMissing,
    PortUnusable,
)
from drivers.network import is_network, unconfirmed_bytes
from drivers.turnaround import Rts, TurnAround
from drivers.wirelog import Direction, WireLog

OUTPUT_LIMIT_BYTES = 4096
READ_SIZE_BYTES = 4096
BITS_PER_BYTE = 10  # 8N1: a start bit and a stop bit around eight


@dataclass(frozen=True, slots=True)
class PortSettings:
    """Where the device is, by a path that survives replugging or as tcp://HOST:PORT, and how fast it speaks.

    Behind TCP, `baud_rate` is the speed of the line there: how long a request is under way.
    """

    path: str
    baud_rate: int = 9600
    rts: Rts = "unused"

    @property
    def is_network(self) -> bool:
        """Whether it is reached by TCP."""
        return is_network(self.path)


class OpenPort(Protocol):
    """What a keeper needs of a port that is open; `Port` is the one with a descriptor."""

    @property
    def quiet_at_s(self) -> float:
        """Loop time at which the last byte written has left the wire."""
        ...

    def write(self, data: bytes) -> None:
        """Queue all of `data` or none; never blocks. LineDown, LineBusy: nothing was sent."""
        ...

    def discard_output(self) -> None:
        """Drop every written byte that has not left the machine."""
        ...

    def collect_input(self) -> None:
        """Hand every byte that has arrived to `on_bytes` now."""
        ...

    def close(self) -> None:
        """Give the device back; nothing is told afterwards."""
        ...


class PortOpener(Protocol):
    """Opens ports; a stand in one process may have wires of its own."""

    async def __call__(
        self,
        settings: PortSettings,
        *,
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[str], None],
        wire_log: WireLog | None,
    ) -> OpenPort:
        """Open one; DriverError says why not. `on_lost` is called once, when the device is gone."""
        ...


class Handle(Protocol):
    """Something open with a descriptor that never blocks."""

    def fileno(self) -> int:
        """Give the descriptor."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


def open_serial(settings: PortSettings) -> serial.Serial:
    """Open exclusively and prove the line settings; may block, so it may run in a thread."""
    try:
        handle = serial.Serial(baudrate=settings.baud_rate, exclusive=True, timeout=0)
        if settings.rts == "raised-to-send":
            handle.rts = False  # or opening would raise it, and the converter would hear nothing
        handle.port = settings.path
        handle.open()
    except (OSError, ValueError, OverflowError, termios.error) as problem:
        raise _explained(settings, problem) from problem
    try:
        if settings.rts == "raised-to-send":
            _let_rts_rest(handle, settings)
        _finish_settings(handle, settings)
    except BaseException:
        handle.close()
        raise
    return handle


def turnaround_of(handle: serial.Serial, settings: PortSettings) -> TurnAround | None:
    """Give what must switch RTS for this port; None where nothing need, or the kernel's driver does it."""
    if settings.rts == "unused" or handle.rs485_mode is not None:
        return None
    return TurnAround(handle, BITS_PER_BYTE / settings.baud_rate)


class Port:
    """Carries bytes of an open handle: no threads, no blocking, bounded output.

    `on_lost` is called once, when the device is gone; the port is closed by then.
    """

    def __init__(
        self,
        handle: Handle,
        settings: PortSettings,
        *,
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[str], None],
        wire_log: WireLog | None = None,
        turnaround: TurnAround | None = None,
    ) -> None:
        self._handle = handle
        self._settings = settings
        self._on_bytes = on_bytes
        self._on_lost = on_lost
        self._wire_log = wire_log
        self._turnaround = turnaround
        self._waiting = bytearray()
        self._quiet_at_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._fd: int | None = handle.fileno()
        self._loop.add_reader(self._fd, self._readable)

    @property
    def is_open(self) -> bool:
        """True until closed or lost."""
        return self._fd is not None

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the operating system has not taken yet."""
        return len(self._waiting)

    @property
    def quiet_at_s(self) -> float:
        """Loop time at which the last byte written has left the wire, by its baud rate."""
        behind_s = self._wire_time_s(len(self._waiting))
        return max(self._quiet_at_s, self._loop.time() if behind_s else 0.0) + behind_s

    def write(self, data: bytes) -> None:
        """Queue all of `data` or nothing. LineDown, LineBusy: not a byte went out."""
        if self._fd is None:
            raise LineDown(f"{self._settings.path}: the port is closed")
        if len(self._waiting) + len(data) > OUTPUT_LIMIT_BYTES:
            raise LineBusy(f"{self._settings.path}: {len(self._waiting)} bytes wait to be sent")
        if self._waiting:
            self._waiting += data
            return
        try:
            sent = self._send(self._fd, data)
        except OSError as problem:
            self._lose(_spoken(problem))
            raise LineDown(f"{self._settings.path}: {_spoken(problem)}") from problem
        if sent < len(data):
            self._waiting += data[sent:]
            self._loop.add_writer(self._fd, self._writable)

    def collect_input(self) -> None:
        """Read what has arrived, now, without waiting for the loop to notice."""
        if self._fd is not None:
            self._readable()

    def discard_output(self) -> None:
        """Drop every written byte that has not left the machine."""
        if self._fd is None:
            return
        self._waiting.clear()
        self._loop.remove_writer(self._fd)
        if self._settings.is_network:
            # A connection takes nothing back: ending it is the only way.
            if unconfirmed_bytes(self._fd):
                self._lose("what was sent to it did not arrive")
            return
        with contextlib.suppress(termios.error, OSError):
            termios.tcflush(self._fd, termios.TCOFLUSH)
        if self._turnaround is not None:
            self._turnaround.drop()

    def close(self) -> None:
        """Drop what is unsent and close; `on_lost` is not called."""
        if self._fd is None:
            return
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        if self._turnaround is not None:
            self._turnaround.drop()
        with contextlib.suppress(termios.error, OSError):
            # Closing a real port waits up to 30 s for unsent bytes unless they are dropped first.
            termios.tcflush(self._fd, termios.TCIOFLUSH)
        self._fd = None
        self._waiting.clear()
        with contextlib.suppress(OSError):
            self._handle.close()

    def _readable(self) -> None:
        fd = self._fd
        if fd is None:
            return
        try:
            data = os.read(fd, READ_SIZE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as problem:
            self._lose(_spoken(problem))
            return
        if not data:
            self._lose("the device hung up")
            return
        if self._wire_log is not None:
            self._wire_log.record(Direction.RECEIVED, data, self._loop.time())
        self._on_bytes(data)

    def _writable(self) -> None:
        fd = self._fd
        if fd is None:
            return
        try:
            sent = self._send(fd, bytes(self._waiting))
        except OSError as problem:
            self._lose(_spoken(problem))
            return
        del self._waiting[:sent]
        if not self._waiting:
            self._loop.remove_writer(fd)

    def _send(self, fd: int, data: bytes) -> int:
        if self._turnaround is None:
            return self._send_now(fd, data)
        self._turnaround.before_sending()
        sent = self._send_now(fd, data)
        self._turnaround.after_sending(self._quiet_at_s, lambda: len(self._waiting))
        return sent

    def _send_now(self, fd: int, data: bytes) -> int:
        try:
            sent = os.write(fd, data)
        except (BlockingIOError, InterruptedError):
            return 0
        if sent:
            now_s = self._loop.time()
            self._quiet_at_s = max(self._quiet_at_s, now_s) + self._wire_time_s(sent)
            if self._wire_log is not None:
                self._wire_log.record(Direction.SENT, data[:sent], now_s)
        return sent

    def _wire_time_s(self, size_bytes: int) -> float:
        return size_bytes * BITS_PER_BYTE / self._settings.baud_rate

    def _lose(self, reason: str) -> None:
        if self._fd is None:
            return
        self.close()
        self._on_lost(reason)


def _let_rts_rest(handle: serial.Serial, settings: PortSettings) -> None:
    """Let the device's driver switch RTS where it can (TIOCSRS485), else prove that we can."""
    try:
        handle.rs485_mode = RS485Settings(rts_level_for_tx=True, rts_level_for_rx=False)
    except (OSError, ValueError, termios.error):
        handle.rs485_mode = None
    else:
        return
    try:
        handle.rts = False
    except OSError as problem:
        raise PortUnusable(f'{settings.path}: the device has no RTS line; set rts = "unused"') from problem


def _finish_settings(handle: serial.Serial, settings: PortSettings) -> None:
    """Set what the library leaves open, then read everything back.

    A field client got no answer on any port because the speed had never reached the tty
    (hardware notes, section 0): so trust only what the tty itself says.
    """
    try:
        wanted = termios.tcgetattr(handle.fileno())
        wanted[0] &= ~termios.BRKINT  # a break on the wire must not flush good bytes
        wanted[6][termios.VMIN] = 1  # so that an empty line reads EAGAIN and only a lost one 0
        termios.tcsetattr(handle.fileno(), termios.TCSANOW, wanted)
        iflag, _, cflag, lflag, input_speed, output_speed, _ = termios.tcgetattr(handle.fileno())
    except (termios.error, OSError) as problem:
        raise _explained(settings, problem) from problem
    speed = getattr(termios, f"B{settings.baud_rate}", None)
    if speed is None:
        raise PortUnusable(f"{settings.path}: {settings.baud_rate} is no standard baud rate")
    if (input_speed, output_speed) != (speed, speed):
        raise PortUnusable(f"{settings.path}: the device did not take {settings.baud_rate} baud")
    is_8n1 = cflag & (termios.CSIZE | termios.PARENB | termios.CSTOPB) == termios.CS8
    is_raw = not lflag & (termios.ICANON | termios.ECHO) and not iflag & termios.ICRNL
    if not (is_8n1 and is_raw):
        raise PortUnusable(f"{settings.path}: the device did not take raw 8N1")


def _explained(settings: PortSettings, problem: Exception) -> DriverError:
    code = _errno_of(problem)
    if code in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO):
        return PortMissing(f"{settings.path}: no device there; plug it in or correct the path")
    if code in (errno.EACCES, errno.EPERM):
        return PortForbidden(f"{settings.path}: access denied; put the daemon's user into the device's group")
    if code in (errno.EAGAIN, errno.EBUSY):
        return PortInUse(f"{settings.path}: another process holds the port; stop it")
    return PortUnusable(f"{settings.path}: not usable as a serial port: {problem}")


def _errno_of(problem: Exception) -> int | None:
    if isinstance(problem, OSError) and problem.errno is not None:
        return problem.errno
    first = problem.args[0] if problem.args else None
    return first if isinstance(first, int) else None


def _spoken(problem: OSError) -> str:
    return os.strerror(problem.errno) if problem.errno else str(problem)
