"""The WKLY board's host half as golden frames see it."""

from typing import Any

from drivers.wkly import codec

Description = tuple[Any, ...]

_ONE_CHANNEL = {
    "unlock": codec.encode_unlock,
    "read": codec.encode_read,
    "flash": codec.encode_flash,
}
_NAMES = {
    codec.UNLOCK_TOGETHER: "unlocked-together",
    codec.FLASH: "flashed",
    codec.UNLOCK: "unlocked",
    codec.READ: "contact",
    codec.READ_ALL: "contacts",
    codec.REPORT: "report",
    codec.UNLOCK_ALL: "unlocked-all",
    codec.UNLOCK_IN_TURN: "unlocked-in-turn",
    codec.HOLD_ON: "held-on",
    codec.HOLD_OFF: "held-off",
}


def asked(description: Description) -> bytes | None:
    """The bytes of a request."""
    match description:
        case ("unlock" | "read" | "flash" as what, int(address), int(channel)):
            return _ONE_CHANNEL[what](address, channel)
        case ("hold", int(address), int(channel), bool(on)):
            return codec.encode_hold(address, channel, on=on)
        case ("unlock-several", int(address), bytes(channels), bool(together)):
            return codec.encode_unlock_several(address, channels, together=together)
        case ("unlock-all", int(address)):
            return codec.encode_unlock_all(address)
        case ("read-all", int(address)):
            return codec.encode_read_all(address)
        case ("other", int(address), int(command), bytes(data)):
            return codec.encode(address, command, data)
    return None


def understood(data: bytes) -> Description | None:
    """What a reply says; one under the other header says so in front."""
    reply = codec.parse_reply(data, alternate_header=True)
    if reply is None:
        return None
    said = _described(reply)
    return ("alternate", *said) if reply.alternate else said


def _described(reply: codec.Reply) -> Description:
    name = _NAMES.get(reply.command)
    if name is None:
        return ("other", reply.address, reply.command, reply.data)
    if name == "contacts" and len(reply.data) > 1:
        return (name, reply.address, reply.result, reply.states)
    return (name, reply.address, *reply.data)
