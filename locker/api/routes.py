"""The table of what can be asked, and the OpenAPI document that follows from it and from the models."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from locker.api.commission_schema import (
    Commission,
    CommissionBegin,
    CommissionDoor,
    CommissionSearch,
    CommissionTest,
    CommissionWrite,
    Nothing,
)
from locker.api.lines_schema import LinesAnswer
from locker.api.maintenance_schema import (
    AcknowledgeAsked,
    Audit,
    AuditBeginAsked,
    AuditEndAsked,
    AuditSkipAsked,
    BlockAsked,
    ClearAsked,
    DeviceAsked,
    Evidence,
    EvidenceQuery,
    FoundAsked,
    LeaveSafeMode,
    Maintained,
    OpenAsked,
    ReleaseAsked,
    TestAsked,
    UnblockAsked,
)
from locker.api.schema import (
    API_VERSION,
    AuditItem,
    CompartmentItem,
    Compartments,
    DroppedItem,
    EntryItem,
    ErrorAnswer,
    Greeting,
    IncidentItem,
    Incidents,
    JournalItem,
    JournalPage,
    JournalQuery,
    KeypadItem,
    Keypads,
    LinkItem,
    ListQuery,
    Locks,
    NoQuery,
    ParcelForgottenItem,
    ParcelItem,
    Parcels,
    SnapshotItem,
    Status,
    Strict,
    VerifyReport,
)
from locker.api.wire_schema import (
    Decoded,
    DecodeQuery,
    FollowingItem,
    FollowQuery,
    PassageItem,
    Wire,
    WireQuery,
)

JSON = "application/json"
EVENTS = "text/event-stream"
TEXT = "text/plain"

STREAM_ITEMS: tuple[type[BaseModel], ...] = (
    SnapshotItem,
    EntryItem,
    CompartmentItem,
    ParcelItem,
    ParcelForgottenItem,
    IncidentItem,
    KeypadItem,
    AuditItem,
    JournalItem,
    LinkItem,
    DroppedItem,
)
WIRE_ITEMS: tuple[type[BaseModel], ...] = (FollowingItem, PassageItem, DroppedItem)


@dataclass(frozen=True, slots=True)
class Route:
    """One question: its path, its parameters, its answer.

    A GET changes nothing. A `body` makes it a POST, for technicians only: what it asks for is an event in the
    engine's inbox, with the peer's credentials, and is decided and journalled there.
    """

    name: str
    summary: str
    answer: type[BaseModel] | None
    query: type[Strict] = NoQuery
    content_type: str = JSON
    items: tuple[type[BaseModel], ...] = ()
    resumes: bool = False
    body: type[Strict] | None = None

    @property
    def method(self) -> str:
        """GET changes nothing; POST carries a body."""
        return "GET" if self.body is None else "POST"

    @property
    def path(self) -> str:
        """Where it is asked."""
        return f"/v1/{self.name}"


ROUTES = (
    Route("greeting", "who answers, and which version of this contract", Greeting),
    Route("status", "the automat on one page", Status),
    Route("compartments", "every compartment", Compartments),
    Route("locks", "how each lock has behaved: times, retries, refusals", Locks),
    Route("parcels", "the parcels, without closed ones unless `all`", Parcels, ListQuery),
    Route("incidents", "the open incidents, cleared ones too with `all`", Incidents, ListQuery),
    Route("journal", "journal entries in order", JournalPage, JournalQuery),
    Route("verify", "check every entry's number, chain and signature", VerifyReport),
    Route(
        "events",
        "a snapshot, then numbered events; resumable",
        None,
        content_type=EVENTS,
        items=STREAM_ITEMS,
        resumes=True,
    ),
    Route("wire", "the lines, what passed on one, what was kept around an incident", Wire, WireQuery),
    Route(
        "wire/follow",
        "what passes on a line, as it comes",
        None,
        FollowQuery,
        content_type=EVENTS,
        items=WIRE_ITEMS,
    ),
    Route("decode", "what bytes of a lock board mean", Decoded, DecodeQuery),
    Route("lines", "each line and board: rates, round trips, errors by kind", LinesAnswer),
    Route("commission", "how far putting the automat into service has come", Commission),
    Route("commission/begin", "give the automat to a technician", Commission, body=CommissionBegin),
    Route("commission/search", "look for boards on a line", Commission, body=CommissionSearch),
    Route("commission/test", "pulse one lock once", Commission, body=CommissionTest),
    Route("commission/door", "say which door opened", Commission, body=CommissionDoor),
    Route("commission/write", "write and use the map of what was proved", Commission, body=CommissionWrite),
    Route("commission/end", "give the automat back", Commission, body=Nothing),
    Route("keypads", "every keypad, and how a trial of it goes", Keypads),
    Route("audit", "how far the round of all compartments has come", Audit),
    Route("evidence", "every entry about one parcel, as the device signed it", Evidence, EvidenceQuery),
    Route("maintenance/open", "open one compartment", Maintained, body=OpenAsked),
    Route("maintenance/test", "open one compartment to try its lock", Maintained, body=TestAsked),
    Route("maintenance/found", "say what lies inside one that was opened", Maintained, body=FoundAsked),
    Route("maintenance/block", "offer a compartment to nobody", Maintained, body=BlockAsked),
    Route("maintenance/unblock", "take a compartment into use again", Maintained, body=UnblockAsked),
    Route("maintenance/acknowledge", "look after an incident", Maintained, body=AcknowledgeAsked),
    Route("maintenance/clear", "settle an incident by word", Maintained, body=ClearAsked),
    Route("maintenance/release", "release a guarded keypad", Maintained, body=ReleaseAsked),
    Route("maintenance/device", "try keys, display or sounder of a keypad", Maintained, body=DeviceAsked),
    Route("audit/begin", "begin a round of all compartments, or go on with it", Audit, body=AuditBeginAsked),
    Route("audit/skip", "leave a compartment out of the round", Audit, body=AuditSkipAsked),
    Route("audit/end", "end the round and write its report", Audit, body=AuditEndAsked),
    Route("safe-mode/leave", "let the automat try to serve again", Status, body=LeaveSafeMode),
    Route("metrics", "figures as Prometheus text", None, content_type=TEXT),
    Route("openapi.json", "this document", None),
)


def openapi() -> dict[str, Any]:
    """Describe the socket in OpenAPI 3.1."""
    answers = [route.answer for route in ROUTES if route.answer is not None]
    models: list[type[BaseModel]] = [*answers, *STREAM_ITEMS, *WIRE_ITEMS, ErrorAnswer]
    _, definitions = models_json_schema(
        [
            *((model, "serialization") for model in models),
            *((route.body, "validation") for route in ROUTES if route.body is not None),
        ],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parcel locker controller, local socket",
            "version": API_VERSION,
            "description": "HTTP on a unix socket; mode 0660: its group may ask. Instants are UTC.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {route.path: {route.method.lower(): _operation(route)} for route in ROUTES},
        "components": {"schemas": definitions["$defs"]},
    }


def _operation(route: Route) -> dict[str, Any]:
    parameters = _query_parameters(route.query)
    if route.resumes:
        parameters.append(
            {
                "name": "Last-Event-ID",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "the id of the last event seen: what was missed follows, or a fresh snapshot",
            }
        )
    refused = {"description": "refused", "content": {JSON: {"schema": _reference(ErrorAnswer)}}}
    body = {} if route.body is None else {"requestBody": _body(route.body)}
    return {
        "operationId": route.name.partition(".")[0].replace("/", "-"),
        "summary": route.summary,
        "parameters": parameters,
        **body,
        "responses": {
            "200": {
                "description": route.summary,
                "content": {route.content_type: {"schema": _answer(route)}},
            },
            "4XX": refused,
            "5XX": refused,
        },
    }


def _body(model: type[Strict]) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": _reference(model)}}}


def _answer(route: Route) -> dict[str, Any]:
    if route.answer is not None:
        return _reference(route.answer)
    if route.content_type == EVENTS:
        # OpenAPI 3.1 has no word for a stream: this is the `data` of each event.
        return {"oneOf": [_reference(item) for item in route.items]}
    return {"type": "object" if route.content_type == JSON else "string"}


def _query_parameters(query: type[Strict]) -> list[dict[str, Any]]:
    schema = query.model_json_schema()
    parameters: list[dict[str, Any]] = []
    for name, field in schema.get("properties", {}).items():
        shape = {key: value for key, value in field.items() if key not in ("title", "description")}
        parameter = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": shape,
        }
        if "description" in field:
            parameter["description"] = field["description"]
        parameters.append(parameter)
    return parameters


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
