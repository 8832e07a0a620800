"""A target over HTTP that does what a test tells it, and an endpoint that is delivered to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from event_store.subscriptions.backoff import BackOff
from event_store.subscriptions.endpoints import Endpoint, Endpoints
from event_store.subscriptions.leases import Leases
from event_store.subscriptions.parking import LedgerParking
from event_store.subscriptions.subscription import Subscription
from integrations.cloudevents import Envelopes
from integrations.webhooks.addresses import Reach
from integrations.webhooks.outbound import Delivering
from integrations.webhooks.posting import SECONDS, Poster
from mymedic.ids import UlidFactory
from tests.integration.ledger.conftest import Bench, bench, engine_url
from tests.integration.ledger.people import TENANT

__all__ = ["bench", "engine_url"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATIENCE = 1.0  # seconds that a target which hangs has in these tests
_CHUNK = 64 * 1024


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def seq(self) -> int:
        return int(msgspec.json.decode(self.body)["sequence"])


@dataclass
class Target:
    """`answers`: what to answer to a delivery; 200 when it says nothing. `sent`: bytes of bodies that were let go."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: Callable[[Got], int | tuple[int, dict[str, str]] | None] = lambda got: None
    body: bytes = b"ok"
    sent: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def hanging(self, _: Got) -> int:
        """An answer that comes when the test is over, and nobody waits for it any more."""
        self.over.wait()
        return 200

    @property
    def seqs(self) -> list[int]:
        return [one.seq for one in self.got]


@pytest.fixture
def target() -> Iterator[Target]:
    target, mutex = Target(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got = Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            with mutex:
                target.got.append(got)
            said = target.answers(got) or 200
            status, headers = said if isinstance(said, tuple) else (said, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(target.body)))
            self.end_headers()
            try:
                for start in range(0, len(target.body), _CHUNK):
                    target.sent += self.wfile.write(target.body[start : start + _CHUNK])
            except OSError:
                self.close_connection = True

        do_GET = do_POST

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    target.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield target
    target.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def endpoints(bench: Bench) -> Endpoints:
    return Endpoints(bench.store.ledger, bench.store.vault, bench.clock, UlidFactory(bench.clock))


@pytest.fixture
def patience() -> float:
    """Seconds that a target has; tests in which one hangs say less."""
    return SECONDS


@pytest.fixture
def poster(patience: float) -> Iterator[Poster]:
    poster = Poster(Reach(["127.0.0.0/8"], allows_http=True), patience)
    yield poster
    poster.close()


Line = tuple[Delivering, Subscription]


@pytest.fixture
def line(bench: Bench, endpoints: Endpoints, poster: Poster) -> Callable[..., Line]:
    """The way to an endpoint, as a worker makes it."""

    def made(endpoint: Endpoint, disabled_after: int = 5, **settings: Any) -> Line:
        store = bench.store
        envelopes = Envelopes(store.vault.patient_key)
        delivering = Delivering(endpoint, endpoints, poster, envelopes, bench.clock, disabled_after)
        back_off = BackOff(bench.clock, lambda: 1.0, first=1.0, longest=3_600.0)
        leases, parking = Leases(store.ledger, "one", bench.clock), LedgerParking(store.ledger, bench.clock)
        return delivering, Subscription(
            store.ledger, store.feed, delivering, leases, parking, back_off, cut=delivering.cut, **settings
        )

    return made


def registered(endpoints: Endpoints, target: Target, *event_types: str, from_seq: int = 0) -> Endpoint:
    return endpoints.add(TENANT, target.url, event_types, SECRET, from_seq)
