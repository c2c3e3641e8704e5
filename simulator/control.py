"""Out-of-band control of a running simulator: a unix socket, one JSON object a line in, one out.

A request names its verb: {"do": "press", "keypad": "front", "key": "C"}. Answers are
{"ok": true, "result": ...} or {"ok": false, "error": "..."}; {"do": "help"} lists the verbs.
"""

import asyncio
import contextlib
import json
import stat
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from simulator.automat import SimulatedAutomat
from simulator.events import Cables
from simulator.faults import CATALOGUE

LINE_LIMIT_BYTES = 65_536
_LONGEST_WAIT_S = 600.0
_LONGEST_TYPING = 256


class ControlError(Exception):
    """The simulator refused a request; the text says why."""


@dataclass(frozen=True)
class Verb:
    """One thing that can be asked: its fields with their types, and the deed."""

    meaning: str
    fields: Mapping[str, tuple[type, ...]]
    deed: Callable[[dict[str, Any]], Awaitable[Any]]
    optional: Mapping[str, tuple[type, ...]]


class ControlServer:
    """Serves one automat on one socket; a bad request is answered and changes nothing."""

    def __init__(self, automat: SimulatedAutomat, path: Path) -> None:
        self._automat = automat
        self._path = path
        self._verbs = _verbs(automat)
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; a socket left behind by an earlier run is replaced."""
        if self._path.exists() and stat.S_ISSOCK(self._path.stat().st_mode):
            self._path.unlink()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.start_unix_server(self._client, self._path, limit=LINE_LIMIT_BYTES)
        self._path.chmod(0o600)

    async def stop(self) -> None:
        """Close the socket and every connection."""
        if self._server is None:
            return
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None
        self._path.unlink(missing_ok=True)

    async def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one request line."""
        try:
            return {"ok": True, "result": await self._done(line)}
        except ControlError as error:
            return {"ok": False, "error": str(error)}
        except (KeyError, ValueError, TimeoutError, OSError) as error:
            said = error.args[0] if error.args else type(error).__name__
            return {"ok": False, "error": str(said)}

    async def _done(self, line: bytes) -> Any:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            raise ControlError('a request is one JSON object on one line, such as {"do": "help"}') from None
        if not isinstance(request, dict) or not isinstance(request.get("do"), str):
            raise ControlError('a request is an object with a verb, such as {"do": "help"}')
        name = request.pop("do")
        if name == "help":
            return {verb: _described(entry) for verb, entry in self._verbs.items()}
        verb = self._verbs.get(name)
        if verb is None:
            raise ControlError(f"no verb {name!r}; there are help, {', '.join(self._verbs)}")
        _check(name, verb, request)
        return await verb.deed(request)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:
                # What follows an oversized line cannot be told from its rest.
                refusal = {"ok": False, "error": f"a request has at most {LINE_LIMIT_BYTES} bytes"}
                writer.write(json.dumps(refusal).encode() + b"\n")
                await writer.drain()
                return
            if not line:
                return
            answer = await self.answer(line)
            writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
            await writer.drain()


async def poke(path: Path, request: Mapping[str, Any], *, limit_s: float = 10.0) -> Any:
    """Send one request to a running simulator; its result, or ControlError with the reason."""
    try:
        async with asyncio.timeout(limit_s):
            reader, writer = await asyncio.open_unix_connection(path, limit=16 * LINE_LIMIT_BYTES)
            try:
                writer.write(json.dumps(dict(request)).encode() + b"\n")
                line = await reader.readline()
            finally:
                writer.close()
                await writer.wait_closed()
    except TimeoutError:
        raise ControlError(f"the simulator at {path} did not answer within {limit_s} s") from None
    except OSError as error:
        raise ControlError(f"no simulator listens at {path} ({error.strerror}); is one running?") from None
    if not line:
        raise ControlError(f"the simulator at {path} closed the connection without an answer")
    answer = json.loads(line)
    if not answer["ok"]:
        raise ControlError(answer["error"])
    return answer["result"]


