"""What can go wrong on a wire, sorted by who must act.

DriverError
|-- TryAgain             time heals it: the caller may ask again later
|   |-- LineDown         the port is not open; the frame was surely not sent
|   |   `-- PortMissing  no device at the path (unplugged, not yet there)
|   |-- LineBusy         too much is waiting already; the frame was surely not sent
|   `-- NoAnswer         the frame went out, no valid answer came in time
|       |-- Garbled      something came, but no sound frame
|       |-- LineLost     the port was lost before the answer
|       `-- Refused      the device answered that it will not
|-- CallTechnician       it stays until a person changes something on the machine
|   |-- PortForbidden    the operating system denies access to the device
|   |-- PortInUse        another process holds the device
|   `-- PortUnusable     not a serial device, or it does not accept the line settings
`-- CallerMistake        we asked for what the device cannot have (also a ValueError)

`kind` is the word under which an error is counted and shown.
"""

from typing import ClassVar


class DriverError(Exception):
    """Root of everything a driver raises on purpose."""

    kind: ClassVar[str] = "failed"


class TryAgain(DriverError):  # noqa: N818 - the name says who must act
    """Nothing needs repair by hand; a later attempt may succeed."""


class LineDown(TryAgain):
    """The port is not open; not one byte of the frame was sent."""

    kind = "line-down"


class PortMissing(LineDown):
    """No device exists at the configured path."""

    kind = "port-missing"


class LineBusy(TryAgain):
    """A bounded buffer is full; not one byte of the frame was sent."""

    kind = "line-busy"


class NoAnswer(TryAgain):
    """The frame was sent, at least in part, and no valid answer came in time."""

    kind = "no-answer"


class Garbled(NoAnswer):
    """Bytes came in time, none of which were a sound frame: noise, a wrong speed, two boards at once."""

    kind = "garbled"


class LineLost(NoAnswer):
    """The port was lost after the frame was sent and before its answer came."""

    kind = "line-lost"


class Refused(NoAnswer):
    """The device answered that it will not do it."""

    kind = "refused"


class CallTechnician(DriverError):  # noqa: N818 - the name says who must act
    """Only a change on the machine helps: permissions, cabling, configuration."""


class PortForbidden(CallTechnician):
    """The operating system denies access to the device."""

    kind = "port-forbidden"


class PortInUse(CallTechnician):
    """Another process holds the device."""

    kind = "port-in-use"


class PortUnusable(CallTechnician):
    """The device is no serial port or did not take the line settings."""

    kind = "port-unusable"


class CallerMistake(DriverError, ValueError):  # noqa: N818 - the name says who must act
    """A value that the protocol or the board cannot carry."""
