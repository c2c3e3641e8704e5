from drivers.wirelog import Direction, WireLog, WireRecord


def test_the_ring_is_bounded_and_keeps_the_newest() -> None:
    log = WireLog(capacity=3)
    for number in range(10):
        log.record(Direction.SENT, bytes([number]), float(number))
    assert [record.text for record in log.records()] == ["07", "08", "09"]


def test_redacted_bytes_rest_nowhere() -> None:
    told: list[WireRecord] = []
    log = WireLog(redact=True, sink=told.append)
    log.record(Direction.RECEIVED, b"7", 1.0)
    assert log.records() == (WireRecord(1.0, Direction.RECEIVED, "**"),)
    assert told == list(log.records())
    assert b"7".hex() not in repr(log.records()).replace("1.0", "")


def test_a_remark_stands_between_the_bytes_and_is_not_redacted() -> None:
    told: list[WireRecord] = []
    log = WireLog(redact=True, sink=told.append)
    log.record(Direction.RECEIVED, b"ab", 1.0)
    log.note("label AB", 2.0)
    assert log.records() == (
        WireRecord(1.0, Direction.RECEIVED, "** **"),
        WireRecord(2.0, Direction.NOTED, "label AB"),
    )
    assert told == list(log.records())
