"""Whether the automat is well, in words: what needs somebody, and one line about each matter. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from locker.api.schema import CompartmentView, JournalEntryView, JournalPosition, Status
from tui.store import Store
from tui.telling import instant, number, span
from tui.words import Words

WELL, BAD, TOLD = "ok", "!!", "--"
SILENT_S = 600.0
"""A linked back office that acknowledges nothing for so long needs somebody."""

SIZES = ("S", "M", "L", "XL")
LABELS_MOST = 8
NEWEST = 3


@dataclass(frozen=True, slots=True)
class Known:
    """What is not in the status: ends of the journal's unacknowledged part, the round, this program."""

    acknowledged: JournalEntryView | None = None
    waiting: JournalEntryView | None = None
    audit: tuple[int, int] | None = None
    program: str = "-"


@dataclass(frozen=True, slots=True)
class Line:
    """One matter: the key of its name, `ok`, `!!` or `--`, and the words; `needs`: what for."""

    name: str
    mark: str
    text: str
    needs: tuple[str, ...] = ()


def lines(store: Store, status: Status, known: Known, words: Words) -> list[Line]:
    """Tell every matter of the automat."""
    boxes = list(store.compartments.values())
    return [
        _service(status, words),
        _free(boxes, words),
        _boxes(boxes, words),
        _parcels(status, words),
        _doors(boxes, words),
        _link(status, words),
        _sync(status, known, words),
        _clock(status, words),
        _disk(status, words),
        _keypads(status, words),
        _parts(status, words),
        _wiring(status, words),
        _audit(store, known, words),
        _versions(store, status, known, words),
    ]


def verdict(store: Store, told: Iterable[Line], words: Words) -> tuple[bool, str]:
    """Tell in one line whether all is well."""
    count = len(store.incidents)
    matters = [_counted("incident", count, words)] if count else []
    matters += [need for line in told for need in line.needs]
    if not matters:
        return True, words("overview.well")
    return False, words("overview.needs", matters=", ".join(matters))


def newest_incidents(store: Store, now: datetime, words: Words) -> Iterator[str]:
    """Tell the newest open incidents, under a heading."""
    if not store.incidents:
        yield words("overview.incidents-none")
        return
    yield words("overview.incidents", count=len(store.incidents))
    for each in sorted(store.incidents, reverse=True)[:NEWEST]:
        incident = store.incidents[each]
        yield words(
            "overview.incident",
            number=incident.number,
            about=incident.about,
            what=words.term("incident", incident.kind, incident.meaning),
            age=span((now - incident.raised_at).total_seconds(), words),
        )


def _service(status: Status, words: Words) -> Line:
    mode = words.term("mode", status.mode)
    unusual = (words("overview.need-mode", mode=mode),) if status.mode != "normal" else ()
    if status.safe_mode is not None:
        stopped = words("overview.service-safe-mode", detail=status.safe_mode.detail)
        return Line("service", BAD, stopped, (words("overview.need-safe-mode"),))
    if not status.started:
        starting = words("overview.service-starting", mode=mode)
        return Line("service", BAD, starting, (*unusual, words("overview.need-starting")))
    running = words("overview.service-up", mode=mode, span=span(status.uptime_s, words))
    return Line("service", BAD if unusual else WELL, running, unusual)


def _free(boxes: list[CompartmentView], words: Words) -> Line:
    total = Counter(box.size for box in boxes)
    free = Counter(box.size for box in boxes if box.free)
    told = (
        words("overview.free-of", size=size, free=free[size], total=total[size])
        for size in sorted(total, key=_by_size)
    )
    return Line("free", WELL if all(free[size] for size in total) else TOLD, "   ".join(told))


def _boxes(boxes: list[CompartmentView], words: Words) -> Line:
    counts = {
        "boxes-all": len(boxes),
        "boxes-held": sum(box.tracking_id is not None for box in boxes),
        "boxes-suspect": sum(box.condition == "suspect" for box in boxes),
        "boxes-faulty": sum(box.condition == "faulty" for box in boxes),
        "boxes-blocked": sum(box.blocked is not None for box in boxes),
    }
    told = (words(f"overview.{name}", count=count) for name, count in counts.items() if count)
    waiting = sum(box.awaits_word_of is not None for box in boxes)
    return Line(
        "boxes",
        BAD if waiting else TOLD,
        ", ".join(told),
        (_counted("word", waiting, words),) if waiting else (),
    )


def _parcels(status: Status, words: Words) -> Line:
    shown = ("stored", "overdue", "withdrawn", "dropped-off", "registered", "missing", "announced")
    counts = {stage: n for stage, n in status.parcels.items() if n and stage in shown}
    told = ", ".join(f"{counts[stage]} {words.term('stage', stage)}" for stage in shown if stage in counts)
    return Line("parcels", TOLD, told or words("overview.parcels-none"))