def _verbs(automat: SimulatedAutomat) -> dict[str, Verb]:
    text: tuple[type, ...] = (str,)
    number: tuple[type, ...] = (int, float)
    value: tuple[type, ...] = (bool, int, float, str, type(None))

    def verb(
        meaning: str,
        act: Callable[[dict[str, Any]], Any],
        optional: Mapping[str, tuple[type, ...]] | None = None,
        **fields: tuple[type, ...],
    ) -> Verb:
        async def deed(request: dict[str, Any]) -> Any:
            return act(request)

        return Verb(meaning, fields, deed, optional or {})

    async def typed(request: dict[str, Any]) -> None:
        if len(request["keys"]) > _LONGEST_TYPING:
            raise ControlError(f"at most {_LONGEST_TYPING} keys at once")
        await automat.type(request["keypad"], request["keys"])

    async def awaited(request: dict[str, Any]) -> list[str]:
        wanted, name = request["text"], request["display"]
        view = automat.display(name)
        limit_s = min(float(request.get("limit_s", 10.0)), _LONGEST_WAIT_S)
        await automat.until(lambda: wanted in view.text(), limit_s, f"{wanted!r} on display {name}")
        return list(view.lines())

    def doors(_: dict[str, Any]) -> dict[str, Any]:
        return {label: asdict(view) for label, view in automat.doors().items()}

    return {
        "press": verb("press one key", lambda r: automat.press(r["keypad"], r["key"]), keypad=text, key=text),
        "type": Verb('press keys one after another, "C 1234 OK"', {"keypad": text, "keys": text}, typed, {}),
        "scan": verb(
            "hold a label in front of a scanner",
            lambda r: automat.scan(r["scanner"], r["text"]),
            scanner=text,
            text=text,
        ),
        "display": verb(
            "the lines of a display", lambda r: list(automat.display(r["display"]).lines()), display=text
        ),
        "beeps": verb(
            "how often a display's buzzer sounded",
            lambda r: automat.display(r["display"]).beeps,
            display=text,
        ),
        "wait": Verb(
            "wait until a display shows a text (at most limit_s seconds, default 10)",
            {"display": text, "text": text},
            awaited,
            {"limit_s": number},
        ),
        "doors": verb("every compartment", doors),
        "door": verb("one compartment", lambda r: asdict(automat.door(r["label"])), label=text),
        "put": verb(
            "lay a parcel into an open compartment",
            lambda r: automat.put(r["label"], r["parcel"]),
            label=text,
            parcel=text,
        ),
        "take": verb(
            "take everything out of an open compartment", lambda r: automat.take(r["label"]), label=text
        ),
        "push-shut": verb(
            "push a door shut (strength 1.0 is firm)",
            lambda r: automat.push_shut(r["label"], strength=float(r.get("strength", 1.0))),
            {"strength": number},
            label=text,
        ),
        "pull": verb("pull at a door", lambda r: automat.pull(r["label"]), label=text),
        "press-door": verb("press a shut door", lambda r: automat.press_door(r["label"]), label=text),
        "hold": verb("keep a door where it is", lambda r: automat.hold(r["label"]), label=text),
        "let-go": verb("take the hand off a door", lambda r: automat.let_go(r["label"]), label=text),
        "force": verb("break a door open", lambda r: automat.force(r["label"]), label=text),
        "jam": verb(
            "make a door refuse: stuck, late, press, ice",
            lambda r: automat.jam(r["label"], r["kind"]),
            label=text,
            kind=text,
        ),
        "unjam": verb("repair a jam", lambda r: automat.unjam(r["label"]), label=text),
        "unplug": verb("pull a serial adapter out", lambda r: automat.unplug(r["port"]), port=text),
        "replug": verb("plug a serial adapter in again", lambda r: automat.replug(r["port"]), port=text),
        "swap-lines": verb(
            "move the cables of two lines to each other's adapters",
            lambda r: automat.swap_lines(r["one"], r["other"]),
            one=text,
            other=text,
        ),
        "swap-doors": verb(
            "give two doors each other's cables: locks, contacts or both (default)",
            lambda r: automat.swap_doors(r["one"], r["other"], _cables(r.get("cables", "both"))),
            {"cables": text},
            one=text,
            other=text,
        ),
        "replace-board": verb(
            "put another unit in a board's place",
            lambda r: automat.replace_board(r["board"], int(r["serial"])),
            board=text,
            serial=(int,),
        ),
        "inject": verb(
            "send bytes on a line",
            lambda r: automat.inject(r["line"], bytes.fromhex(r["hex"])),
            line=text,
            hex=text,
        ),
        "fault": verb(
            "set a fault, value null heals",
            lambda r: automat.set_fault(r["name"], r["target"], r["value"]),
            name=text,
            target=text,
            value=value,
        ),
        "faults": verb("the catalogue of faults", lambda _: [asdict(fault) for fault in CATALOGUE.values()]),
        "ports": verb(
            "the path of every serial port", lambda _: {p: automat.address(p) for p in automat.plan.ports()}
        ),
    }


def _cables(given: str) -> Cables:
    for known in get_args(Cables):
        if given == known:
            cables: Cables = known
            return cables
    raise ControlError(f"no cables {given!r}; there are {', '.join(get_args(Cables))}")


def _check(name: str, verb: Verb, request: dict[str, Any]) -> None:
    for field in request.keys() - verb.fields.keys() - verb.optional.keys():
        raise ControlError(
            f"{name}: no field {field!r}; it takes {', '.join((*verb.fields, *verb.optional)) or 'none'}"
        )
    for field, types in verb.fields.items():
        if field not in request:
            raise ControlError(f"{name}: field {field!r} is missing")
        if not isinstance(request[field], types):
            raise ControlError(f"{name}: field {field!r} is a {types[0].__name__}")
    for field, types in verb.optional.items():
        if not isinstance(request.get(field, types[0]()), types):
            raise ControlError(f"{name}: field {field!r} is a {types[0].__name__}")


def _described(verb: Verb) -> dict[str, Any]:
    kinds = {field: " or ".join(t.__name__ for t in types) for field, types in verb.fields.items()}
    return {
        "meaning": verb.meaning,
        "fields": kinds,
        "optional": {field: " or ".join(t.__name__ for t in types) for field, types in verb.optional.items()},
    }
