"""What a sound configuration gives."""

import os
import pty
from dataclasses import fields
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from drivers.registry import DISPLAYS, KEYPADS, LOCK_BOARDS, SCANNERS
from locker.config import load
from locker.domain.compartments import ContactKind, Fixture
from locker.domain.intents import Tone
from locker.domain.rules import Identity, Rules
from locker.errors import WrongConfiguration
from locker.settings import devices
from locker.settings.devices import TonesTable
from locker.settings.tables import RulesTable
from tests.unit.config.sample import SAMPLE, SCANNER, only_fault_of, write

COMMON = {"family", "baud", "display", "bound_to", "tones"}
DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = DOCS / "lockerd.toml"


def test_domain_values_come_out(tmp_path: Path) -> None:
    config = load(write(tmp_path, SAMPLE + "[rules]\ntokens = 5\nentry_timeout_s = 20\n"), {})
    assert config.identity() == Identity("test-1", "Kauppatori 1", "0200 71000")
    assert config.domain_rules() == Rules(tokens=5, entry_timeout_s=20)
    assert config.fixtures() == {
        "1": Fixture("1", "S", 380, 140, 600),
        "7": Fixture("7", "M", 380, 290, 600, contact=ContactKind.MISSING),
    }


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    config = load(write(tmp_path, SAMPLE + SCANNER), {})
    assert config.paths.database == tmp_path / "automat.db"
    assert config.ballast == tmp_path / "ballast"
    assert [port for _, _, port in config.ports()] == [
        tmp_path / "locks.tty",
        tmp_path / "keypad-front.tty",
        tmp_path / "display-front.tty",
        tmp_path / "scanner-front.tty",
    ]


def test_time_zone_reaches_the_rules(tmp_path: Path) -> None:
    text = SAMPLE.replace("[paths]", 'time_zone = "Europe/Stockholm"\n[paths]')
    assert load(write(tmp_path, text), {}).domain_rules().time_zone == ZoneInfo("Europe/Stockholm")


def test_environment_overrides_single_tables(tmp_path: Path) -> None:
    environ = {
        "LOCKER__AUTOMAT__NAME": "7",
        "LOCKER__AUTOMAT__LANGUAGES": '["sv"]',
        "LOCKER__UPLINK__PORT": "2883",
        "LOCKER__UPLINK__PROTOCOL": "3.1.1",
        "LOCKER__PATHS__DATABASE": "other.db",
        "LOCKER__RULES__TOKENS": "3",
        "LOCKER__CLOCK__SOURCE": "steered",
        "LOCKER__CLOCK__FILE": "clock.steer",
        "OTHER": "x",
    }
    config = load(write(tmp_path), environ)
    assert (config.automat.name, config.automat.languages) == ("7", ("sv",))
    assert (config.uplink.port, config.uplink.protocol) == (2883, "3.1.1")
    assert config.paths.database == tmp_path / "other.db"
    assert config.rules.tokens == 3
    assert config.clock.file == tmp_path / "clock.steer"


def test_wrong_override_names_its_variable(tmp_path: Path) -> None:
    fault = only_fault_of(tmp_path, SAMPLE, {"LOCKER__UPLINK__PORT": "many"})
    assert fault.where == "environment variable LOCKER__UPLINK__PORT"
    assert "whole number" in fault.what


def test_override_of_nothing_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    fault = only_fault_of(tmp_path, SAMPLE, {"LOCKER__UPLINK__HOTS": "x"})
    assert fault.where == "environment variable LOCKER__UPLINK__HOTS"
    assert "LOCKER__UPLINK__HOST" in fault.remedy


def test_example_is_sound_and_shows_every_key() -> None:
    config = load(EXAMPLE, {})
    assert config.domain_rules() == Rules()
    text = EXAMPLE.read_text(encoding="utf-8")
    for table in (config.automat, config.paths, config.clock, config.uplink, config.rules, config.lines[0]):
        for key in type(table).model_fields:
            assert f"{key} = " in text
    families = (DOCS / "families.md").read_text(encoding="utf-8")
    items = (
        config.boards[0],
        config.keypads[0],
        config.keypads[0].tones,
        config.displays[0],
        config.scanners[0],
        config.compartments[0],
    )
    for item in items:
        for key in type(item).model_fields:
            assert f"{key} = " in text or f"| `{key}` |" in families


def test_example_shows_the_defaults_of_the_rules(tmp_path: Path) -> None:
    head, rules = EXAMPLE.read_text(encoding="utf-8").split("[rules]")
    shown = "[rules]" + rules.replace("\n# ", "\n")
    config = load(write(tmp_path, head + shown), {})
    set_keys = {key for key, value in config.rules if value is not None}
    assert set_keys == set(RulesTable.model_fields)
    assert config.domain_rules() == Rules()


