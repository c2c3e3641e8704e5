"""Steps of putting the automat into service over the socket: who asked, what is refused, and how."""

import getpass
import os

import pytest

from locker.api.client import ApiClient, RequestRefused
from locker.api.commission_schema import (
    CommissionBegin,
    CommissionDoor,
    CommissionSearch,
    CommissionTest,
    CommissionWrite,
    Nothing,
)
from locker.api.reading import BODY_BYTES_MOST
from locker.api.routes import ROUTES
from locker.api.server import ApiServer
from tests.unit.api.house import NOT_BEGUN, House
from tests.unit.api.raw import Reply, ask

STEPS = [route.path for route in ROUTES if route.method == "POST"]


async def post(server: ApiServer, target: str, body: bytes) -> Reply:
    return await ask(
        server.path, target, method="POST", headers=f"Content-Length: {len(body)}\r\n", body=body
    )


async def test_every_step_comes_with_the_user_whom_the_kernel_names(house: House, client: ApiClient) -> None:
    user = f"{getpass.getuser()} ({os.getuid()})"
    assert await client.commission_step(CommissionBegin(technician="t-7")) == NOT_BEGUN
    await client.commission_step(CommissionSearch(line="locks", last_address=4))
    await client.commission_step(CommissionDoor(compartment=None))
    await client.commission_step(CommissionWrite(partial=True))
    await client.commission_step(Nothing())
    assert house.desk.asked == [
        ("begin", user, "t-7", False),
        ("search", "locks", False, 4),
        ("door", user, None),
        ("write", user, True),
        ("end", user),
    ]


@pytest.mark.parametrize(
    "body", [b"{}", b'{"technician": ""}', b'{"technician": "-x"}', b'{"technician": "a\\n"}']
)
async def test_nobody_begins_without_an_id_of_his_own(house: House, server: ApiServer, body: bytes) -> None:
    assert (await post(server, "/v1/commission/begin", body)).status == 400
    assert house.desk.asked == []


async def test_a_step_that_is_refused_says_why_and_what_to_do(house: House, client: ApiClient) -> None:
    with pytest.raises(RequestRefused) as refusal:
        await client.commission_step(CommissionTest(compartment="3"))
    assert refusal.value.status == 409
    assert refusal.value.error.reason == "no-commission"
    assert refusal.value.error.remedy == "begin before 3"


async def test_how_far_it_has_come_is_told(house: House, client: ApiClient) -> None:
    assert await client.commission() == NOT_BEGUN
    assert house.desk.asked == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"colour": 1}', b'{"technician": 7}', b'{"line": ""}', b"\xff", b"{"]
)
async def test_a_body_that_is_not_what_it_should_be_changes_nothing(
    house: House, server: ApiServer, body: bytes
) -> None:
    for target in STEPS:
        reply = await post(server, target, body)
        assert (reply.status, reply.refusal()["reason"]) == (400, "bad-body"), target
    assert house.desk.asked == []


async def test_a_body_that_is_too_long_is_not_read(house: House, server: ApiServer) -> None:
    reply = await post(server, "/v1/commission/begin", b" " * (BODY_BYTES_MOST + 1))
    assert reply.status == 413
    assert house.desk.asked == []


async def test_a_question_is_no_step(house: House, server: ApiServer) -> None:
    for target in STEPS:
        reply = await ask(server.path, target)
        assert (reply.status, reply.refusal()["reason"]) == (405, "wrong-method")
        assert "Allow: POST" in reply.headers
    assert house.desk.asked == []
