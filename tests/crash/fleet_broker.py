"""A real mosquitto with the configuration of `docs/broker`, its places moved to a test's own."""

import os
import ssl
from pathlib import Path
from typing import Self

import aiomqtt

from simulator.broker import Broker, BrokerError, _free_port, find
from tests.crash.certificates import Authority, Identity

SHIPPED = Path(__file__).parents[2] / "docs" / "broker"
BACK_OFFICE = "backoffice"


class FleetBroker(Broker):
    """Use `open`; `stop` it in the end."""

    shown: Identity
    fleet: Authority

    @classmethod
    async def open(cls, directory: Path, fleet: Authority, shown: Identity) -> Self:
        """Start one that shows this certificate and asks for those of this authority."""
        program = find("mosquitto")
        if program is None:
            raise BrokerError("install mosquitto")
        broker = cls("mosquitto", program, directory, _free_port(), ())
        broker.shown, broker.fleet = shown, fleet
        await broker._run()
        return broker

    def client(
        self, identity: Identity | None, *, client_id: str | None = None, v5: bool = True, limit_s: float = 5
    ) -> aiomqtt.Client:
        """Make a client of this broker with a certificate of its own."""
        tls = ssl.create_default_context(cafile=self.fleet.certificate)
        if identity is not None:
            tls.load_cert_chain(identity.certificate, identity.key)
        return aiomqtt.Client(
            "localhost",
            self.port,
            identifier=client_id,
            protocol=aiomqtt.ProtocolVersion.V5 if v5 else aiomqtt.ProtocolVersion.V311,
            tls_context=tls,
            timeout=limit_s,
        )

    def _mosquitto(self) -> list[str]:
        moved = {
            "listener 8883": f"listener {self.port} {self.host}",
            "/etc/mosquitto/certs/fleet-ca.pem": str(self.fleet.certificate),
            "/etc/mosquitto/certs/broker.pem": str(self.shown.certificate),
            "/etc/mosquitto/certs/broker.key": str(self.shown.key),
            "/etc/mosquitto/fleet.acl": str(SHIPPED / "fleet.acl"),
            "/var/lib/mosquitto/": f"{self._storage}/",
        }
        text = (SHIPPED / "mosquitto.conf").read_text(encoding="utf-8")
        for there, here in moved.items():
            if there not in text:
                raise BrokerError(f"{SHIPPED / 'mosquitto.conf'} says nothing of {there}")
            text = text.replace(there, here)
        if os.geteuid() == 0:
            text += "user root\n"  # else it gives up the right to the test's own files
        file = self.directory / "mosquitto.conf"
        file.write_text(text, encoding="utf-8")
        return ["-c", str(file)]

    async def _speaks(self) -> bool:
        return True  # it asks for a certificate first; that it accepts is enough
