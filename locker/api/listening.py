"""The socket file: bound with its mode, never stolen from a living daemon; and who is at the other end."""

import asyncio
import errno
import os
import pwd
import socket
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

from locker.errors import OperatorError

SOCKET_MODE = 0o660
BACKLOG = 64
CREDENTIALS = struct.Struct("3i")
"""struct ucred of unix(7): process, user, group."""
SO_PEERGROUPS = 59
"""asm-generic/socket.h since Linux 4.13; the standard library has no name for it."""
GROUPS_MOST = 256
"""As many as the standard library has room for (1,024 bytes)."""
GROUP = struct.Struct("I")


class SocketRefused(OperatorError):  # noqa: N818 - the name says what is the case
    """The socket cannot be had at this path; nothing was changed there."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a connection, as the kernel knows it."""

    process_id: int
    user_id: int
    group_id: int
    groups: frozenset[int] = frozenset()
    """Supplementary ones as they were when it connected."""

    @property
    def user(self) -> str:
        """Name the user, with the number that the kernel knows."""
        try:
            name = pwd.getpwuid(self.user_id).pw_name
        except KeyError:
            name = "user"
        return f"{name} ({self.user_id})"

    def __str__(self) -> str:
        """Name it for the log."""
        return f"process {self.process_id}, user {self.user_id}, group {self.group_id}"


def listen(path: Path) -> socket.socket:
    """Bind and listen; replaces a socket that nobody listens to any more, and nothing else."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _make_room(path)
        listener.setblocking(False)
        # The file gets the mode of the unbound socket, less the umask: never wider, not for a moment.
        os.fchmod(listener.fileno(), SOCKET_MODE)
        listener.bind(os.fspath(path))
        path.chmod(SOCKET_MODE)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(path, error) from error
    except SocketRefused:
        listener.close()
        raise
    return listener


def forget(path: Path, listener_inode: int) -> None:
    """Remove the socket file if it is still the one that was bound."""
    try:
        if path.lstat().st_ino == listener_inode:
            path.unlink()
    except FileNotFoundError:
        pass


def peer_of(transport: asyncio.BaseTransport | None) -> Peer | None:
    """Ask the kernel who opened a connection; None if it is gone."""
    connection = None if transport is None else transport.get_extra_info("socket")
    if connection is None:
        return None
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        process_id, user_id, group_id = CREDENTIALS.unpack(raw)
        return Peer(process_id, user_id, group_id, _groups_of(connection))
    except OSError:
        return None


def _groups_of(connection: socket.socket) -> frozenset[int]:
    """Ask for the supplementary groups; of too many, or by a kernel too old, none is known."""
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, GROUPS_MOST * GROUP.size)
    except OSError as error:
        if error.errno in (errno.ENOPROTOOPT, errno.ERANGE):
            return frozenset()
        raise
    return frozenset(group for (group,) in GROUP.iter_unpack(raw))


def _make_room(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise SocketRefused(
            f"{path}: something that is no socket stands here; move it away or choose another path"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        refused = probe.connect_ex(os.fspath(path))
    if refused == errno.ECONNREFUSED:
        path.unlink(missing_ok=True)
    elif refused != errno.ENOENT:
        raise SocketRefused(
            f"{path}: another process listens here ({os.strerror(refused) if refused else 'it answers'}); "
            "stop it first, or choose another path"
        )


def _refused(path: Path, error: OSError) -> SocketRefused:
    remedy = "choose a path in a directory that exists and that this user may write"
    if isinstance(error, FileNotFoundError):
        remedy = f"make the directory {path.parent}, or let systemd make it (RuntimeDirectory=)"
    elif "too long" in str(error):
        remedy = "choose a path of at most 107 bytes: unix(7) allows no more"
    return SocketRefused(f"{path}: no socket can be made here ({error.strerror or error}); {remedy}")
