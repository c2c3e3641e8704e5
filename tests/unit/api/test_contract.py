"""The OpenAPI document, the routes and the models say the same; and so does the domain."""

import asyncio
import json
import subprocess
import sys
from typing import Any, get_args

import pytest

from locker.api import schema
from locker.api.client import ApiClient
from locker.api.routes import EVENTS, ROUTES, STREAM_ITEMS, openapi
from locker.api.server import ApiServer
from locker.domain.compartments import Condition
from locker.domain.events import Door
from locker.domain.openings import Stage
from locker.domain.parcels import Direction, ParcelState
from locker.domain.times import Trust
from tests.unit.api.house import target_of
from tests.unit.api.raw import ask


def references(value: Any) -> set[str]:
    """Every $ref in a document."""
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*(references(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(references(each) for each in value))
    return set()


async def test_the_document_is_served_and_is_openapi_3_1(client: ApiClient) -> None:
    document = await client.openapi()

    assert document == json.loads(json.dumps(openapi()))
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == schema.API_VERSION


def test_every_reference_leads_somewhere() -> None:
    document = openapi()
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert references(document) <= known
    assert all(name.isalnum() for name in document["components"]["schemas"])  # and none is a module's path
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(ROUTES)


async def test_every_path_of_the_document_answers_with_what_it_promises(server: ApiServer) -> None:
    assert set(openapi()["paths"]) == {route.path for route in ROUTES}
    for route in ROUTES:
        if route.content_type == EVENTS or route.method == "POST":
            continue  # it never ends, or wants a body; its own tests read it through the models
        reply = await ask(server.path, target_of(route))
        assert reply.status == 200
        assert f"Content-Type: {route.content_type}" in reply.headers
        if route.answer is not None:
            answer = route.answer.model_validate_json(reply.body)
            assert json.loads(answer.model_dump_json()) == json.loads(reply.body)


def test_every_parameter_is_in_the_document() -> None:
    for route in ROUTES:
        parameters = openapi()["paths"][route.path][route.method.lower()]["parameters"]
        names = {each["name"] for each in parameters if each["in"] == "query"}
        assert names == set(route.query.model_fields)


def test_every_object_is_closed_and_every_field_required() -> None:
    bodies = {route.body.__name__ for route in ROUTES if route.body is not None}
    for name, model in openapi()["components"]["schemas"].items():
        if name in bodies:
            assert model["additionalProperties"] is False, name
        elif model.get("type") == "object":
            assert model["additionalProperties"] is False, name
            assert set(model["required"]) == set(model["properties"]), name


def test_every_item_of_the_stream_is_known() -> None:
    union, _ = get_args(schema.StreamItem)

    assert set(STREAM_ITEMS) == set(get_args(union))


@pytest.mark.parametrize(
    ("words", "enumeration"),
    [
        (schema.DoorState, Door),
        (schema.ConditionState, Condition),
        (schema.OpeningStage, Stage),
        (schema.ParcelStage, ParcelState),
        (schema.ClockTrust, Trust),
    ],
)
def test_the_words_are_those_of_the_domain(words: Any, enumeration: Any) -> None:
    assert set(get_args(words)) == {each.value for each in enumeration}


def test_directions_are_those_of_the_domain() -> None:
    field = schema.ParcelView.model_fields["direction"]

    assert set(get_args(field.annotation)) == {each.value for each in Direction}


def test_no_model_has_a_place_for_a_code() -> None:
    text = json.dumps(openapi()["components"])

    assert "tag" not in text.replace("stage", "").replace("Stage", "")
    assert '"recipient"' not in text


def test_the_client_and_lockerctl_know_nothing_of_the_rest_of_the_daemon() -> None:
    code = (
        "import sys, locker.ctl; "
        "print(*sorted(m for m in sys.modules if m.split('.')[0] in ('locker', 'drivers', 'simulator')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert set(loaded.split()) == {
        "locker",
        "locker.api",
        "locker.api.client",
        "locker.api.commission_schema",
        "locker.api.decoder",
        "locker.api.lines_schema",
        "locker.api.maintenance_schema",
        "locker.api.schema",
        "locker.api.wire_schema",
        "locker.commands",
        "locker.commands.asking",
        "locker.commands.audit",
        "locker.commands.automat",
        "locker.commands.commission",
        "locker.commands.devices",
        "locker.commands.evidence",
        "locker.commands.incidents",
        "locker.commands.journal",
        "locker.commands.lines",
        "locker.commands.maintenance",
        "locker.commands.printing",
        "locker.commands.safe_mode",
        "locker.commands.technician",
        "locker.commands.wire",
        "locker.ctl",
        "locker.errors",
    }


async def test_questions_at_once_do_not_disturb_each_other(client: ApiClient) -> None:
    answers = await asyncio.gather(*(client.status() for _ in range(20)))

    assert len({answer.journal.last_sequence for answer in answers}) == 1
