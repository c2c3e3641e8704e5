"""The host halves as the golden frames see them: neutral descriptions to request bytes, reply bytes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from drivers.cd5220 import codec as cd5220
from drivers.errors import CallerMistake
from drivers.keypad_serial import codec as keypad
from drivers.scanner_serial import codec as scanner
from drivers.xor_bcc import codec as xor_bcc
from tests.vectors.host import kerong, matrix_orbital, modbus_relay, scanner_commands, winnsen, wkly

Description = tuple[Any, ...]


@dataclass(frozen=True)
class HostFamily:
    """None means refused: nothing that this half would ask, or not one whole, valid reply."""

    encode_request: Callable[[Description], bytes | None]
    understand_reply: Callable[[bytes], Description | None]
    has_checksum: bool


def _asked_of_lock_board(description: Description) -> bytes | None:
    match description:
        case ("unlock", int(address), int(channel), int(parameter), int() | None as seconds):
            return xor_bcc.encode_unlock(address, channel, parameter=parameter, seconds=seconds)
        case ("unlock-all", int(address), int(one), int(other)):
            return xor_bcc.encode_unlock_all(address, (one, other))
        case ("unlock-many", int(address), bytes(bitmap)):
            return xor_bcc.encode_unlock_many(address, bitmap)
        case ("read", int(address), int(channel)):
            return xor_bcc.encode_read(address, channel)
        case ("hold", int(address), int(channel), bool(on)):
            return xor_bcc.encode_hold(address, channel, on=on)
        case ("auto-report", int(address), bool(on)):
            return xor_bcc.encode_auto_report(address, on=on)
        case ("firmware", int(address)):
            return xor_bcc.encode_firmware(address)
        case ("unique-id", int(address)):
            return xor_bcc.encode_unique_id(address)
        case ("unlock-time", int(address), int(channel), int(seconds)):
            return xor_bcc.encode_unlock_time(address, channel, seconds)
    return None


def _understood_of_lock_board(data: bytes) -> Description | None:
    match xor_bcc.parse_reply(data):
        case xor_bcc.BlockReply(address, states, xor_bcc.READ):
            return ("contacts", address, states)
        case xor_bcc.BlockReply(address, states):
            return ("unlocked-all", address, states)
        case xor_bcc.ShortReply(xor_bcc.VERSION, address, 0, value):
            return ("firmware", address, value)
        case xor_bcc.ShortReply(head, address, channel, status):
            names = {
                xor_bcc.UNLOCK: "unlocked",
                xor_bcc.READ: "contact",
                xor_bcc.HOLD_ON: "held-on",
                xor_bcc.HOLD_OFF: "held-off",
            }
            if head in xor_bcc.REPORTS:
                return ("report", address, channel, status, head)
            return (names[head], address, channel, status)
    return None


def _asked_of_keypad(description: Description) -> bytes | None:
    match description:
        case ("presence",):
            return keypad.encode_presence()
        case ("enable",) | ("disable",):
            return keypad.encode_enable(on=description == ("enable",))
        case ("command", "N", int(digits)):
            return keypad.encode_collect_limit(digits)
        case ("command", "N"):
            # Published tables print ESC N without the number that follows it.
            return keypad.encode_collect_limit(0)[:-1]
        case ("command", str(letter)):
            return keypad.encode_command(letter)
    return _all_of(_asked_of_keypad, description)


def _understood_of_keypad(data: bytes) -> Description | None:
    if keypad.is_presence_reply(data):
        return ("present",)
    buffered = data[:1] == bytes((keypad.STX,))
    keys = keypad.KeyDecoder(keypad.DEFAULT_KEYS, buffered=buffered).feed(data)
    if buffered:
        digits = "".join(key.value for key in keys[1:-1])
        return ("collected", digits) if len(digits) == len(data) - 2 else None
    return ("keys", *(key.name for key in keys)) if len(keys) == len(data) > 0 else None


_DISPLAY_COMMANDS: Mapping[Description, bytes] = {
    ("initialise",): cd5220.INITIALISE,
    ("clear",): cd5220.CLEAR,
    ("clear-line",): cd5220.CLEAR_LINE,
    ("home",): cd5220.HOME,
    ("bell",): cd5220.BELL,
    ("overwrite",): cd5220.OVERWRITE,
    ("vertical-scroll",): cd5220.VERTICAL_SCROLL,
    ("horizontal-scroll",): cd5220.HORIZONTAL_SCROLL,
    ("up",): cd5220.CURSOR_UP,
    ("down",): cd5220.CURSOR_DOWN,
    ("left",): cd5220.CURSOR_LEFT,
    ("right",): cd5220.CURSOR_RIGHT,
    ("top-left",): cd5220.CURSOR_TOP_LEFT,
    ("backspace",): cd5220.BACKSPACE,
    ("tab",): cd5220.TAB,
    ("line-feed",): cd5220.LINE_FEED,
    ("carriage-return",): cd5220.CARRIAGE_RETURN,
    ("us-overwrite",): cd5220.US_OVERWRITE,
    ("us-vertical-scroll",): cd5220.US_VERTICAL_SCROLL,
    ("us-horizontal-scroll",): cd5220.US_HORIZONTAL_SCROLL,
    ("us-up",): cd5220.US_CURSOR_UP,
    ("us-line-end",): cd5220.US_CURSOR_LINE_END,
    ("bottom",): cd5220.CURSOR_BOTTOM,
    ("line-start",): cd5220.CURSOR_LINE_START,
    ("line-end",): cd5220.CURSOR_LINE_END,
}
_DISPLAY_SETTINGS = {
    "brightness": cd5220.BRIGHTNESS,
    "cursor": cd5220.CURSOR_SHOWN,
    "font": cd5220.FONT,
    "code-page": cd5220.CODE_PAGE,
}
_DISPLAY_STRINGS = {
    "upper": cd5220.UPPER_LINE,
    "lower": cd5220.LOWER_LINE,
    "marquee": cd5220.RUNNING_LINE,
}


def _asked_of_display(description: Description) -> bytes | None:
    match description:
        case ("text", str(text)):
            return cd5220.encode_text(text)
        case ("upper" | "lower" | "marquee" as line, str(text)):
            return cd5220.encode_string(_DISPLAY_STRINGS[line], cd5220.encode_text(text))
        case ("brightness" | "cursor" | "font" | "code-page" as setting, int(value)):
            return cd5220.encode_setting(_DISPLAY_SETTINGS[setting], value)
        case ("place", int(column), int(row)):
            return cd5220.encode_place(column, row)
    known = _DISPLAY_COMMANDS.get(description)
    return known if known is not None else _all_of(_asked_of_display, description)


def _asked_of_scanner(description: Description) -> bytes | None:
    match description:
        case ("command", int(kind), int(address), bytes(data), bool(checked)):
            return scanner.encode_command(kind, address, data, checked=checked)
    return None


def _understood_of_scanner(data: bytes) -> Description | None:
    acknowledged = scanner.parse_acknowledgement(data)
    if acknowledged is not None:
        return ("acknowledged", acknowledged)
    decoder = scanner.LabelDecoder()
    match decoder.feed(data):
        case [scanner.Label(text)] if data == text.encode("ascii") + b"\r":
            return ("label", text)
    return None


def _all_of(encode: Callable[[Description], bytes | None], descriptions: Description) -> bytes | None:
    """Several commands in one entry, or None where one of them is not known."""
    if not descriptions or not all(isinstance(one, tuple) for one in descriptions):
        return None
    pieces = [encode(one) for one in descriptions]
    return None if None in pieces else b"".join(piece for piece in pieces if piece)


def _refusing(
    encode: Callable[[Description], bytes | None],
) -> Callable[[Description], bytes | None]:
    def safe(description: Description) -> bytes | None:
        try:
            return encode(description)
        except CallerMistake:
            return None

    return safe


HOST_FAMILIES: dict[str, HostFamily] = {
    "xor-bcc-8a": HostFamily(_refusing(_asked_of_lock_board), _understood_of_lock_board, has_checksum=True),
    "kerong-cu16": HostFamily(kerong.asked_cu16, kerong.understood_cu16, has_checksum=True),
    "kerong-cu48": HostFamily(kerong.asked_cu48, kerong.understood_cu48, has_checksum=True),
    "modbus-relay": HostFamily(modbus_relay.asked, modbus_relay.understood, has_checksum=True),
    "wkly": HostFamily(_refusing(wkly.asked), wkly.understood, has_checksum=True),
    "winnsen-90": HostFamily(_refusing(winnsen.asked), winnsen.understood, has_checksum=False),
    "keypad-serial": HostFamily(_refusing(_asked_of_keypad), _understood_of_keypad, has_checksum=False),
    # A command may be sent unchecked, and a label always is.
    "scanner-gm65": HostFamily(_refusing(_asked_of_scanner), _understood_of_scanner, has_checksum=False),
    "display-cd5220": HostFamily(_refusing(_asked_of_display), lambda _: None, has_checksum=False),
    "display-matrix-orbital": HostFamily(matrix_orbital.asked, lambda _: None, has_checksum=False),
    "scanner-host-commands": HostFamily(scanner_commands.asked, lambda _: None, has_checksum=False),
}
