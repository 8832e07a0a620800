"""What operators see of the API: counters and times for Prometheus, OpenTelemetry spans, one log line per request.

None of them holds a body, a name, or anything else of a person: only the command's name, the tenant and the outcome.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from litestar import Request
from litestar.datastructures import Headers
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct
from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, StatusCode, TracerProvider
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from event_store.catalogue import COMMAND_OF_PATH
from event_store.feed import Feed
from event_store.subscriptions.standing import Standing
from mymedic.clock import Clock
from mymedic.ids import UlidFactory
from mymedic.messages import ID_PATTERN, Ack

_LOG = logging.getLogger(__name__)
_REQUEST_ID = re.compile(ID_PATTERN)
# A label per tenant is a time series per tenant: the longest logs are named, the others are summed up.
TENANTS_NAMED = 100
Standings = Callable[[], Sequence[Standing]]
_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5)
_GROUPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Seen(Struct, kw_only=True):
    """One request as it goes through: who fills in what they know of it."""

    door: str
    request_id: str
    command: str = ""
    tenant_id: str = ""
    outcome: str = "refused"
    code: str = ""
    status: int = 0
    commands: int = 1

    def answered(self, ack: Ack) -> None:
        self.outcome = ack.status
        self.code = ack.error.code if ack.error else ""


def seen_of(request: Request[Any, Any, Any]) -> Seen:
    """What this request has shown so far; never absent, `watched` is around everything."""
    seen: Seen = request.scope["state"]["seen"]
    return seen


class Watch:
    """The instruments of one server. `followed`: who is asked, at each scrape, how consumers stand."""

    def __init__(
        self,
        clock: Clock,
        feed: Feed | None = None,
        tracers: TracerProvider | None = None,
        followed: Sequence[Standings] = (),
    ) -> None:
        self._ids = UlidFactory(clock)
        self._tracer = trace.get_tracer("mymedic", tracer_provider=tracers)
        self._registry = CollectorRegistry()
        self._commands = Counter(
            "mymedic_commands",
            "Commands by how they were answered",
            ["door", "command", "outcome", "code"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "mymedic_request_seconds",
            "From the request's head to its answer",
            ["door", "command"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._group = Histogram(
            "mymedic_append_commands",
            "Commands in one durable transaction",
            buckets=_GROUPS,
            registry=self._registry,
        )
        self._append = Histogram(
            "mymedic_append_seconds",
            "Deciding and keeping one group, until it is durable",
            buckets=_SECONDS,
            registry=self._registry,
        )
        if feed is not None:
            self._registry.register(_Heads(feed))
        if followed:
            self._registry.register(_Consumers(followed))

    @contextmanager
    def request(self, door: str, command: str, request_id: str | None, carrier: Mapping[str, str]) -> Iterator[Seen]:
        """Around one request; `carrier` may hold a caller's `traceparent`."""
        is_id = request_id is not None and len(request_id) <= 64 and _REQUEST_ID.match(request_id)
        seen = Seen(
            door=door, request_id=request_id if is_id and request_id else self._ids.new("req", "", 0), command=command
        )
        context = extract(carrier) if "traceparent" in carrier else None
        began = time.perf_counter()
        with self._tracer.start_as_current_span(
            command or "request", context=context, kind=SpanKind.SERVER, record_exception=False
        ) as span:
            try:
                yield seen
            finally:
                seconds = time.perf_counter() - began
                self._note(seen, seconds)
                if span.is_recording():
                    span.set_attributes(
                        {
                            "mymedic.door": door,
                            "mymedic.command": command,
                            "mymedic.tenant_id": seen.tenant_id,
                            "mymedic.outcome": seen.outcome,
                            "mymedic.code": seen.code,
                            "mymedic.request_id": seen.request_id,
                        }
                    )
                    if seen.status >= 500:
                        span.set_status(StatusCode.ERROR)

    def answered(self, door: str, command: str, outcome: str, code: str = "") -> None:
        """Count one command."""
        self._commands.labels(door, command, outcome, code).inc()

    def _note(self, seen: Seen, seconds: float) -> None:
        self._seconds.labels(seen.door, seen.command).observe(seconds)
        if seen.outcome != "batch":
            self.answered(seen.door, seen.command, seen.outcome, seen.code)
        if _LOG.isEnabledFor(logging.INFO):
            _LOG.info(
                "answered",
                extra={
                    "request_id": seen.request_id,
                    "door": seen.door,
                    "tenant_id": seen.tenant_id,
                    "command": seen.command,
                    "commands": seen.commands,
                    "outcome": seen.outcome,
                    "code": seen.code,
                    "status": seen.status,
                    "ms": round(seconds * 1000, 2),
                },
            )

    def span(self, name: str, **attributes: Any) -> Any:
        return self._tracer.start_as_current_span(name, attributes=attributes)

    def append(self, commands: int) -> Callable[[], None]:
        """A group of commands begins to be decided; call what is returned once it is durable."""
        span = self._tracer.start_span("append", attributes={"mymedic.commands": commands})
        began = time.perf_counter()

        def done() -> None:
            span.end()
            self._group.observe(commands)
            self._append.observe(time.perf_counter() - began)

        return done

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self._registry)


