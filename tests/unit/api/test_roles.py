"""Who may look and who may act: groups, the daemon's own user, and every route as a viewer meets it."""

import grp
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from locker.api.client import ApiClient
from locker.api.listening import Peer
from locker.api.refusals import Refused
from locker.api.roles import Roles
from locker.api.routes import EVENTS, ROUTES, Route
from locker.api.server import ApiServer
from tests.unit.api.house import House, client_of, target_of
from tests.unit.api.raw import ask

STRANGER = 65534
NO_GROUP = "locker-no-such-group"
GROUP = next(group for group in grp.getgrall() if group.gr_gid not in (0, os.getegid()))


class OnlyViewers(Roles):
    """Everybody is somebody else than the daemon's user."""

    def role_of(self, peer: Peer) -> str:  # type: ignore[override]  # the word is checked below
        role = super().role_of(Peer(peer.process_id, STRANGER, STRANGER))
        assert role == "viewer"
        return role


@pytest.fixture
async def viewed(house: House, path: Path) -> AsyncIterator[ApiServer]:
    """A server to which everybody is a viewer."""
    house.roles = OnlyViewers(GROUP.gr_name)
    async with house.serving(path) as server:
        yield server


def peer(user: int, group: int = STRANGER, *groups: int) -> Peer:
    """Somebody who connects."""
    return Peer(4711, user, group, frozenset(groups))


def test_root_and_the_daemons_own_user_are_technicians_whatever_the_group() -> None:
    for roles in (Roles(), Roles(GROUP.gr_name), Roles(NO_GROUP)):
        assert roles.role_of(peer(0)) == "technician"
        assert roles.role_of(peer(os.geteuid())) == "technician"
        assert roles.role_of(peer(STRANGER)) == "viewer"


def test_members_are_technicians_by_their_first_group_and_by_any_other() -> None:
    roles = Roles(GROUP.gr_name)

    assert roles.role_of(peer(STRANGER, GROUP.gr_gid)) == "technician"
    assert roles.role_of(peer(STRANGER, STRANGER, 12345, GROUP.gr_gid)) == "technician"
    assert roles.role_of(peer(STRANGER, STRANGER, 12345)) == "viewer"


def test_a_group_that_is_not_there_is_said_and_makes_nobody_a_technician(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        roles = Roles(NO_GROUP)

    assert NO_GROUP in caplog.text
    assert roles.role_of(peer(STRANGER, 0, 0)) == "viewer"


def test_a_viewer_is_told_which_group_to_join() -> None:
    with pytest.raises(Refused) as refused:
        Roles(GROUP.gr_name).demand_technician(peer(STRANGER))

    assert (refused.value.status, refused.value.error.reason) == (403, "viewer")
    assert GROUP.gr_name in refused.value.error.remedy
    assert str(STRANGER) in refused.value.error.detail


def test_nobody_known_may_change_nothing() -> None:
    with pytest.raises(Refused) as refused:
        Roles(GROUP.gr_name).demand_technician(None)

    assert (refused.value.status, refused.value.error.reason) == (403, "unknown-peer")


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "GET" and r.content_type != EVENTS])
async def test_a_viewer_may_ask_everything(viewed: ApiServer, route: Route) -> None:
    assert (await ask(viewed.path, target_of(route))).status == 200


async def test_a_viewer_may_follow_the_events(viewed: ApiServer) -> None:
    async with client_of(viewed.path) as client:
        assert (await client.greeting()).role == "viewer"
        assert (await anext(client.events())).kind == "snapshot"


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "POST"])
@pytest.mark.parametrize("body", [b"{}", b"no JSON", b""])
async def test_a_viewer_may_change_nothing_whatever_the_body(
    house: House, viewed: ApiServer, route: Route, body: bytes
) -> None:
    before, entries = house.automat, len(house.journal)

    reply = await ask(
        viewed.path, route.path, method="POST", headers=f"Content-Length: {len(body)}\r\n", body=body
    )

    assert reply.status == 403
    assert reply.refusal()["reason"] == "viewer"
    assert GROUP.gr_name in reply.refusal()["remedy"]
    assert house.automat is before
    assert len(house.journal) == entries
    assert house.desk.asked == []


async def test_the_greeting_says_technician_to_the_daemons_own_user(client: ApiClient) -> None:
    assert (await client.greeting()).role == "technician"
