"""Ports behind a TCP connection: base units that hand every byte through, as KR-BU does at port 5000."""

import asyncio
import errno
import fcntl
import ipaddress
import os
import re
import socket
import struct
import termios

from drivers.errors import CallerMistake, DriverError, PortForbidden, PortMissing, PortUnusable

SCHEME = "tcp://"
CONNECT_LIMIT_S = 2.0
UNHEARD_LIMIT_MS = 3000
"""A connection whose bytes nobody confirms for so long has gone."""

_FORM = re.compile(
    r"tcp://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):(?P<port>\d{1,5})"
)


def is_network(path: str) -> bool:
    """Whether this is the address of a base unit, not the path of a device."""
    return path.startswith(SCHEME)


def host_and_port(address: str) -> tuple[str, int]:
    """Take `tcp://HOST:PORT` apart; CallerMistake if it is none."""
    form = _FORM.fullmatch(address)
    if form is None or not 1 <= int(form["port"]) <= 65_535:
        raise CallerMistake(f"{address} is no tcp://HOST:PORT")
    return form["host"].strip("[]"), int(form["port"])


async def open_network(address: str) -> socket.socket:
    """Connect without blocking the loop, for 2 s at most; closing it drops what was not sent."""
    host, port = host_and_port(address)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            family, target = await _resolved(host, port)
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.setblocking(False)
                await loop.sock_connect(connection, target)
                _set_up(connection)
            except BaseException:
                connection.close()
                raise
    except TimeoutError:
        raise PortMissing(_nobody(address, "no answer")) from None
    except OSError as problem:
        raise _explained(address, problem) from problem
    return connection


def unconfirmed_bytes(descriptor: int) -> int:
    """How many bytes the other end has not confirmed yet."""
    answer = fcntl.ioctl(descriptor, termios.TIOCOUTQ, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


async def _resolved(host: str, port: int) -> tuple[int, tuple[object, ...]]:
    try:
        family = socket.AF_INET if ipaddress.ip_address(host).version == 4 else socket.AF_INET6
    except ValueError:
        # A name: only then does the loop ask in a thread.
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return found[0][0], found[0][4]
    return family, (host, port)


def _set_up(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_LIMIT_MS)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # A request that is still here when the connection ends must not arrive later, on its own.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _explained(address: str, problem: OSError) -> DriverError:
    if isinstance(problem, socket.gaierror):
        return PortMissing(f"{address}: the name is not known; use the unit's number, or correct the name")
    if problem.errno in (errno.EACCES, errno.EPERM):
        return PortForbidden(
            f"{address}: this machine does not let the daemon out there; look at its firewall"
        )
    if problem.errno in (errno.EAFNOSUPPORT, errno.EINVAL, errno.EADDRNOTAVAIL):
        return PortUnusable(f"{address}: no address that this machine can reach; correct it")
    return PortMissing(_nobody(address, os.strerror(problem.errno or errno.EIO)))


def _nobody(address: str, why: str) -> str:
    return f"{address}: no base unit there ({why}); look at its power, its cable and its address"
