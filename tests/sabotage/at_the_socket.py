"""Safeguards of the local socket and of the process itself."""

from tests.sabotage.twin import Twin

LISTENING = "locker/api/listening.py"

AT_THE_SOCKET = (
    Twin(
        "everybody may connect to the socket",
        LISTENING,
        "SOCKET_MODE = 0o660\n",
        "SOCKET_MODE = 0o666\n",
        ("tests/unit/api/test_socket.py",),
        ("T19",),
    ),
    Twin(
        "a viewer may change things",
        "locker/api/roles.py",
        '        if self.role_of(peer) != "technician":\n',
        '        if self.role_of(peer) == "nobody":\n',
        ("tests/unit/api/test_roles.py",),
        ("T19",),
    ),
    Twin(
        "a change needs no role",
        "locker/api/server.py",
        "                self._technician(request)\n                return await self._act",
        "                return await self._act",
        ("tests/unit/api/test_roles.py",),
        ("T19",),
    ),
    Twin(
        "a living daemon's socket is taken",
        LISTENING,
        "    if refused == errno.ECONNREFUSED:\n        path.unlink(missing_ok=True)\n",
        "    path.unlink(missing_ok=True)\n    if refused == errno.ECONNREFUSED:\n        return\n",
        ("tests/unit/api/test_socket.py",),
        ("F7",),
    ),
    Twin(
        "viewers may take every place",
        "locker/api/connections.py",
        "        return len(viewers) < OF_VIEWERS_MOST and len(same) < OF_ONE_VIEWER_MOST\n",
        "        return True\n",
        ("tests/unit/api/test_crowds.py",),
        ("T19", "F21"),
    ),
    Twin(
        "a slow client's queue grows without end",
        "locker/api/stream.py",
        "        if len(self._waiting) >= self._limit:\n",
        "        if False:\n",
        ("tests/unit/api/test_events.py",),
        ("F21",),
    ),
    Twin(
        "the journal does not tell who had a door opened",
        "locker/domain/flows/doors.py",
        '    return {"user": opening.user, "technician": opening.person, "reason": opening.reason}\n',
        '    return {"technician": opening.person, "reason": opening.reason}\n',
        ("tests/unit/domain/test_maintain.py",),
        ("T19",),
    ),
    Twin(
        "the inbox has no bound",
        "locker/engine.py",
        "asyncio.Queue(INBOX_LIMIT)",
        "asyncio.Queue()",
        ("tests/unit/engine",),
        ("F21",),
    ),
    Twin(
        "the watchdog is fed at the last moment",
        "locker/systemd.py",
        "    return allowed_us / 2_000_000 if",
        "    return allowed_us / 1_000_000 if",
        ("tests/unit/daemon/test_systemd.py",),
        ("F18",),
    ),
)
