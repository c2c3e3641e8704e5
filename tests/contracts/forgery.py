"""Requests made from the socket's own OpenAPI document: valid ones, and ones that are surely wrong.

Every wrong one comes from a valid one by one deed, so that a refusal is for that deed. Only the keywords of
JSON schema that the document uses are known; another one fails here, so that nothing is left out silently.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from locker.api.reading import BODY_BYTES_MOST
from locker.api.server import TARGET_MOST

Schema = Mapping[str, Any]
Value = SearchStrategy[Any]
Known = Mapping[str, Sequence[Any]]
"""Values that mean something to the automat at hand, by the name of the field."""

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "QUERY")
SAYS_NOTHING = frozenset(("title", "description", "default"))
LARGEST = 2**53 - 1
NEVER_BESIDE = {"before": ("after", "epoch"), "compartment": ("after", "epoch")}
"""What JSON schema has no words for, and the document says in a sentence."""
ANY_TEXT = st.text(max_size=12)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)

Pairs = list[tuple[str, str]]
Headers = tuple[tuple[str, str], ...]
Spoil = Callable[[Mapping[str, Any]], tuple[str, bytes]]
SpoilPairs = Callable[[Pairs], tuple[str, Pairs]]

IDLE_NAMES = (
    "Content-Type", "Accept", "Cookie", "Range", "If-None-Match", "X-User", "Last-Event-ID", "Origin",
)  # fmt: skip
IDLE_HEADERS: SearchStrategy[Headers] = st.lists(
    st.tuples(
        st.sampled_from(IDLE_NAMES),
        st.text(
            st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30
        ),
    ),
    max_size=2,
    unique_by=lambda pair: pair[0],
).map(tuple)


class Due(Enum):
    """What a request deserves."""

    ANSWER = auto()
    """It is as the document says: answered, or refused by what the automat is like now."""
    REFUSAL = auto()
    """It is not, or is no HTTP at all: refused in our form."""


@dataclass(frozen=True)
class Forged:
    """One request; `why` is the deed that made it wrong."""

    method: str
    target: str
    due: Due = Due.ANSWER
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    why: str = ""

    @property
    def raw(self) -> bytes:
        """Write it as it goes over the socket; without headers of its own a body tells its length."""
        headers = [("Host", "lockerd"), ("Connection", "close"), *self.headers]
        framed = {name.lower() for name, _ in self.headers} & {"content-length", "transfer-encoding"}
        if self.body is not None and not framed:
            headers.append(("Content-Length", str(len(self.body))))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        return f"{self.method} {self.target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + (self.body or b"")


FALSE_OF_A_BODY = (("Content-Encoding", "gzip"), ("Content-Encoding", "deflate"))
"""What is false where there is a body, and means nothing where there is none."""
FALSE_HEADERS = (
    ("Expect", "the unexpected"),
    ("Transfer-Encoding", "chunked"),
    *(("Content-Length", value) for value in ("-1", "+2", "x", "1e3", "")),
    ("X-Long", "x" * 40_000),
    ("X-\x00", "x"),
)


@dataclass(frozen=True, eq=False)
class Operation:
    """One thing that the document says can be asked."""

    method: str
    path: str
    parameters: tuple[Schema, ...]
    body: Schema | None


class Forger:
    """Makes requests from a document."""

    def __init__(self, document: Schema, known: Known) -> None:
        """Read what can be asked."""
        self._document = document
        self._known = known
        self.operations = tuple(
            Operation(
                method.upper(),
                path,
                tuple(each for each in said["parameters"] if each["in"] == "query"),
                self._resolved(said["requestBody"]["content"]["application/json"]["schema"])
                if "requestBody" in said
                else None,
            )
            for path, methods in document["paths"].items()
            for method, said in methods.items()
        )
        self.actions = tuple(each for each in self.operations if each.body is not None)
        self.questions = tuple(each for each in self.operations if each.body is None)
        self._paths = {each.path for each in self.operations}
        self._pairs = {each: self._parameters(each) for each in self.operations}
        self._valid = {each: self._allowed(each) for each in self.operations}

    # -- what may be asked

    def valid(self, operations: Sequence[Operation] | None = None) -> SearchStrategy[Forged]:
        """Ask what the document allows, with headers that mean nothing here."""
        return st.one_of(*(self._valid[each] for each in operations or self.operations))

    def _allowed(self, operation: Operation) -> SearchStrategy[Forged]:
        def made(pairs: Pairs, body: Any, headers: Headers) -> Forged:
            written = None if operation.body is None else json.dumps(body).encode()
            return Forged(operation.method, _target(operation.path, pairs), Due.ANSWER, headers, written)

        bodies = st.none() if operation.body is None else self._values(operation.body)
        return st.builds(made, self._pairs[operation], bodies, IDLE_HEADERS)

    def _parameters(self, operation: Operation) -> SearchStrategy[Pairs]:
        def pairs(chosen: Mapping[str, Any]) -> Pairs:
            given = {name: _written(value) for name, value in chosen.items() if value is not None}
            never = {other for name in given for other in NEVER_BESIDE.get(name, ())}
            return [pair for pair in given.items() if pair[0] not in never]

        each = {one["name"]: self._field(one["name"], one["schema"]) for one in operation.parameters}
        wanted = {one["name"]: each.pop(one["name"]) for one in operation.parameters if one["required"]}
        return st.fixed_dictionaries(wanted, optional=each).map(pairs)

    def _values(self, schema: Schema) -> Value:
        said = {key: value for key, value in schema.items() if key not in SAYS_NOTHING}
        match said:
            case {"$ref": str(), **rest} if not rest:
                return self._values(self._resolved(said))
            case {"anyOf": list(choices), **rest} if not rest:
                return st.one_of(*(self._values(each) for each in choices))
            case {"enum": list(words), "type": "string", **rest} if not rest:
                return st.sampled_from(words)
            case {"type": "null", **rest} if not rest:
                return st.none()
            case {"type": "boolean", **rest} if not rest:
                return st.booleans()
            case {"type": "integer", **rest} if not rest.keys() - {"minimum", "maximum"}:
                return st.integers(rest.get("minimum", -LARGEST), rest.get("maximum", LARGEST))
            case {"type": "string", **rest} if not rest.keys() - {"minLength", "maxLength", "pattern"}:
                return _texts(rest)
            case {"type": "object", "additionalProperties": False, "properties": dict(fields), **rest} if (
                not rest.keys() - {"required"}
            ):
                required = rest.get("required", ())
                each = {name: self._field(name, field) for name, field in fields.items()}
                return st.fixed_dictionaries(
                    {name: values for name, values in each.items() if name in required},
                    optional={name: values for name, values in each.items() if name not in required},
                )
            case _:
                raise ValueError(f"the forger does not know this schema: {said}")

    def _field(self, name: str, schema: Schema) -> Value:
        known = self._known.get(name)
        values = self._values(schema)
        return values if known is None else st.sampled_from(known) | values

    def _resolved(self, schema: Schema) -> Schema:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        found: Schema = self._document["components"]["schemas"][reference.rpartition("/")[2]]
        return found

    # -- what may not

    def wrong(self) -> SearchStrategy[Forged]:
        """Ask what the document does not allow."""
        return st.one_of(
            self.wrong_body(),
            self.wrong_body(),  # where most can be wrong
            self.wrong_query(),
            self.wrong_method(),
            self.wrong_path(),
            self.wrong_framing(),
        )

    def wrong_body(self) -> SearchStrategy[Forged]:
        """Spoil the body of an action."""

        def made(valid: Forged, spoil: Spoil) -> Forged:
            why, broken = spoil(json.loads(valid.body or b"null"))
            return replace(valid, body=broken, due=Due.REFUSAL, why=why)

        return st.one_of(
            *(st.builds(made, self._valid[each], _spoiling(each.body or {})) for each in self.actions)
        )

    def wrong_query(self) -> SearchStrategy[Forged]:
        """Spoil the parameters of a question or of an action."""

        def of(operation: Operation) -> SearchStrategy[Forged]:
            def made(valid: Forged, pairs: Pairs, spoil: SpoilPairs) -> Forged:
                why, wrong = spoil(pairs)
                return replace(valid, target=_target(operation.path, wrong), due=Due.REFUSAL, why=why)

            return st.builds(made, self._valid[operation], self._pairs[operation], _spoiling_pairs(operation))

        return st.one_of(*map(of, self.operations))

    def wrong_method(self) -> SearchStrategy[Forged]:
        """Ask in another way than the document says."""

        def made(valid: Forged, method: str) -> Forged:
            other = method if method != valid.method else "PUT"
            return replace(valid, method=other, due=Due.REFUSAL, why="wrong method")

        return st.builds(made, self.valid(), st.sampled_from(METHODS))

    def wrong_path(self) -> SearchStrategy[Forged]:
        """Ask somewhere else."""
        words = st.sampled_from(
            ("", "v1", "v2", "..", ".", "%00", "%2e%2e", "maintenance", "open", "*", "\x7f")
        )
        near = st.builds(
            str.__add__, st.sampled_from(sorted(self._paths)), st.sampled_from(("/", "%20", "s", ";a"))
        )
        far = st.lists(words | ANY_TEXT.map(lambda text: quote(text, safe="")), max_size=5).map(
            lambda parts: "/" + "/".join(parts)
        )
        long = st.just("/v1/" + "a" * TARGET_MOST)
        paths = (near | far | long).filter(lambda path: path not in self._paths)
        methods = st.sampled_from(METHODS[:3])
        return st.builds(
            lambda method, path: Forged(method, path, Due.REFUSAL, why="wrong path"),
            methods,
            paths,
        )

    def wrong_framing(self) -> SearchStrategy[Forged]:
        """Say what is false about a body."""

        def with_body(question: Forged, action: Forged) -> Forged:
            return replace(question, body=action.body, due=Due.REFUSAL, why="a question with a body")

        def too_long(action: Forged) -> Forged:
            spaces = b" " * BODY_BYTES_MOST
            return replace(action, body=(action.body or b"") + spaces, due=Due.REFUSAL, why="too long")

        def without(action: Forged) -> Forged:
            return replace(action, body=None, due=Due.REFUSAL, why="no body")

        actions, questions = self.valid(self.actions), self.valid(self.questions)
        return st.one_of(
            st.builds(with_body, questions, actions),
            actions.map(too_long),
            actions.map(without),
            self.false_headers(),
        )

    def false_headers(self) -> SearchStrategy[Forged]:
        """Add a header that is no HTTP, or asks for what is not done here."""

        def made(valid: Forged, header: tuple[str, str]) -> Forged:
            why = f"{header[0]}: {header[1][:9]}"
            return replace(valid, headers=(*valid.headers, header), due=Due.REFUSAL, why=why)

        return st.one_of(
            st.builds(made, self.valid(), st.sampled_from(FALSE_HEADERS)),
            st.builds(made, self.valid(self.actions), st.sampled_from(FALSE_OF_A_BODY)),
        )


def any_bytes(forger: Forger) -> SearchStrategy[bytes]:
    """Say what is hardly HTTP: noise, or a request of which a piece was changed, cut out or doubled."""

    def damaged(forged: Forged, first: int, length: int, noise: bytes) -> bytes:
        raw = forged.raw[:4096]
        at = first % (len(raw) + 1)
        return raw[:at] + noise + raw[at + length :]

    requests = st.builds(
        damaged, forger.wrong(), st.integers(0, 4096), st.integers(0, 40), st.binary(max_size=20)
    )
    return st.binary(max_size=200) | requests


def _spoiling(schema: Schema) -> SearchStrategy[Spoil]:
    fields: Mapping[str, Schema] = schema["properties"]
    spoils: list[Spoil] = [
        lambda _: ("empty", b""),
        lambda body: ("cut short", json.dumps(body)[:-1].encode()),
        lambda body: ("more behind it", 2 * json.dumps(body).encode()),
        lambda body: ("a comma too many", f"{json.dumps(body)[:-1]},}}".encode()),
        lambda body: ("byte order mark", b"\xef\xbb\xbf" + json.dumps(body).encode()),
        lambda body: ("two bytes a letter", json.dumps(body).encode("utf-16")),
        lambda _: ("nested too deep", b"[" * 60_000),
        lambda body: ("nested deep inside", _put(body, "x", "[" * 5_000 + "]" * 5_000)),
        lambda _: ("no object", b"null"),
        lambda body: ("a list of it", json.dumps([body]).encode()),
        lambda body: ("a text of it", json.dumps(json.dumps(body)).encode()),
    ]
    if schema.get("required"):
        spoils += [partial(_doubled, number) for number in range(3)]
    spoils += [partial(_without, name) for name in schema.get("required", ())]
    wrong = [
        partial(_put_wrong, name, text) for name, field in fields.items() for text in _wrong_texts(field)
    ]
    unknown = st.builds(
        lambda name, value: partial(_put_unknown, name, value),
        ANY_TEXT.filter(lambda name: name not in fields),
        JSON_VALUES,
    )
    ways: list[SearchStrategy[Spoil]] = [st.sampled_from(spoils), unknown]
    return st.one_of(*ways, *([st.sampled_from(wrong)] if wrong else []))


def _without(name: str, body: Mapping[str, Any]) -> tuple[str, bytes]:
    less = {key: value for key, value in body.items() if key != name}
    return f"without {name}", json.dumps(less).encode()


def _put_unknown(name: str, value: Any, body: Mapping[str, Any]) -> tuple[str, bytes]:
    return "unknown field", _put(body, name, json.dumps(value))


def _put_wrong(name: str, text: str | bytes, body: Mapping[str, Any]) -> tuple[str, bytes]:
    return f"wrong {name}", _put(body, name, text)


def _wrong_texts(field: Schema) -> Sequence[str | bytes]:
    """Give JSON, or nearly so, that this field does not allow."""
    choices: Iterable[Schema] = field.get("anyOf", (field,))
    types = {each["type"] for each in choices}
    wrong: list[str | bytes] = [
        "[]",
        "{}",
        "1.5",
        "NaN",
        "-Infinity",
        "1e999",
        '"\\ud800"',
        b'"\xff\xfe"',
        "",
        "'x'",
    ]
    if "null" not in types:
        wrong.append("null")
    if "boolean" not in types:
        wrong += ["true", "false"]
    if "integer" not in types:
        wrong += ["0", "-1", "9" * 5000]
    if "string" not in types:
        wrong += ['"1"', '"true"', '""']
    for each in choices:
        if each["type"] == "string":
            wrong += [json.dumps("x" * 5000), '""'] if "enum" not in each else ['"EMPTY"', '" empty"', '""']
            if each.get("minLength", 0) == 0 and "enum" not in each and not _refuses_empty(each):
                wrong.remove('""')
            if "pattern" in each:
                wrong += ['"a\\u0000b"', '"\\n"', '"a\\n"', '"  "']
        elif each["type"] == "integer":
            below, above = each.get("minimum", 0) - 1, each.get("maximum", LARGEST) + 1
            wrong += [str(below), str(above), "9" * 5000, "-" + "9" * 5000, "1.0", "0x1", "1_0", "01"]
    return wrong


def _refuses_empty(schema: Schema) -> bool:
    pattern = schema.get("pattern", "*")
    return not pattern.endswith(("*", "*$"))


def _spoiling_pairs(operation: Operation) -> SearchStrategy[SpoilPairs]:
    names = {each["name"] for each in operation.parameters}
    spoils: list[SpoilPairs] = []
    for parameter in operation.parameters:
        name = parameter["name"]
        spoils += [partial(_replace_pair, name, (value,)) for value in _wrong_values(parameter["schema"])]
        spoils.append(partial(_replace_pair, name, ("true", "true")))
        if parameter["required"]:
            spoils.append(partial(_replace_pair, name, ()))
    unknown = st.builds(
        lambda name, value: partial(_add_pair, name, value),
        ANY_TEXT.filter(lambda name: name not in names),
        ANY_TEXT,
    )
    return st.one_of(unknown, *([st.sampled_from(spoils)] if spoils else []))


def _add_pair(name: str, value: str, pairs: Pairs) -> tuple[str, Pairs]:
    return "unknown parameter", [*pairs, (name, value)]


def _replace_pair(name: str, values: Sequence[str], pairs: Pairs) -> tuple[str, Pairs]:
    others = [pair for pair in pairs if pair[0] != name]
    return f"wrong {name}", [*others, *((name, value) for value in values)]


def _wrong_values(schema: Schema) -> Iterable[str]:
    for each in schema.get("anyOf", (schema,)):
        if each["type"] == "integer":
            yield from ("", "-1", "+1", "1.0", "1e3", "0x10", "\u0661", "1_0", " 1", "null", "9" * 400)
            yield str(each["maximum"] + 1)
        elif each["type"] == "boolean":
            yield from ("", "1", "yes", "True", "TRUE", "null")
        elif "enum" in each:
            yield from ("", "BOTH", "x" * 1000)
        elif "pattern" in each:
            yield from ("", "\n", "a\n", "x" * 1000, "\x00", "\U0001f600")
        elif "maxLength" in each:
            yield "x" * (each["maxLength"] + 1)


def _texts(said: Schema) -> Value:
    most = said.get("maxLength", 80)
    if "pattern" not in said:
        return st.text(min_size=said.get("minLength", 0), max_size=most)
    # A `$` of JSON schema is the end; one of Python's may stand before a line's end.
    pattern = said["pattern"].removesuffix("$") + r"\Z"
    return st.from_regex(pattern).filter(lambda text: said.get("minLength", 0) <= len(text) <= most)


def _doubled(number: int, body: Mapping[str, Any]) -> tuple[str, bytes]:
    name = sorted(body)[number % len(body)]
    return "a field twice", f"{json.dumps(body)[:-1]},{json.dumps(name)}:{json.dumps(body[name])}}}".encode()


def _put(body: Mapping[str, Any], name: str, raw: str | bytes) -> bytes:
    others = [f"{json.dumps(key)}:{json.dumps(value)}".encode() for key, value in body.items() if key != name]
    written = raw.encode() if isinstance(raw, str) else raw
    return b"{" + b",".join([*others, json.dumps(name).encode() + b":" + written]) + b"}"


def _target(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    return f"{path}?{query}" if query else path


def _written(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
