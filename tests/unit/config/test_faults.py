"""Every mistake in a configuration: its place, the reason and the remedy are told."""

from pathlib import Path

import pytest

from locker.config import load
from locker.errors import ExitCode, WrongConfiguration
from tests.unit.config.sample import SAMPLE, SCANNER, faults_of, only_fault_of, write

SEVEN = '[[compartments]] "7"'

# what is replaced, by what; where the fault is, a part of the reason, a part of the remedy
MISTAKES = {
    "typo-in-key": ("channel = 7", "chanel = 7", f"{SEVEN} chanel", "no `chanel`", "`channel`"),
    "typo-in-table": ("[automat]", "[automatt]", "[automatt]", "no `automatt`", "`automat`"),
    "typo-in-list": ("[[displays]]", "[[display]]", "[[display]]", "no `display`", "`displays`"),
    "unlike-any-key": ("channel = 7", "channel = 7\nzzz = 1", f"{SEVEN} zzz", "no `zzz`", "channel"),
    "missing-port": ('port = "locks.tty"', "", '[[lines]] "locks" port', "`port` is missing", "add `port = "),
    "missing-label": ('label = "7"\n', "", "[[compartments]] no. 2 label", "missing", "add `label = "),
    "missing-table": (
        '[paths]\ndatabase = "automat.db"\nkeys = "keys"\nsocket = "lockerd.sock"\n',
        "",
        "[paths]",
        "`paths` is missing",
        "[paths] with database, keys, socket",
    ),
    "text-for-number": ("channel = 7", 'channel = "7"', f"{SEVEN} channel", "whole number", "channel = 7"),
    "fraction": ("channel = 7", "channel = 7.5", f"{SEVEN} channel", "whole number", "whole number"),
    "truth-for-number": ("channel = 7", "channel = true", f"{SEVEN} channel", "whole number", "whole"),
    "number-for-text": ('label = "7"', "label = 7", "[[compartments]] no. 2 label", "text", 'label = "7"'),
    "number-for-truth": ("channel = 7", "channel = 7\naccessible = 1", f"{SEVEN} accessible", "true", "true"),
    "one-bracket": ("[[displays]]", "[displays]", "[displays]", "list", "[[displays]]"),
    "two-brackets": ("[automat]", "[[automat]]", "[[automat]]", "table", "[automat]"),
    "channel-zero": ("channel = 7", "channel = 0", f"{SEVEN} channel", "too small", "1"),
    "unknown-language": (
        "[paths]",
        'languages = ["fi", "se"]\n[paths]',
        "[automat] languages, item 2",
        '"se" is not known',
        "sv",
    ),
    "language-twice": (
        "[paths]",
        'languages = ["fi", "fi"]\n[paths]',
        "[automat] languages",
        "twice",
        "once",
    ),
    "unknown-family": ('"xor-bcc"', '"xor-bbc"', '[[boards]] "A" family', "not known", '"xor-bcc"'),
    "unknown-keypad-family": ('"serial-ascii"', '"usb"', '[[keypads]] "front" family', "not known", "serial"),
    "unknown-board": (
        'board = "A"\nchannel = 7',
        'board = "B"\nchannel = 7',
        f"{SEVEN} board",
        '"B"',
        '"A"',
    ),
    "unknown-line": ('line = "locks"', 'line = "lcoks"', '[[boards]] "A" line', '"lcoks"', '"locks"'),
    "unknown-display": (
        'display = "front"',
        'display = "back"',
        '[[keypads]] "front" display',
        "back",
        "front",
    ),
    "bound-to-nothing": (
        'display = "front"',
        'bound_to = "9"',
        '[[keypads]] "front" bound_to',
        '"9"',
        '"7"',
    ),
    "every-keypad-bound": (
        'display = "front"',
        'display = "front"\nbound_to = "7"',
        "[[keypads]] bound_to",
        "couriers",
        "without `bound_to`",
    ),
    "two-on-one-channel": ("channel = 7", "channel = 1", f"{SEVEN} channel", '[[compartments]] "1"', "own"),
    "channel-beyond-board": ("channel = 7", "channel = 25", f"{SEVEN} channel", "24 channels", "1 to 24"),
    "goods-on-a-lock": (
        "channel = 7",
        "channel = 7\ngoods_channel = 1",
        f"{SEVEN} goods_channel",
        '[[compartments]] "1"',
        "own channel",
    ),
    "goods-beyond-board": (
        "channel = 7",
        "channel = 7\ngoods_channel = 30",
        f"{SEVEN} goods_channel",
        "24 channels",
        "1 to 24",
    ),
    "label-twice": (
        'label = "7"',
        'label = "1"',
        '[[compartments]] "1" label',
        "no. 1 and no. 2",
        "own label",
    ),
    "port-twice": (
        '"display-front.tty"',
        '"./keypad-front.tty"',
        '[[displays]] "front" port',
        '[[keypads]] "front"',
        "own port",
    ),
    "plain-to-the-world": (
        '"127.0.0.1"',
        '"mqtt.example.org"',
        "[uplink] host",
        "not be encrypted",
        "ca_file",
    ),
    "half-a-certificate": (
        "port = 1883",
        'port = 1883\nca_file = "ca.pem"\nkey_file = "k.pem"',
        "[uplink] certificate_file",
        "missing",
        "all of",
    ),
    "steered-without-file": (
        "[paths]",
        '[clock]\nsource = "steered"\n[paths]',
        "[clock] file",
        "needs its file",
        "file =",
    ),
    "file-without-steering": (
        "[paths]",
        '[clock]\nfile = "x"\n[paths]',
        "[clock] file",
        "no file",
        "steered",
    ),
    "guard-before-alarm": (
        "[paths]",
        "[rules]\nmisses_guard = 5\n[paths]",
        "[rules] misses_alarm",
        "10",
        "most",
    ),
    "reminder-after-alarm": (
        "[paths]",
        "[rules]\nleft_open_alarm_s = 10\n[paths]",
        "[rules] left_open_reminder_s",
        "10 s",
        "shorter",
    ),
    "reminder-before-storage": (
        "[paths]",
        "[rules]\nstorage_days = 2\n[paths]",
        "[rules] reminder_days",
        "2",
        "below",
    ),
    "endless": ("[paths]", "[rules]\nopen_wait_s = inf\n[paths]", "[rules] open_wait_s", "finite", "finite"),
    "no-wait": (
        "[paths]",
        "[rules]\nopen_wait_s = 0\n[paths]",
        "[rules] open_wait_s",
        "too small",
        "more than 0",
    ),
    "one-file-for-two": ('"lockerd.sock"', '"automat.db"', "[paths] socket", "`database` too", "own path"),
    "no-path": ('"lockerd.sock"', '""', "[paths] socket", "names no file", "leave"),
    "unshowable-name": ('"Kauppatori 1"', '"Kauppatori ☃"', "[automat] name", "☃", "leave"),
    "space-in-id": ('"test-1"', '"test/1"', "[automat] id", "cannot be used", "letters"),
    "unknown-zone": (
        "[paths]",
        'time_zone = "Europe/Helsinky"\n[paths]',
        "[automat] time_zone",
        "no time zone",
        "Europe/Helsinki",
    ),
}


