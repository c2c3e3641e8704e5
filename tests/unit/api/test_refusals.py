"""Bad requests get a clear answer and change nothing."""

import asyncio
import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from locker.api.routes import ROUTES
from locker.api.schema import JournalQuery, ListQuery
from locker.api.server import ApiServer
from tests.unit.api.house import House
from tests.unit.api.raw import ask, reply_of

PATHS = [route.path for route in ROUTES if route.method == "GET"]
LISTS = [route.path for route in ROUTES if route.query is ListQuery]
HUGE = "9" * 40


async def test_unknown_parameters_are_refused(server: ApiServer) -> None:
    for target in PATHS:
        reply = await ask(server.path, f"{target}?colour=blue")

        assert reply.status == 400, target
        assert reply.refusal()["reason"] == "unknown-parameter"
        assert "colour" in reply.refusal()["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "PROPFIND"])
async def test_only_get_is_possible(server: ApiServer, method: str) -> None:
    for target in PATHS:
        reply = await ask(server.path, target, method=method)

        assert reply.status == 405, target
        assert "Allow: GET" in reply.headers
        if method != "HEAD":
            assert reply.refusal()["reason"] == "wrong-method"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Length: 2\r\n", b"{}"),
        ("Content-Length: 99999999999\r\n", b"x" * 1000),
        ("Transfer-Encoding: chunked\r\n", b"1\r\nx\r\n0\r\n\r\n"),
    ],
    ids=["small", "huge", "chunked"],
)
async def test_a_body_is_refused_before_it_is_read(server: ApiServer, headers: str, body: bytes) -> None:
    for target in PATHS:
        reply = await ask(server.path, target, headers=headers, body=body)

        assert reply.status == 400, target
        assert reply.refusal()["reason"] == "body-refused"


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=+1",
        "after=1.0",
        "after=1e3",
        "after=0x10",
        "after=%D9%A1",
        "after=1_0",
        "after=",
        "after=null",
        f"after={HUGE}",
        f"after={2**53}",
        "limit=0",
        "limit=501",
        f"limit={HUGE}",
        "epoch=-1",
        "epoch=one",
        "subject=",
        "subject=a%20b",
        "subject=%27%20OR%201=1",
        f"subject={'A' * 65}",
        "kind=",
        "kind=Parcel",
        "kind=parcel.stored%0A",
        f"kind={'a' * 65}",
    ],
)
async def test_bad_values_name_their_parameter(server: ApiServer, query: str) -> None:
    reply = await ask(server.path, f"/v1/journal?{query}")

    assert reply.status == 400
    assert reply.refusal()["reason"] == "bad-parameter"
    assert reply.refusal()["detail"].startswith(query.partition("=")[0])


@pytest.mark.parametrize("target", LISTS)
@pytest.mark.parametrize("value", ["1", "yes", "True", ""])
async def test_a_flag_is_true_or_false(server: ApiServer, target: str, value: str) -> None:
    assert (await ask(server.path, f"{target}?all={value}")).status == 400
    assert (await ask(server.path, f"{target}?all=false")).status == 200


async def test_a_parameter_given_twice_is_refused(server: ApiServer) -> None:
    reply = await ask(server.path, "/v1/journal?limit=1&limit=2")

    assert reply.refusal()["reason"] == "repeated-parameter"


@pytest.mark.parametrize(
    "target", ["/", "/v1", "/v1/status/", "/v2/status", "/v1/../etc/passwd", "/%00", "//"]
)
async def test_unknown_paths_are_refused(server: ApiServer, target: str) -> None:
    reply = await ask(server.path, target)

    assert reply.status == 404
    assert reply.refusal()["reason"] == "no-such-path"


async def test_a_long_target_is_refused(server: ApiServer) -> None:
    reply = await ask(server.path, f"/v1/journal?subject={'A' * 4000}")

    assert reply.status == 414
    assert reply.refusal()["reason"] == "too-long"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\xff\x16\x03\x01" * 20,
        b"GET\r\n\r\n",
        b"BREW /v1/status HTTP/1.1\r\n\r\n",
        b"GET /v1/status HTTP/9.9\r\n\r\n",
        b"GET /v1/\x7f HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: x\r\n\r\n",
        b"GET /v1/nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: x\r\n\r\n",
        b"A" * 100_000,
    ],
)
async def test_what_the_http_library_refuses_is_answered_in_our_form_and_closed(
    server: ApiServer, raw: bytes
) -> None:
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_unix_connection(server.path)
        writer.write(raw)
        answer = reply_of(await reader.read())
        writer.close()

    assert 400 <= answer.status < 500
    assert "Content-Type: application/json" in answer.headers
    assert answer.refusal()
    assert (await ask(server.path, "/v1/greeting")).status == 200


async def test_what_was_asked_before_a_broken_request_is_answered_before_its_refusal(
    server: ApiServer,
) -> None:
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_unix_connection(server.path)
        writer.write(b"GET /v1/greeting HTTP/1.1\r\nHost: a\r\n\r\n")
        greeting = await reader.readuntil(b"}")
        writer.write(b"\x00\r\n\r\n")
        refusal = reply_of(await reader.read())
        writer.close()

    assert greeting.startswith(b"HTTP/1.1 200")
    assert refusal.refusal()["reason"] == "no-http"


async def test_what_is_no_http_leaves_little_in_the_log_and_nothing_that_steers(
    server: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for raw in (
        b"GET * HTTP/1.1\r\n\r\n",
        b"\x1b[2J" * 5000,
        b"GET /v1/status HTTP/1.1\r\nX-\x1b: 1\r\n\r\n",
    ):
        caplog.clear()
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_unix_connection(server.path)
            writer.write(raw)
            writer.write_eof()
            await reader.read()
            writer.close()

        told = [each for each in caplog.records if each.name.startswith(("locker", "aiohttp"))]
        assert [each for each in told if each.exc_info or each.levelno > logging.INFO] == []
        assert len(caplog.text) < 1000
        assert "\x1b" not in caplog.text


async def test_a_failure_within_is_told_without_its_traceback(
    house: House, server: ApiServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(house, "automat")

    reply = await ask(server.path, "/v1/status")

    assert reply.status == 500
    assert reply.refusal()["reason"] == "internal"
    assert "no answer to GET '/v1/status'" in caplog.text


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=30), max_size=4))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_parameters_are_read_or_refused(query: dict[str, str]) -> None:
    try:
        read = JournalQuery.model_validate(query)
    except ValidationError:
        return
    assert set(query) <= set(JournalQuery.model_fields)
    assert 1 <= read.limit <= 500
    assert json.loads(read.model_dump_json())