class _Heads(Collector):
    """The last seq of each tenant, read when it is asked for."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def describe(self) -> list[Any]:
        return []  # or registering would read the store

    def collect(self) -> Iterator[GaugeMetricFamily]:
        heads = self._feed.heads()
        each = GaugeMetricFamily("mymedic_head_seq", "The last seq of a tenant's log", labels=["tenant_id"])
        for tenant_id, seq in heads[:TENANTS_NAMED]:
            each.add_metric([tenant_id], seq)
        if len(heads) > TENANTS_NAMED:
            each.add_metric(["others"], sum(seq for _, seq in heads[TENANTS_NAMED:]))
        yield each
        yield GaugeMetricFamily("mymedic_tenants", "Tenants in the store", value=len(heads))


class _Consumers(Collector):
    """How far consumers are behind: the tenants with the longest logs by name, the others together."""

    def __init__(self, followed: Sequence[Standings]) -> None:
        self._followed = followed

    def describe(self) -> list[Any]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ["consumer", "tenant_id"]
        events = GaugeMetricFamily("mymedic_consumer_lag_events", "Events that it has yet to take", labels=labels)
        seconds = GaugeMetricFamily(
            "mymedic_consumer_lag_seconds", "How long the oldest of them has been in the log", labels=labels
        )
        parked = GaugeMetricFamily("mymedic_parked_streams", "Streams that wait for a decision", labels=labels)
        for (consumer, tenant_id), found in _grouped(
            [one for standings in self._followed for one in standings()]
        ).items():
            events.add_metric([consumer, tenant_id], sum(one.events for one in found))
            seconds.add_metric([consumer, tenant_id], max(one.seconds for one in found))
            parked.add_metric([consumer, tenant_id], sum(one.parked for one in found))
        yield from (events, seconds, parked)


def _grouped(standings: Sequence[Standing]) -> dict[tuple[str, str], list[Standing]]:
    named = set(list(dict.fromkeys(one.tenant_id for one in standings))[:TENANTS_NAMED])
    grouped: dict[tuple[str, str], list[Standing]] = {}
    for one in standings:
        grouped.setdefault((one.consumer, one.tenant_id if one.tenant_id in named else "others"), []).append(one)
    return grouped


def watched(app: ASGIApp, watch: Watch) -> ASGIApp:
    """The application with its instruments around it, also where no route or no bearer is found."""

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if not path.startswith("/v1/"):
            scope["state"]["seen"] = Seen(door="http", request_id="")
            await app(scope, receive, send)
            return
        headers = Headers.from_scope(scope)
        with watch.request("http", _word(path), headers.get("x-request-id"), headers) as seen:
            scope["state"]["seen"] = seen

            async def answering(message: Message) -> None:
                if message["type"] == "http.response.start":
                    seen.status = message["status"]
                    message["headers"] = [*message["headers"], (b"x-request-id", seen.request_id.encode())]
                await send(message)

            await app(scope, receive, answering)

    return asgi


def _word(path: str) -> str:
    """One of few: a path that nobody serves must not become a time series."""
    if path.startswith("/v1/webhooks/"):
        return "webhook"
    if path == "/v1/commands:batch":
        return "batch"
    if path == "/v1/identities:lookup":
        return "identities"
    if path.startswith("/v1/audit/"):
        return "audit"
    command = COMMAND_OF_PATH.get(path.removeprefix("/v1/commands/"))
    return command.__name__ if command else "unknown"
