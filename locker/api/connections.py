"""Who may be connected at once: whoever may only look never takes the last place.

A connection costs a descriptor, and the daemon needs those for its database, its lines and its broker.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import cast
from weakref import WeakKeyDictionary

from locker.api.listening import Peer, peer_of
from locker.api.roles import Roles
from locker.api.schema import ErrorAnswer, ErrorDetail

CONNECTIONS_MOST = 128
OF_VIEWERS_MOST = 64
OF_ONE_VIEWER_MOST = 32

PeerOf = Callable[[asyncio.BaseTransport], Peer | None]

log = logging.getLogger(__name__)


class Connections:
    """Lets processes in, or turns them away with the reason; remembers who is at the other end."""

    def __init__(
        self, roles: Roles, protocol: Callable[[], asyncio.BaseProtocol], who: PeerOf = peer_of
    ) -> None:
        """Hand whoever is let in to a new `protocol`; `who` tells who that is."""
        self._roles = roles
        self._who = who
        self._protocol = protocol
        self._peers = WeakKeyDictionary[asyncio.BaseTransport, Peer | None]()

    def __call__(self) -> asyncio.BaseProtocol:
        """Make what judges one connection."""
        return _Threshold(self)

    def peer_of(self, transport: asyncio.BaseTransport | None) -> Peer | None:
        """Tell who is at the other end; None if nobody knows."""
        return None if transport is None else self._peers.get(transport)

    def begin(self, transport: asyncio.Transport) -> None:
        """Let a new connection in, or end it."""
        peer = self._who(transport)
        if not self._has_room_for(peer):
            log.warning(
                "connection from %s turned away: too many are open", peer or "a process that has gone"
            )
            transport.write(_turned_away())
            transport.close()
            return
        self._peers[transport] = peer
        protocol = self._protocol()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

    def _has_room_for(self, peer: Peer | None) -> bool:
        # One that is closing keeps its descriptor until what was written to it has been read.
        here = [who for transport, who in self._peers.items() if _has_descriptor(transport)]
        if len(here) >= CONNECTIONS_MOST:
            return False
        if not self._only_looks(peer):
            return True
        viewers = [who for who in here if self._only_looks(who)]
        same = [who for who in viewers if who and peer and who.user_id == peer.user_id]
        return len(viewers) < OF_VIEWERS_MOST and len(same) < OF_ONE_VIEWER_MOST

    def _only_looks(self, peer: Peer | None) -> bool:
        return peer is None or self._roles.role_of(peer) == "viewer"


class _Threshold(asyncio.Protocol):
    """What a connection meets first."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connections.begin(cast("asyncio.Transport", transport))


def _has_descriptor(transport: asyncio.BaseTransport) -> bool:
    connection = transport.get_extra_info("socket")
    return connection is not None and connection.fileno() >= 0


def _turned_away() -> bytes:
    error = ErrorDetail(
        reason="too-many-connections",
        detail="too many connections are open at the socket",
        remedy="end what asks the daemon there, then try again",
    )
    body = ErrorAnswer(error=error).model_dump_json().encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
