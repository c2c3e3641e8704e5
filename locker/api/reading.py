"""Reads what a request asks for: its parameters and its body, or why neither can be read."""

import asyncio
import json
from typing import Any, TypeVar

from aiohttp import web
from pydantic import ValidationError

from locker.api.refusals import Refused
from locker.api.schema import Strict

BODY_BYTES_MOST = 65_536
BODY_TIMEOUT_S = 10.0
"""Since the head of the request."""

Query = TypeVar("Query", bound=Strict)


async def read_body(request: web.Request, model: type[Query]) -> Query:
    """Read a request's body; Refused for one that is too long, or not what it should be."""
    encoding = request.headers.get("Content-Encoding")
    if encoding is not None:
        raise Refused(
            415, "encoded-body", f"a body in {encoding[:32]!r} is not read here", "send the JSON as it is"
        )
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            content = bytearray()
            async for portion in request.content.iter_any():
                content += portion
                if len(content) > BODY_BYTES_MOST:
                    raise Refused(
                        413, "too-long", f"the body has more than {BODY_BYTES_MOST} bytes", "send less"
                    )
        asked = model.model_validate_json(bytes(content))
        json.loads(bytes(content), object_pairs_hook=_once_each)
        return asked
    except TimeoutError as error:
        raise Refused(
            408, "too-slow", f"the body did not come within {BODY_TIMEOUT_S:g} s", "send it at once"
        ) from error
    except web.RequestPayloadError as error:
        raise Refused(400, "bad-body", "the body did not come as announced", "send it again") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "body"
        raise Refused(
            400, "bad-body", f"{name[:64]}: {first['msg'][:200]}", "see /v1/openapi.json for what it may be"
        ) from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a field that is given twice: of two doors nobody knows which was meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Refused(400, "repeated-field", "a field is given twice", "give each field once")
    return found


def read_query(request: web.Request, model: type[Query]) -> Query:
    """Read a request's parameters; Refused for any that is unknown, given twice or not what it should be."""
    known = ", ".join(model.model_fields) or "none"
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name not in model.model_fields:
            raise Refused(
                400, "unknown-parameter", f"{name[:64]!r} is no parameter here", f"there are: {known}"
            )
        if name in given:
            raise Refused(400, "repeated-parameter", f"{name!r} is given twice", "give each parameter once")
        given[name] = value
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "query"
        raise Refused(
            400, "bad-parameter", f"{name}: {first['msg']}", "see /v1/openapi.json for what it may be"
        ) from error
