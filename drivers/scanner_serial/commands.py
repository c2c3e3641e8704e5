"""Host commands that other makers' text scanners obey, pure; the driver itself sends none of them.

Sources are in PROTOCOL.md beside this file.
"""

from drivers.errors import CallerMistake

TRIGGER_ON = b"\x16T\r"
TRIGGER_OFF = b"\x16U\r"
ENABLE = b"E"
DISABLE = b"D"
LONGEST_SETTING = 32

_SETTING_HEAD = b"#@"
_END = b"\r"


def encode_setting(text: str) -> bytes:
    """Spell a CipherLab setting: `#@`, its text, CR; "...." leaves the settings again."""
    if not is_setting(text):
        raise CallerMistake(f"a setting has 1 to {LONGEST_SETTING} printable characters of ASCII")
    return _SETTING_HEAD + text.encode("ascii") + _END


def is_setting(text: str) -> bool:
    """Tell whether a text may stand in a setting."""
    return 1 <= len(text) <= LONGEST_SETTING and text.isascii() and text.isprintable()
