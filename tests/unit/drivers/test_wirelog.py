from drivers.wirelog import Direction, WireLog, WireRecord, passages


def test_the_ring_is_bounded_and_keeps_the_newest_with_their_numbers() -> None:
    log = WireLog(capacity=3)
    for number in range(10):
        log.record(Direction.SENT, bytes([number]), float(number))
    assert [(record.number, record.text) for record in log.records()] == [(8, "07"), (9, "08"), (10, "09")]
    assert [record.number for record in log.records(after=9)] == [10]
    assert log.records(after=10) == log.records(after=99) == ()
    assert len(log.records(after=2)) == 3


def test_redacted_bytes_rest_nowhere() -> None:
    log = WireLog(redact=True)
    log.record(Direction.RECEIVED, b"7", 1.0)
    assert log.records() == (WireRecord(1, 1.0, Direction.RECEIVED, None, 1),)
    assert log.records()[0].text == "**"
    assert "b'7'" not in repr(vars(log))


def test_a_remark_stands_between_the_bytes_and_is_not_redacted() -> None:
    log = WireLog(redact=True)
    log.record(Direction.RECEIVED, b"ab", 1.0)
    log.note("label AB", 2.0)
    assert log.records() == (
        WireRecord(1, 1.0, Direction.RECEIVED, None, 2),
        WireRecord(2, 2.0, Direction.NOTED, b"", remark="label AB"),
    )
    assert [record.text for record in log.records()] == ["** **", "label AB"]


def test_whoever_watches_is_told_of_every_record_until_it_watches_no_more() -> None:
    log, told = WireLog(), list[int]()
    watcher = lambda: told.append(log.newest)  # noqa: E731 - the same object is taken away again
    log.watch(watcher)
    log.record(Direction.SENT, b"a", 1.0)
    log.note("b", 2.0)
    log.unwatch(watcher)
    log.note("c", 3.0)
    assert told == [1, 2]


def test_an_answer_in_portions_is_one_passage_and_what_was_sent_stays_apart() -> None:
    log = WireLog()
    for direction, data, at_s in (
        (Direction.SENT, b"\x01", 1.00),
        (Direction.SENT, b"\x02", 1.01),
        (Direction.RECEIVED, b"\x03", 1.02),
        (Direction.RECEIVED, b"\x04", 1.06),
        (Direction.RECEIVED, b"\x05", 1.10),
        (Direction.RECEIVED, b"\x06", 1.20),
    ):
        log.record(direction, data, at_s)
    joined = passages(log.records())
    assert [(each.first, each.last, each.data) for each in joined] == [
        (1, 1, b"\x01"),
        (2, 2, b"\x02"),
        (3, 5, b"\x03\x04\x05"),
        (6, 6, b"\x06"),
    ]
    assert (joined[2].at_s, joined[2].ended_at_s, joined[2].size) == (1.02, 1.10, 3)


def test_a_remark_between_two_portions_keeps_them_apart_and_redacted_ones_are_counted() -> None:
    log = WireLog(redact=True)
    log.record(Direction.RECEIVED, b"ab", 1.0)
    log.record(Direction.RECEIVED, b"c", 1.01)
    log.note("label of 3 characters", 1.01)
    log.record(Direction.RECEIVED, b"d", 1.02)
    assert [(each.data, each.size, each.remark) for each in passages(log.records())] == [
        (None, 3, ""),
        (b"", 0, "label of 3 characters"),
        (None, 1, ""),
    ]
