"""How to reach the back office's broker; checked before anything connects."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from locker.sync.messages import Topics
from locker.sync.outbox import OutboxRules

Protocol = Literal["5", "3.1.1"]


class LinkSettingsError(ValueError):
    """The settings of the link cannot be used; says which and what to do."""


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: who may be the broker, and who we are to it."""

    ca_file: Path
    certificate_file: Path | None = None
    key_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Load the files; LinkSettingsError names the one that cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise LinkSettingsError(f"the broker's CA file {self.ca_file} cannot be read: {error}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = _ClosedIfRefused
        if self.certificate_file is not None:
            try:
                context.load_cert_chain(self.certificate_file, self.key_file, password=self._no_password)
            except (OSError, ssl.SSLError) as error:
                raise LinkSettingsError(
                    f"the client certificate {self.certificate_file} cannot be used"
                    f" with the key {self.key_file}: {error}"
                ) from error
        return context

    def _no_password(self) -> str:
        # without this OpenSSL would ask for one at the terminal, and a daemon would wait for ever
        raise LinkSettingsError(
            f"the key {self.key_file} has a password: give one without, readable by the daemon alone"
        )


class _ClosedIfRefused(ssl.SSLSocket):
    """A socket that its handshake closes where it fails: the library leaves that to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001  # the standard library's signature
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """One automat's connection. `command_key`: the back office's; without it commands come unsigned."""

    automat_id: str
    host: str
    port: int
    protocol: Protocol = "5"
    tls: Tls | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    command_key: Ed25519PublicKey | None = None
    version: str = ""
    first_connect_within_s: float = 5.0  # spread, so that a fleet does not come back at once
    retry_first_s: float = 0.5
    retry_most_s: float = 30.0
    connect_limit_s: float = 5.0
    answer_limit_s: float = (
        600.0  # to take one message: the largest, 1 MiB, over the slowest of mobile networks
    )
    keepalive_s: int = 20
    session_expiry_s: int = 30 * 86_400  # as long as a command may live
    state_every_s: float = 1.0
    acknowledge_every_s: float = 0.2
    in_flight: int = 20
    batch: int = 500  # entries read ahead at a time
    outbox: OutboxRules = field(default_factory=OutboxRules)

    def __post_init__(self) -> None:
        """Refuse what would be unsafe or could never work."""
        try:
            Topics.of(self.automat_id)
        except ValueError as error:
            raise LinkSettingsError(str(error)) from error
        if self.tls is None and not is_loopback(self.host):
            raise LinkSettingsError(
                f"the broker {self.host}:{self.port} is not on this machine and no TLS is set:"
                " give the broker's CA file, or use a loopback address"
            )

    @property
    def client_id(self) -> str:
        """The name under which the broker keeps our session."""
        return f"automat-{self.automat_id}"


def is_loopback(host: str) -> bool:
    """Tell whether a host is surely this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