@pytest.mark.parametrize(("old", "new", "where", "what", "remedy"), MISTAKES.values(), ids=MISTAKES.keys())
def test_one_mistake_is_one_fault(
    tmp_path: Path, old: str, new: str, where: str, what: str, remedy: str
) -> None:
    assert old in SAMPLE
    text = SAMPLE.replace(old, new, 1)
    if old == "[[displays]]":  # the keypad would rightly miss its display
        text = text.replace('display = "front"\n', "")
    fault = only_fault_of(tmp_path, text)
    assert fault.where == where
    assert what in fault.what
    assert remedy in fault.remedy


# as above, in the sample with a scanner
SCANNER_MISTAKES = {
    "no-such-keypad": ('keypad = "front"', 'keypad = "fornt"', "keypad", '"fornt"', '"front"'),
    "no-keypad": ('keypad = "front"\n', "", "keypad", "`keypad` is missing", "[[keypads]]"),
    "port-of-another": ('"scanner-front.tty"', '"locks.tty"', "port", '[[lines]] "locks"', "own port"),
    "unknown-family": ('family = "text"', 'family = "txet"', "family", "not known", '"text"'),
    "unknown-terminator": (
        'family = "text"',
        'family = "text"\nterminator = "cr"',
        "terminator",
        "not known",
        "line-end",
    ),
    "no-ascii": ('family = "text"', 'family = "text"\nprefix = "Ä"', "prefix", "cannot be used", "ASCII"),
    "long-prefix": (
        'family = "text"',
        f'family = "text"\nprefix = "{"x" * 17}"',
        "prefix",
        "too long",
        "at most 16",
    ),
    "odd-speed": ('family = "text"', 'family = "text"\nbaud = 9601', "baud", "not known", "9600"),
    "typo": ('family = "text"', 'family = "text"\naimid = true', "aimid", "no `aimid`", "`aim_id`"),
}


