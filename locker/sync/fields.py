"""The words of every message with the back office: strict models, and the values that may stand in them."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

DETAIL_MOST = 200
LARGEST_NUMBER = 2**53 - 1  # what every JSON implementation reads exactly (RFC 8259, section 6)


def read_instant(value: object) -> object:
    """Turn an RFC 3339 text with its offset into an instant; leave anything else to be refused."""
    if not isinstance(value, str) or not re.fullmatch(RFC3339, value, re.ASCII):
        raise ValueError("not an RFC 3339 instant with its offset from UTC")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant outside the calendar") from error


RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)"

Instant = Annotated[datetime, BeforeValidator(read_instant)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x20-\x7e]+$")]
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
TrackingId = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,35}$")]
Tag = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="HMAC-SHA-256 of a code under the automat's code key")
]
Count = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Number = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]


class Strict(BaseModel):
    """No coercion, no unknown fields; JSON names are the Python names without underscores."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "")
    )


def explain(error: ValidationError) -> str:
    """Say what is wrong and where, without repeating any value; at most `DETAIL_MOST` characters."""
    found = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        # an unknown field's name is the sender's own words: only a plain one is repeated
        where = ".".join(
            str(part) if re.fullmatch(r"\w{1,24}", str(part)) else "?" for part in problem["loc"]
        )
        found.append(f"{where}: {problem['msg']}" if where else problem["msg"])
    return short("; ".join(found))


def short(detail: str) -> str:
    """Cut a detail to `DETAIL_MOST` characters."""
    return detail if len(detail) <= DETAIL_MOST else detail[: DETAIL_MOST - 3] + "..."


def dump(model: Strict) -> bytes:
    """Write a model as JSON: JSON names, sorted, without what is absent."""
    content = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
