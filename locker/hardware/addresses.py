"""Where a line of lock boards may be: a serial device, or a base unit behind TCP."""

from drivers.network import host_and_port, is_network

__all__ = ["is_network", "usable_line_port"]


def usable_line_port(port: str) -> str:
    """Return the path of a device or tcp://HOST:PORT; ValueError otherwise."""
    if is_network(port):
        try:
            host_and_port(port)
        except ValueError:
            raise ValueError(
                "write a base unit as tcp://HOST:PORT, for example tcp://192.168.1.20:5000"
            ) from None
    elif "://" in port or port.lower().startswith(("tcp:", "tcp/")):
        raise ValueError("write the path of a serial device, or tcp://HOST:PORT")
    elif port in ("", ".") or "\0" in port:
        raise ValueError("it names no device")
    return port