@pytest.mark.parametrize(
    ("old", "new", "key", "what", "remedy"), SCANNER_MISTAKES.values(), ids=SCANNER_MISTAKES.keys()
)
def test_one_mistake_about_a_scanner_is_one_fault(
    tmp_path: Path, old: str, new: str, key: str, what: str, remedy: str
) -> None:
    assert old in SCANNER
    fault = only_fault_of(tmp_path, SAMPLE + SCANNER.replace(old, new))
    assert fault.where == f'[[scanners]] "front" {key}'
    assert what in fault.what
    assert remedy in fault.remedy


def test_two_scanners_of_one_name(tmp_path: Path) -> None:
    second = SCANNER.replace("scanner-front.tty", "other.tty")
    fault = only_fault_of(tmp_path, SAMPLE + SCANNER + second)
    assert fault.where == '[[scanners]] "front" id'


@pytest.mark.parametrize(
    ("tones", "where", "what", "remedy"),
    [
        ('{ wrong = "bell  bell" }', "tones wrong", "cannot be used", "up to five times"),
        ('{ wrong = "" }', "tones wrong", "cannot be used", '"none"'),
        ('{ wrong = "horn" }', "tones wrong", '"horn" cannot be used', '"bell"'),
        ('{ wrong = "bell bell bell bell bell bell" }', "tones wrong", "cannot be used", "five"),
        ('{ wrnog = "bell" }', "tones wrnog", "no `wrnog`", "`wrong`"),
        ("{ wrong = 2 }", "tones wrong", "text in quotes", "quotes"),
        ('"bell"', "tones", "must be a table", "a table"),
    ],
)
def test_a_wrong_tone_is_one_fault(tmp_path: Path, tones: str, where: str, what: str, remedy: str) -> None:
    text = SAMPLE.replace('display = "front"', f'display = "front"\ntones = {tones}')
    fault = only_fault_of(tmp_path, text)
    assert fault.where == f'[[keypads]] "front" {where}'
    assert what in fault.what
    assert remedy in fault.remedy


def test_a_keypad_without_display_has_no_bell(tmp_path: Path) -> None:
    text = SAMPLE.replace('display = "front"', 'tones = { key = "none", right = "bell" }')
    fault = only_fault_of(tmp_path, text)
    assert fault.where == '[[keypads]] "front" tones right'
    assert "this keypad has none" in fault.what


