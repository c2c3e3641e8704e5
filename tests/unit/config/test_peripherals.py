"""What keypads, displays and scanners can be set to, and what a wrong setting is told."""

from pathlib import Path

import pytest

from locker.cli import main
from locker.config import load
from locker.errors import ExitCode, WrongConfiguration
from tests.unit.config.sample import SAMPLE, faults_of, only_fault_of, write

KEYPAD = 'family = "serial-ascii"\n'
DISPLAY = 'family = "cd5220"\n'
MATRIX_ORBITAL = SAMPLE.replace(DISPLAY, 'family = "matrix-orbital"\ncharacter_set = "a02"\n')


EVDEV = SAMPLE.replace(KEYPAD, 'family = "evdev"\nkeys = { KEY_KPSLASH = "ok" }\n')


def with_keypad(line: str, text: str = SAMPLE) -> str:
    return text.replace(KEYPAD, KEYPAD + line + "\n")


def test_the_keys_of_a_keypad_are_read(tmp_path: Path) -> None:
    (keypad,) = load(write(tmp_path, with_keypad('keys = { "2A" = "ok", "1B" = "clear" }'))).keypads
    assert keypad.family_settings()["keys"] == {"2A": "ok", "1B": "clear"}
    (plain,) = load(write(tmp_path)).keypads
    assert plain.family_settings()["keys"] == {}


@pytest.mark.parametrize(
    ("line", "where", "what"),
    [
        ('keys = { "2A" = "enter" }', "", 'keys: "enter" is no key'),
        ('keys = { "star" = "ok" }', "", 'keys: "star" is no byte'),
        ('keys = { "0D" = "none", "23" = "none" }', "", "no byte is left for ok"),
        ('keys = "2A"', " keys", "must be a table in braces"),
        ('keys = { "2A" = 5 }', " keys 2A", "must be a text in quotes"),
        ("checksum = true", "", "only whole entries have one"),
    ],
)
def test_a_wrong_map_is_one_fault_that_says_what_is_wrong(
    tmp_path: Path, line: str, where: str, what: str
) -> None:
    fault = only_fault_of(tmp_path, with_keypad(line))
    assert fault.where == f'[[keypads]] "front"{where}'
    assert what in fault.what


def test_a_display_of_the_second_family_is_read(tmp_path: Path) -> None:
    (display,) = load(write(tmp_path, MATRIX_ORBITAL)).displays
    assert (display.family, display.family_settings()["character_set"]) == ("matrix-orbital", "a02")


def test_a_key_of_one_family_is_unknown_in_the_other(tmp_path: Path) -> None:
    fault = only_fault_of(tmp_path, SAMPLE.replace(DISPLAY, DISPLAY + 'character_set = "a02"\n'))
    assert (fault.where, fault.what) == (
        '[[displays]] "front" character_set',
        "there is no `character_set` here",
    )


@pytest.mark.parametrize("text", [MATRIX_ORBITAL, SAMPLE.replace(DISPLAY, DISPLAY + "has_bell = false\n")])
def test_a_tone_needs_a_display_with_a_bell(tmp_path: Path, text: str) -> None:
    assert load(write(tmp_path, text)).keypads
    assert load(write(tmp_path, with_keypad('tones = { wrong = "none" }', text))).keypads
    fault = only_fault_of(tmp_path, with_keypad('tones = { wrong = "bell" }', text))
    assert fault.where == '[[keypads]] "front" tones wrong'
    assert fault.what == 'the bell is that of a display, and display "front" has no bell'


def test_a_display_that_is_wrong_itself_is_not_said_to_be_mute_too(tmp_path: Path) -> None:
    text = SAMPLE.replace(DISPLAY, 'family = "cd5221"\n')
    (fault,) = faults_of(tmp_path, with_keypad('tones = { wrong = "bell" }', text))
    assert fault.where == '[[displays]] "front" family'


def test_a_usb_pad_is_read_and_its_map_is_checked(tmp_path: Path) -> None:
    (keypad,) = load(write(tmp_path, EVDEV)).keypads
    assert keypad.family_settings() == {"held_s": 10.0, "keys": {"KEY_KPSLASH": "ok"}}
    fault = only_fault_of(tmp_path, EVDEV.replace("KEY_KPSLASH", "KEY_SLASH"))
    assert fault.where == '[[keypads]] "front"'
    assert '"KEY_SLASH" is no key of a pad' in fault.what


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_usb_pad_without_its_package_is_refused_with_the_way_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setattr("locker.config.find_spec", lambda _name: None)
    file = write(tmp_path, EVDEV)
    assert main([command, "--config", str(file)]) == ExitCode.CONFIGURATION
    said = capsys.readouterr().err
    assert '[[keypads]] "front" family' in said
    assert "pip install parcel-locker[evdev]" in said


def test_other_keypads_need_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locker.config.find_spec", lambda _name: None)
    load(write(tmp_path)).require_packages()
    with pytest.raises(WrongConfiguration):
        load(write(tmp_path, EVDEV)).require_packages()
