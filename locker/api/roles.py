"""Who may do what: whoever can open the socket may look; who may change something is a matter of a group."""

import grp
import logging
import os

from locker.api.listening import Peer
from locker.api.refusals import Refused
from locker.api.schema import Role

log = logging.getLogger(__name__)


class Roles:
    """Tells the role of a peer: root, the daemon's own user and a group's members are technicians."""

    def __init__(self, technicians: str | None = None) -> None:
        """Look up the group of the technicians, if any."""
        self._name = technicians
        self._group: int | None = None
        if technicians is not None:
            try:
                self._group = grp.getgrnam(technicians).gr_gid
            except KeyError:
                log.warning(
                    "there is no group %s: only root and this user may change anything at the socket",
                    technicians,
                )

    def role_of(self, peer: Peer) -> Role:
        """Tell the role of whoever asks."""
        trusted = peer.user_id in (0, os.geteuid())
        if trusted or (self._group is not None and self._group in (peer.group_id, *peer.groups)):
            return "technician"
        return "viewer"

    def demand_technician(self, peer: Peer | None) -> Peer:
        """Return the peer; Refused if it may not change anything, or nobody knows who it is."""
        if peer is None:
            raise Refused(403, "unknown-peer", "the kernel does not say who asks", "connect again")
        if self.role_of(peer) != "technician":
            group = f"join the group {self._name}" if self._name else "run as the daemon's user"
            raise Refused(403, "viewer", f"{peer.user} may look and not change anything", group)
        return peer
