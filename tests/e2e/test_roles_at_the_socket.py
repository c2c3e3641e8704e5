"""Processes of other users at a real socket: the kernel's word on their groups decides what they may do."""

import asyncio
import grp
import json
import os
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from locker.api.roles import Roles
from locker.domain.journal import EntryKind
from tests.unit.api.house import House

LIMIT_S = 30
STRANGER = 65534
GROUPS = [group for group in grp.getgrall() if group.gr_gid not in (0, STRANGER)]
MAY_LOOK, MAY_ACT, OTHERS = GROUPS[:3]
"""The group that the socket belongs to, that of the technicians, and one that is neither."""

VISIT = """
import json, os, socket, sys
path, groups, request = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3].encode()
os.setgroups(groups[1:])
os.setgid(groups[0])
os.setuid(65534)
connection = socket.socket(socket.AF_UNIX)
try:
    connection.connect(path)
except PermissionError:
    print("forbidden")
    raise SystemExit
connection.sendall(request)
answer = b""
while portion := connection.recv(65536):
    answer += portion
print(answer.decode())
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can send processes of other users")


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where the socket could not even be opened."""

    status: int
    body: str


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that everybody can pass through."""
    with tempfile.TemporaryDirectory(prefix="roles-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture
def technicians() -> str:
    """The group that is configured."""
    return MAY_ACT.gr_name


@pytest.fixture
async def house(directory: Path, technicians: str) -> AsyncIterator[House]:
    """An automat whose socket belongs to one group, and whose technicians are another."""
    house = House()
    house.roles = Roles(technicians)
    async with house.serving(directory / "lockerd.sock") as server:
        os.chown(server.path, 0, MAY_LOOK.gr_gid)
        yield house


async def visit(house: House, groups: list[int], target: str, body: str | None = None) -> Answer:
    """Ask as a process of user 65534 in these groups, the first one being its own."""
    assert house.server is not None
    method = "GET" if body is None else "POST"
    head = f"{method} /v1/{target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    length = "" if body is None else f"Content-Length: {len(body)}\r\n"
    async with asyncio.timeout(LIMIT_S):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-c",
            VISIT,
            str(house.server.path),
            json.dumps(groups),
            f"{head}{length}\r\n{body or ''}",
            stdout=PIPE,
        )
        out, _ = await process.communicate()
    assert process.returncode == 0
    if out.startswith(b"forbidden"):
        return Answer(0, "")
    lines, _, answer = out.decode().partition("\r\n\r\n" if b"\r\n\r\n" in out else "\n\n")
    return Answer(int(lines.split()[1]), answer)


BEGIN = json.dumps({"technician": "t-7"})


async def test_a_member_of_the_technicians_group_acts_and_is_recorded_by_the_kernels_word(
    house: House,
) -> None:
    groups = [STRANGER, MAY_LOOK.gr_gid, MAY_ACT.gr_gid]

    greeting = await visit(house, groups, "greeting")
    begun = await visit(house, groups, "audit/begin", BEGIN)

    assert json.loads(greeting.body)["role"] == "technician"
    assert begun.status == 200
    entry = house.last(EntryKind.AUDIT_BEGUN)
    assert entry.data["technician"] == "t-7"
    assert f"({STRANGER})" in entry.data["user"]


async def test_a_first_group_counts_like_any_other(house: House) -> None:
    begun = await visit(house, [MAY_ACT.gr_gid, MAY_LOOK.gr_gid], "audit/begin", BEGIN)

    assert begun.status == 200


async def test_who_may_only_open_the_socket_looks_and_changes_nothing(house: House) -> None:
    groups = [STRANGER, MAY_LOOK.gr_gid, OTHERS.gr_gid]

    greeting = await visit(house, groups, "greeting")
    status = await visit(house, groups, "status")
    begun = await visit(house, groups, "audit/begin", BEGIN)

    assert json.loads(greeting.body)["role"] == "viewer"
    assert status.status == 200
    assert begun.status == 403
    assert MAY_ACT.gr_name in json.loads(begun.body)["error"]["remedy"]
    assert house.automat.audit is None


async def test_everybody_else_cannot_even_open_the_socket(house: House) -> None:
    assert (await visit(house, [STRANGER, MAY_ACT.gr_gid], "greeting")).status == 0
    assert (await visit(house, [STRANGER], "greeting")).status == 0


@pytest.mark.parametrize("technicians", ["locker-no-such-group"])
async def test_where_the_group_is_missing_nobody_acts_by_a_group(house: House) -> None:
    begun = await visit(house, [STRANGER, MAY_LOOK.gr_gid, MAY_ACT.gr_gid], "audit/begin", BEGIN)

    assert begun.status == 403