def test_rules_can_all_be_changed() -> None:
    assert set(RulesTable.model_fields) == {field.name for field in fields(Rules)} - {"time_zone"}


FAMILIES = (
    (LOCK_BOARDS, devices.BOARD_TABLES),
    (KEYPADS, devices.KEYPAD_TABLES),
    (DISPLAYS, devices.DISPLAY_TABLES),
    (SCANNERS, devices.SCANNER_TABLES),
)


def test_each_family_of_the_drivers_has_a_table_with_its_settings() -> None:
    for families, tables in FAMILIES:
        assert set(tables) == set(families)
        for name, family in families.items():
            keys = {field.name for field in fields(family.settings) if field.metadata.get("configured", True)}
            assert keys <= set(tables[name].model_fields)


def test_every_key_of_a_family_says_what_it_is() -> None:
    for _, tables in FAMILIES:
        for table in tables.values():
            for key, field in table.model_fields.items():
                assert field.description or key in COMMON, key


def test_example_shows_the_defaults_of_tones_and_scanners(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    shown = text
    for key in ("tones", "terminator", "prefix", "aim_id"):
        assert shown.count(f"# {key} = ") == 1
        shown = shown.replace(f"# {key} = ", f"{key} = ")
    example, spelled = load(EXAMPLE, {}), load(write(tmp_path, shown), {})
    assert spelled.keypads == example.keypads
    assert spelled.scanners == example.scanners
    assert spelled.scanners[0].model_fields_set > example.scanners[0].model_fields_set


def test_a_tone_may_be_changed_alone(tmp_path: Path) -> None:
    text = SAMPLE.replace('display = "front"', 'display = "front"\ntones = { key = "bell" }')
    tones = load(write(tmp_path, text), {}).keypads[0].tones
    assert dict(tones) == {
        "key": "bell",
        "right": "bell",
        "wrong": "bell bell",
        "remind": "bell bell bell",
        "tick": "bell",
    }


def test_there_is_a_tone_in_the_file_for_each_of_the_domain() -> None:
    assert set(TonesTable.model_fields) == set(Tone)


def test_missing_ports_are_named_only_when_asked_for(tmp_path: Path) -> None:
    config = load(write(tmp_path), {})
    (tmp_path / "keypad-front.tty").write_bytes(b"")
    controller, device = pty.openpty()
    try:
        (tmp_path / "locks.tty").symlink_to(os.ttyname(device))
        with pytest.raises(WrongConfiguration) as caught:
            config.require_ports()
    finally:
        os.close(controller)
        os.close(device)
    keypad, display = caught.value.faults
    assert keypad.where == '[[keypads]] "front" port'
    assert "no serial device" in keypad.what
    assert display.where == '[[displays]] "front" port'
    assert "not there" in display.what
    assert display.remedy


def test_command_key_is_read(tmp_path: Path) -> None:
    text = SAMPLE.replace("port = 1883", 'port = 1883\ncommand_key = "office.json"')
    (tmp_path / "office.json").write_text('{"publickey": "' + "A" * 43 + '"}', encoding="utf-8")
    config = load(write(tmp_path, text), {})
    config.require_files()
    assert config.command_key() == bytes(32)


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{}", '{"publickey": "AAAA"}', '{"publickey": 1}', "[" * 4000]
)
def test_unusable_command_key_is_a_configuration_error(tmp_path: Path, content: str | None) -> None:
    text = SAMPLE.replace("port = 1883", 'port = 1883\ncommand_key = "office.json"')
    if content is not None:
        (tmp_path / "office.json").write_text(content, encoding="utf-8")
    with pytest.raises(WrongConfiguration) as caught:
        load(write(tmp_path, text), {}).require_files()
    (fault,) = caught.value.faults
    assert fault.where == "[uplink] command_key"
    assert "office.json" in fault.what


def test_missing_certificates_are_all_named(tmp_path: Path) -> None:
    files = 'ca_file = "ca.pem"\ncertificate_file = "c.pem"\nkey_file = "k.pem"\n'
    text = SAMPLE.replace("port = 1883", f"port = 8883\n{files}").replace("127.0.0.1", "mqtt.example.org")
    with pytest.raises(WrongConfiguration) as caught:
        load(write(tmp_path, text), {}).require_files()
    assert [fault.where for fault in caught.value.faults] == [
        "[uplink] ca_file",
        "[uplink] certificate_file",
        "[uplink] key_file",
    ]