def _doors(boxes: list[CompartmentView], words: Words) -> Line:
    forgotten = [box.label for box in boxes if box.door == "open" and box.opening in (None, "left-open")]
    used = [box.label for box in boxes if box.door == "open" and box.opening not in (None, "left-open")]
    unknown = [box.label for box in boxes if box.door == "unknown"]
    told = [
        words(f"overview.doors-{name}", labels=_some(labels, words))
        for name, labels in (("open", forgotten), ("used", used), ("unknown", unknown))
        if labels
    ]
    needs = (_counted("door", len(forgotten), words),) if forgotten else ()
    mark = BAD if forgotten else TOLD if told else WELL
    return Line("doors", mark, "; ".join(told) or words("overview.doors-shut"), needs)


def _link(status: Status, words: Words) -> Line:
    if status.link_connected:
        return Line("link", WELL, words("overview.link-up", broker=status.broker))
    down = words("overview.link-down", broker=status.broker)
    trouble = f": {status.link_trouble}" if status.link_trouble else ""
    return Line("link", BAD, down + trouble, (words("overview.need-link"),))


def _sync(status: Status, known: Known, words: Words) -> Line:
    journal, now, needs = status.journal, status.clock.wall_at, list[str]()
    told = [_acknowledged(journal, known, now, words)]
    if not journal.unacknowledged:
        told.append(words("overview.sync-all"))
    else:
        told.append(words("overview.sync-waiting", count=journal.unacknowledged))
        oldest = known.waiting
        if oldest is not None and oldest.sequence > journal.acknowledged_through:
            age_s = (now - oldest.at).total_seconds()
            told.append(words("overview.sync-oldest", age=span(age_s, words)))
            if age_s > SILENT_S and status.link_connected:
                needs.append(words("overview.need-acknowledgement"))
    if journal.parked:
        told.append(words("overview.sync-parked", count=journal.parked))
        needs.append(words("overview.need-parked"))
    return Line(
        "sync", BAD if needs else WELL if status.link_connected else TOLD, "; ".join(told), tuple(needs)
    )


def _acknowledged(journal: JournalPosition, known: Known, now: datetime, words: Words) -> str:
    through, last = journal.acknowledged_through, known.acknowledged
    if not through:
        return words("overview.sync-nothing")
    if last is None or last.sequence != through:
        return words("overview.sync-number", entry=f"{journal.epoch}-{through}")
    age = span((now - last.at).total_seconds(), words)
    return words("overview.sync-through", entry=number(last), at=instant(last.at), age=age)


def _clock(status: Status, words: Words) -> Line:
    clock, at = status.clock, instant(status.clock.wall_at)
    if clock.doubted:
        return Line("clock", BAD, words("overview.clock-doubted", at=at), (words("overview.need-clock"),))
    told = words(f"overview.clock-{clock.trust}", at=at)
    if clock.trust == "untrusted":
        return Line("clock", BAD, told, (words("overview.need-clock"),))
    return Line("clock", WELL if clock.trust == "trusted" else TOLD, told)


def _disk(status: Status, words: Words) -> Line:
    if status.storage_low:
        return Line("disk", BAD, words("overview.disk-low"), (words("overview.need-disk"),))
    return Line("disk", WELL, words("overview.disk-room"))


def _keypads(status: Status, words: Words) -> Line:
    told = [
        words(f"overview.keypads-{name}", names=", ".join(names))
        for name, names in (("faulty", status.faulty_keypads), ("guarded", status.guarded_keypads))
        if names
    ]
    if told:
        return Line("keypads", BAD, "; ".join(told), (words("overview.need-keypads"),))
    return Line("keypads", WELL, words("overview.keypads-well"))


def _parts(status: Status, words: Words) -> Line:
    if status.lost_parts:
        lost = words("overview.parts-lost", names=", ".join(status.lost_parts))
        return Line("parts", BAD, lost, (words("overview.need-parts"),))
    return Line("parts", WELL, words("overview.parts-well"))


def _wiring(status: Status, words: Words) -> Line:
    if status.commissioned:
        return Line("wiring", WELL, words("overview.wiring-proved"))
    return Line("wiring", BAD, words("overview.wiring-unproved"), (words("overview.need-wiring"),))


def _audit(store: Store, known: Known, words: Words) -> Line:
    round_ = known.audit
    if store.audit is not None:
        round_ = (store.audit.done, store.audit.total) if store.audit.under_way else None
    if round_ is None:
        return Line("audit", TOLD, words("overview.audit-none"))
    return Line("audit", TOLD, words("overview.audit-under-way", done=round_[0], total=round_[1]))


def _versions(store: Store, status: Status, known: Known, words: Words) -> Line:
    contract = "-" if store.greeting is None else store.greeting.api
    told = words(
        "overview.versions-all", daemon=status.version or "-", contract=contract, program=known.program
    )
    return Line("versions", TOLD, told)


def _by_size(size: str) -> tuple[int, str]:
    """Sort as people order sizes, not as letters go; others come behind."""
    return (SIZES.index(size) if size in SIZES else len(SIZES), size)


def _counted(what: str, count: int, words: Words) -> str:
    if count == 1:
        return words(f"overview.need-{what}")
    return words(f"overview.need-{what}s", count=count)


def _some(labels: list[str], words: Words) -> str:
    shown = ", ".join(labels[:LABELS_MOST])
    if len(labels) <= LABELS_MOST:
        return shown
    return f"{shown} {words('overview.and-more', count=len(labels) - LABELS_MOST)}"
