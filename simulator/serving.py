"""What an automat still lacks to serve people, read from what its local API says."""

from typing import Any

from simulator.plan import CabinetPlan


def lacking(plan: CabinetPlan, status: Any, lines: Any, compartments: Any) -> list[str]:
    """Name each port that is not open, each board and door that was not read yet, each keypad out of order.

    Answers of `/v1/status`, `/v1/lines` and `/v1/compartments`; nothing is lacking where the list is empty.
    """
    seen = {box.label for box in plan.compartments if box.contact != "missing"}
    boards = [board for line in lines["lines"] for board in line["boards"]]
    return [
        *([] if status["started"] else ["the daemon has not started"]),
        *(f"line {line['name']}: {line['problem']}" for line in lines["lines"] if not line["open"]),
        *(
            f"{one['what']} {one['name']}: {one['problem']}"
            for one in lines["peripherals"]
            if not one["open"]
        ),
        *(f"board {board['name']} does not answer" for board in boards if board["lost"] is not False),
        *(f"{part} is lost" for part in status["lost_parts"]),
        *(f"keypad {keypad} is out of order" for keypad in status["faulty_keypads"]),
        *(
            f"door {box['label']} was not read"
            for box in compartments["compartments"]
            if box["label"] in seen and box["door"] == "unknown"
        ),
    ]
