"""The contract in the repository is what the models say."""

import json

from locker.sync.messages import JournalEntry
from locker.sync.schemas import FOLDER, documents
from tests.unit.sync.automat import AutomatInMemory


def test_the_files_of_the_contract_are_up_to_date() -> None:
    stored = {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.json")}
    assert stored == documents(), "stale: run `python -m locker.sync.schemas`"


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    files = documents()
    asyncapi = json.loads(files["asyncapi.json"])
    for name, message in asyncapi["components"]["messages"].items():
        assert message["payload"]["$ref"].removeprefix("./") in files
        assert asyncapi["channels"][name]["messages"][name]["$ref"] == f"#/components/messages/{name}"


async def test_a_sealed_entry_is_what_the_contract_describes() -> None:
    automat = AutomatInMemory()
    automat.write(2)
    for sealed in automat.journal:
        entry = JournalEntry.model_validate_json(sealed.payload)
        assert entry.sequence == f"{sealed.sequence:012d}"
