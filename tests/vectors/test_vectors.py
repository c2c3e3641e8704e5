"""Both halves against what others published: neither can hide the other's misreading."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vectors.device.families import DEVICE_FAMILIES
from tests.vectors.host.families import HOST_FAMILIES
from tests.vectors.loading import Vector, VectorsError, load_vectors

ROOT = Path(__file__).parents[2]
GOOD = {
    "id": "own-01",
    "protocol": "xor-bcc-8a",
    "request_hex": "8A 02 05 11 9C",
    "reply_hex": "8A 02 05 00 8D",
    "request_checksum_ok": True,
    "reply_checksum_ok": True,
}


def test_every_supported_family_has_both_halves() -> None:
    assert set(DEVICE_FAMILIES) == set(HOST_FAMILIES)


def test_host_asks_with_the_bytes_that_the_device_understood(golden_request: Vector) -> None:
    protocol, request = golden_request.protocol, golden_request.request or b""
    understood = DEVICE_FAMILIES[protocol].understand_request(request)
    if golden_request.request_checksum_ok is False:
        assert understood is None
        return
    assert understood is not None, f"the device half does not understand {request.hex(' ')}"
    assert HOST_FAMILIES[protocol].encode_request(understood) == request


def test_device_answers_with_the_bytes_that_the_host_understood(golden_reply: Vector) -> None:
    protocol, reply = golden_reply.protocol, golden_reply.reply or b""
    understood = HOST_FAMILIES[protocol].understand_reply(reply)
    if golden_reply.reply_checksum_ok is False:
        assert understood is None
        return
    assert understood is not None, f"the host half does not understand {reply.hex(' ')}"
    assert DEVICE_FAMILIES[protocol].encode_reply(understood) == reply


def test_one_damaged_byte_is_refused(golden_checked: Vector) -> None:
    device = DEVICE_FAMILIES[golden_checked.protocol]
    host = HOST_FAMILIES[golden_checked.protocol]
    if golden_checked.request is not None and golden_checked.request_checksum_ok:
        for damaged in _damaged(golden_checked.request):
            assert device.understand_request(damaged) is None
    if golden_checked.reply is not None and golden_checked.reply_checksum_ok:
        for damaged in _damaged(golden_checked.reply):
            assert host.understand_reply(damaged) is None


def test_another_file_of_the_same_shape_runs_and_skips_unknown_families(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps([GOOD, {**GOOD, "id": "x-1", "protocol": "never-heard-of"}]))
    done = _run(path)
    assert "3 passed, 1 skipped" in done.stdout, done.stdout + done.stderr
    assert "unsupported family never-heard-of, 1 entries" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("field", ["request_hex", "reply_hex"])
def test_a_wrong_frame_in_such_a_file_fails(tmp_path: Path, field: str) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps([{**GOOD, field: "8A 02 05 11 9D"}]))
    assert _run(path).returncode == 1


def test_a_malformed_file_stops_the_run_and_says_where(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps([GOOD, {**GOOD, "id": "b", "reply_hex": "8A 0"}]))
    done = _run(path)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.startswith(f"ERROR: {path}: entry 1: reply_hex must be bytes in hexadecimal")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no JSON"),
        ("{}", "must be a JSON list"),
        ("[1]", "entry 0: must be an object"),
        ([{**GOOD, "id": 7}], "entry 0: id must be a text"),
        ([{**GOOD, "protocol": ""}], "protocol must be a text"),
        ([{**GOOD, "request_hex": 8}], "request_hex must be bytes"),
        ([{**GOOD, "request_hex": ""}], "request_hex must be bytes"),
        ([{**GOOD, "reply_checksum_ok": "yes"}], "reply_checksum_ok must be true, false or null"),
        ([{**GOOD, "request_hex": None, "reply_hex": None}], "neither request_hex nor reply_hex"),
        ([GOOD, GOOD], "id 'own-01' occurs twice"),
    ],
)
def test_malformed_files_are_refused_by_name(tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "own.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(VectorsError, match=message) as refused:
        load_vectors(path)
    assert str(path) in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match=r"absent\.json: cannot be read"):
        load_vectors(tmp_path / "absent.json")


def _damaged(frame: bytes) -> Iterator[bytes]:
    for place, byte in enumerate(frame):
        for flip in range(1, 256):
            yield frame[:place] + bytes((byte ^ flip,)) + frame[place + 1 :]


def _run(path: Path) -> "subprocess.CompletedProcess[str]":
    """The vectors of `path` in a fresh process, without this file's tests of the runner itself."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "tests/vectors/test_vectors.py", "-q"),
            *("-p", "no:cacheprovider", "-k", "host_asks or device_answers or one_damaged"),
            *("--vectors", str(path)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
