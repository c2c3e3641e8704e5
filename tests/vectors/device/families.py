"""The device halves as golden frames see them: request bytes to descriptions, descriptions to reply bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.boards import xor_bcc
from simulator.displays.cd5220 import DisplayCommand, DisplayParser
from simulator.keypads.serial_ascii import DEFAULT_KEYS, PRESENT, CommandParser, KeypadCommand, collected
from simulator.scanners import serial_text as scanner
from tests.vectors.device import kerong, matrix_orbital, modbus_relay, scanner_commands, winnsen, wkly

Description = tuple[Any, ...]
_KEY_NAMES = {"CLEAR": "C"}


@dataclass(frozen=True)
class DeviceFamily:
    """None means refused: not one whole, valid frame of this family, or nothing that it would ever say."""

    understand_request: Callable[[bytes], Description | None]
    encode_reply: Callable[[Description], bytes | None]


def _understood_by_lock_board(data: bytes) -> Description | None:
    for state_bytes in (3, 4, 7):
        parser = xor_bcc.RequestFinder(state_bytes)
        found = parser.feed(data)
        # A valid frame is one request and nothing besides: no skipped byte, no rest.
        if len(found) == 1 and not parser.pending and parser.skipped == 0:
            return _described(found[0])
    return None


def _described(request: xor_bcc.Request) -> Description:
    match request:
        case xor_bcc.Unlock(address, channel, parameter, seconds):
            return ("unlock", address, channel, parameter, seconds)
        case xor_bcc.Read(address, channel):
            return ("read", address, channel)
        case xor_bcc.UnlockMany(address, bitmap):
            return ("unlock-many", address, bitmap)
        case xor_bcc.Hold(address, channel, energised):
            return ("hold", address, channel, energised)
        case xor_bcc.UnlockAll(address, parameters):
            return ("unlock-all", address, *parameters)
        case xor_bcc.AutoReport(address, wanted):
            return ("auto-report", address, wanted)
        case xor_bcc.Firmware(address):
            return ("firmware", address)
        case xor_bcc.UniqueId(address):
            return ("unique-id", address)
        case xor_bcc.UnlockTime(address, channel, seconds):
            return ("unlock-time", address, channel, seconds)


def _said_by_lock_board(description: Description) -> bytes | None:
    match description:
        case ("unlocked", int(address), int(channel), int(status)):
            return xor_bcc.encode_unlocked(address, channel, status)
        case ("contact", int(address), int(channel), int(status)):
            return xor_bcc.encode_contact(address, channel, status)
        case ("contacts", int(address), bytes(states)):
            return xor_bcc.encode_contacts(address, states)
        case ("unlocked-all", int(address), bytes(states)):
            return xor_bcc.encode_unlocked_all(address, states)
        case ("held-on" | "held-off" as how, int(address), int(channel), int(status)):
            return xor_bcc.encode_held(address, channel, status, energised=how == "held-on")
        case ("report", int(address), int(channel), int(status), int(head)):
            return xor_bcc.encode_report(address, channel, status, head=head)
        case ("firmware", int(address), int(value)):
            return xor_bcc.encode_firmware(address, value)
    return None


def _understood_by_keypad(data: bytes) -> Description | None:
    parser = CommandParser()
    found = parser.feed(data)
    if parser.awaits_digits:
        found.append(KeypadCommand("N"))
    elif parser.incomplete:
        return None
    described = tuple(_keypad_command(command) for command in found)
    if len(described) == 1 and len(found[0].what) > 1:
        return described[0]
    return described or None


def _keypad_command(command: KeypadCommand) -> Description:
    if len(command.what) > 1:
        return (command.what,)
    return ("command", command.what) if command.digits is None else ("command", "N", command.digits)


def _said_by_keypad(description: Description) -> bytes | None:
    match description:
        case ("present",) | (("present",),):
            return PRESENT
        case ("collected", str(digits)):
            return collected(digits.encode("ascii"))
        case ("keys", *names):
            return bytes(DEFAULT_KEYS[_KEY_NAMES.get(name, name.removeprefix("D"))] for name in names)
    return None


def _understood_by_display(data: bytes) -> Description | None:
    parser = DisplayParser()
    found = parser.feed(data)
    if parser.incomplete or parser.unknown or not found:
        return None
    if all(command.what == "text" for command in found):
        return ("text", "".join(command.text for command in found))
    described = tuple(_display_command(command) for command in found)
    return described[0] if len(described) == 1 else described


def _display_command(command: DisplayCommand) -> Description:
    match command.what:
        case "brightness" | "cursor" | "font" | "code-page":
            return (command.what, command.number)
        case "text" | "upper" | "lower" | "marquee":
            return (command.what, command.text)
        case "place":
            return ("place", command.column, command.row)
    return (command.what,)


def _understood_by_scanner(data: bytes) -> Description | None:
    parser = scanner.CommandParser()
    found = parser.feed(data)
    if len(found) != 1 or parser.incomplete or parser.skipped:
        return None
    return ("command", found[0].kind, found[0].address, found[0].data, found[0].checked)


def _said_by_scanner(description: Description) -> bytes | None:
    match description:
        case ("acknowledged", bytes(data)):
            return scanner.acknowledgement(data)
        case ("label", str(text)):
            return scanner.label(text)
    return None


def _says_nothing(_: Description) -> bytes | None:
    return None


DEVICE_FAMILIES: dict[str, DeviceFamily] = {
    "xor-bcc-8a": DeviceFamily(_understood_by_lock_board, _said_by_lock_board),
    "kerong-cu16": DeviceFamily(kerong.understood_cu16, kerong.said_cu16),
    "kerong-cu48": DeviceFamily(kerong.understood_cu48, kerong.said_cu48),
    "modbus-relay": DeviceFamily(modbus_relay.understood, modbus_relay.said),
    "wkly": DeviceFamily(wkly.understood, wkly.said),
    "winnsen-90": DeviceFamily(winnsen.understood, winnsen.said),
    "keypad-serial": DeviceFamily(_understood_by_keypad, _said_by_keypad),
    "scanner-gm65": DeviceFamily(_understood_by_scanner, _said_by_scanner),
    "display-cd5220": DeviceFamily(_understood_by_display, _says_nothing),
    "display-matrix-orbital": DeviceFamily(matrix_orbital.understood, _says_nothing),
    "scanner-host-commands": DeviceFamily(scanner_commands.understood, _says_nothing),
}
