"""The contract with the back office as files: JSON Schemas and an AsyncAPI 3.0 document, from the models.

`python -m locker.sync.schemas [FOLDER]` writes them; a test fails when those in the repository are stale.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from locker.sync.commands import COMMAND_SCHEMA
from locker.sync.messages import Ack, JournalEntry, State, Status

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "contract"


def documents() -> Mapping[str, str]:
    """Give every file of the contract by its name."""
    schemas = {
        "journal": JournalEntry.model_json_schema(),
        "journal-ack": Ack.model_json_schema(mode="validation"),
        "commands": COMMAND_SCHEMA.json_schema(),
        "state": State.model_json_schema(mode="serialization"),
        "status": Status.model_json_schema(mode="serialization"),
    }
    files = {f"{name}.json": _write(schema) for name, schema in schemas.items()}
    files["asyncapi.json"] = _write(_asyncapi())
    return files


def main(folder: Path = FOLDER) -> None:
    """Write the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in documents().items():
        (folder / name).write_text(content, encoding="utf-8")


CHANNELS: Mapping[str, tuple[str, str, bool, str]] = {
    # name: topic, who sends, retained, what
    "journal": ("journal", "automat", False, "One journal entry; sent again until acknowledged."),
    "journal-ack": (
        "journal/ack",
        "back office",
        False,
        "What the back office has committed, after its commit.",
    ),
    "commands": (
        "commands",
        "back office",
        False,
        "One command; a compact JWS (EdDSA) where a key is configured.",
    ),
    "state": ("state", "automat", True, "The automat as it stands."),
    "status": ("status", "automat", True, "Online, or offline by the Last Will."),
}


def _asyncapi() -> dict[str, Any]:
    channels, operations, messages = {}, {}, {}
    for name, (topic, sender, retained, what) in CHANNELS.items():
        channels[name] = {
            "address": f"automats/{{automatId}}/{topic}",
            "description": what,
            "parameters": {"automatId": {"description": "1 to 64 letters, digits, '.', '_' or '-'"}},
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        }
        operations[f"{'send' if sender == 'automat' else 'receive'}-{name}"] = {
            "action": "send" if sender == "automat" else "receive",
            "channel": {"$ref": f"#/channels/{name}"},
            "bindings": {"mqtt": {"qos": 1, "retain": retained}},
        }
        messages[name] = {
            "contentType": "application/cloudevents+json" if name == "journal" else "application/json",
            "payload": {"$ref": f"./{name}.json"},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parcel automat and back office",
            "version": "1.0.0",
            "description": (
                "From the automat's side. Delivery is proven end to end: an entry counts as delivered only"
                " when the back office acknowledges it, whatever the broker said."
            ),
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _write(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