def test_address_twice_on_a_line(tmp_path: Path) -> None:
    second = '[[boards]]\nid = "B"\nline = "locks"\nfamily = "xor-bcc"\naddress = 1\nchannels = 8\n'
    fault = only_fault_of(tmp_path, SAMPLE + second)
    assert fault.where == '[[boards]] "B" address'
    assert '[[boards]] "A"' in fault.what


@pytest.mark.parametrize(
    ("second", "remedy"),
    [
        ('family = "winnsen"\naddress = 21\nchannels = 15\nunprotected = true\n', "another line"),
        ('family = "modbus-relay"\naddress = 144\nchannels = 8\n', "another address"),
    ],
)
def test_boards_that_might_obey_one_another_share_no_line(tmp_path: Path, second: str, remedy: str) -> None:
    fault = only_fault_of(tmp_path, SAMPLE + '[[boards]]\nid = "B"\nline = "locks"\n' + second)
    assert fault.where == '[[boards]] "B" line'
    assert '[[boards]] "A" might take its frames for orders' in fault.what
    assert remedy in fault.remedy
    apart = '[[lines]]\nid = "more"\nport = "more.tty"\n[[boards]]\nid = "B"\nline = "more"\n' + second
    load(write(tmp_path, SAMPLE + apart), {})


def test_other_boards_may_share_a_line(tmp_path: Path) -> None:
    second = '[[boards]]\nid = "B"\nline = "locks"\nfamily = "modbus-relay"\naddress = 143\nchannels = 8\n'
    load(write(tmp_path, SAMPLE + second), {})


def test_two_doors_with_keypads_of_their_own_still_need_one_for_everybody(tmp_path: Path) -> None:
    bound = SAMPLE.replace('display = "front"', 'display = "front"\nbound_to = "7"', 1)
    second = '[[keypads]]\nid = "one"\nport = "one.tty"\nfamily = "serial-ascii"\n'
    fault = only_fault_of(tmp_path, bound + second + 'bound_to = "1"\n')
    assert fault.where == "[[keypads]] bound_to"
    assert "technicians" in fault.what
    load(write(tmp_path, bound + second), {})


def test_empty_cabinet(tmp_path: Path) -> None:
    fault = only_fault_of(tmp_path, SAMPLE[: SAMPLE.index("[[compartments]]")])
    assert fault.where == "[[compartments]]"
    assert "no door" in fault.what


def test_everything_is_reported_at_once(tmp_path: Path) -> None:
    text = (
        SAMPLE.replace('name = "Kauppatori 1"', 'nmae = "Kauppatori 1"')
        .replace('port = "locks.tty"', "")
        .replace("channel = 7", "channel = 70")
        .replace('display = "front"', 'display = "bakc"')
    )
    assert [fault.where for fault in faults_of(tmp_path, text)] == [
        "[automat] nmae",
        '[[lines]] "locks" port',
        '[[keypads]] "front" display',
        f"{SEVEN} channel",
    ]


def test_a_wrong_table_causes_no_faults_elsewhere(tmp_path: Path) -> None:
    fault = only_fault_of(tmp_path, SAMPLE.replace("address = 1", 'address = "one"'))
    assert fault.where == '[[boards]] "A" address'


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"[automat\n", "line 1"),
        (b"\xff\xfe", "UTF-8"),
        (b'x = "' + b"a" * 5_000_000 + b'"', "larger"),
        (b"x = " + b"[" * 100_000, "nested"),
        (b"", "`automat` is missing"),
    ],
    ids=["no-toml", "no-utf8", "too-large", "too-deep", "empty"],
)
def test_what_is_no_configuration_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    file = tmp_path / "lockerd.toml"
    file.write_bytes(content)
    with pytest.raises(WrongConfiguration) as caught:
        load(file, {})
    assert what in str(caught.value)


def test_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match="No such file") as caught:
        load(tmp_path / "none.toml", {})
    assert caught.value.exit_code is ExitCode.CONFIGURATION
