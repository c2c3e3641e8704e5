"""What the automat counts and measures, as Prometheus text; read when asked, from its present state."""

from collections import Counter
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from locker.api.schema import Status
from locker.api.stream import EventStream
from locker.domain.automat import Automat, Decision
from locker.domain.events import Door
from locker.domain.times import Trust

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(Collector):
    """Counts since the start, and figures of the moment; a registry of its own, shared with nobody."""

    def __init__(
        self,
        automat: Callable[[], Automat],
        status: Callable[[], Status],
        stream: EventStream,
        *,
        more: Callable[[], Iterable[Metric]] = tuple,
    ) -> None:
        """Read the state, and `more` figures, through these functions whenever the figures are asked for."""
        self._more = more
        self._automat = automat
        self._status = status
        self._stream = stream
        self._decisions = 0
        self._durable = 0
        self._entries = Counter[str]()
        self._intents = Counter[str]()
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def note(self, decision: Decision) -> None:
        """Count a decision."""
        self._decisions += 1
        self._durable += decision.durable
        self._entries.update(entry.kind.value for entry in decision.entries)
        self._intents.update(type(intent).__name__.lower() for intent in decision.intents)

    def text(self) -> bytes:
        """Write all figures."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Give nothing: the registry must not ask for figures before there are any."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Give all figures, as `CollectorRegistry` asks for them."""
        yield from self._counted()
        yield from self._present()
        yield from self._more()

    def _counted(self) -> Iterable[Metric]:
        plain = (
            ("locker_decisions", "Decisions taken, also those that changed nothing.", self._decisions),
            ("locker_durable_decisions", "Decisions that needed a transaction.", self._durable),
            (
                "locker_event_stream_dropped",
                "Clients of the event stream that were too slow.",
                self._stream.dropped_total,
            ),
        )
        for name, meaning, value in plain:
            yield CounterMetricFamily(name, meaning, value=value)
        entries = CounterMetricFamily("locker_journal_entries", "Journal entries written.", labels=["kind"])
        for kind, count in self._entries.items():
            entries.add_metric([kind], count)
        yield entries
        intents = CounterMetricFamily("locker_intents", "Intents started.", labels=["what"])
        for what, count in self._intents.items():
            intents.add_metric([what], count)
        yield intents

    def _present(self) -> Iterable[Metric]:
        status, automat = self._status(), self._automat()
        yield InfoMetricFamily(
            "locker", "Which automat this is.", {"automat_id": status.automat_id, "version": status.version}
        )
        plain = (
            ("locker_uptime_seconds", "Powered seconds since the daemon began to serve.", status.uptime_s),
            ("locker_journal_epoch", "Present epoch of the journal.", status.journal.epoch),
            ("locker_journal_sequence", "Last number of the journal.", status.journal.last_sequence),
            (
                "locker_journal_unacknowledged",
                "Entries not yet acknowledged by the back office.",
                status.journal.unacknowledged,
            ),
            ("locker_link_up", "1 while connected to the broker.", int(status.link_connected)),
            ("locker_safe_mode", "1 while the automat is in safe mode.", int(status.safe_mode is not None)),
            ("locker_storage_low", "1 while deposits are refused for want of disk.", int(status.storage_low)),
            ("locker_keypads_guarded", "Keypads in guard mode.", len(status.guarded_keypads)),
            ("locker_keypads_faulty", "Keypads that do not work.", len(status.faulty_keypads)),
            ("locker_parts_lost", "Lines and boards that do not answer.", len(status.lost_parts)),
            ("locker_openings", "Doors with an opening under way.", len(automat.openings)),
            ("locker_event_stream_clients", "Clients of the event stream.", self._stream.subscribers),
        )
        for name, meaning, value in plain:
            yield GaugeMetricFamily(name, meaning, value=value)
        doors = dict.fromkeys((door.value for door in Door), 0)
        for box in automat.compartments.values():
            doors[box.door.value] += 1
        incidents: dict[str, int] = {}
        for incident in automat.incidents.values():
            open_now = incident.cleared_at is None
            incidents[incident.kind.value] = incidents.get(incident.kind.value, 0) + open_now
        pulses = {"retry": 0, "refusal": 0, "failure": 0}
        for lock in automat.locks.values():
            pulses["retry"] += lock.retries
            pulses["refusal"] += lock.refusals
            pulses["failure"] += lock.failures
        trust = {each.value: int(each.value == status.clock.trust) for each in Trust}
        yield _by("locker_doors", "Doors by state.", "state", doors)
        yield _by("locker_compartments_free", "Free compartments by size.", "size", status.free)
        yield _by(
            "locker_parcels", "Parcels by state.", "state", {str(k): n for k, n in status.parcels.items()}
        )
        yield _by("locker_incidents_open", "Open incidents by kind.", "kind", incidents)
        yield _by("locker_lock_troubles", "What locks needed beside a plain pulse.", "what", pulses)
        yield _by("locker_clock_trust", "1 for the trust that the wall clock has now.", "trust", trust)


def _by(name: str, meaning: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
