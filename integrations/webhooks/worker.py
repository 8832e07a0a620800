"""Delivers to all endpoints of the tenants that this worker has; one that hangs holds up no other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from event_store.subscriptions.endpoints import Endpoint, Endpoints
from event_store.subscriptions.leases import Lease, Leases
from event_store.subscriptions.subscription import Subscription
from integrations.webhooks.outbound import Delivering
from integrations.webhooks.posting import Poster

LEASE = "webhooks"
# Endpoints that are delivered to at once; each has up to `outbound.AT_ONCE` requests on their way.
_THREADS = 16
# A round is as long as this at most, so that leases are renewed while targets hang.
_ROUND_SECONDS = 0.25


@dataclass(slots=True)
class _Line:
    """The way to one endpoint."""

    delivering: Delivering
    subscription: Subscription
    running: Future[bool] | None = None


class WebhookWorker:
    """`line_of` makes the consumer of an endpoint, and the subscription that feeds it."""

    def __init__(
        self,
        endpoints: Endpoints,
        leases: Leases,
        poster: Poster,
        line_of: Callable[[Endpoint], tuple[Delivering, Subscription]],
    ) -> None:
        self._endpoints = endpoints
        self._leases = leases
        self._poster = poster
        self._line_of = line_of
        self._lines: dict[str, _Line] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="webhook")

    def round(self) -> bool:
        """Begin what can begin, and wait a little; whether there is more to be done at once."""
        enabled = [one for one in self._endpoints.list() if one.state == "enabled"]
        self._forget_all_but({one.consumer for one in enabled})
        tenants = sorted({one.tenant_id for one in enabled})
        held = {lease.tenant_id: lease for lease in self._leases.share(LEASE, tenants)} if tenants else {}
        for endpoint in enabled:
            if endpoint.tenant_id in held:
                self._begin(endpoint, held[endpoint.tenant_id])
        running = [line.running for line in self._lines.values() if line.running is not None]
        done, _ = wait(running, _ROUND_SECONDS, FIRST_COMPLETED)
        return any([one.result() for one in done])

    def leave(self) -> None:
        """Finish what has begun, and give the tenants to the other workers."""
        self._threads.shutdown()
        self._leases.leave(LEASE)

    def _begin(self, endpoint: Endpoint, lease: Lease) -> None:
        line = self._lines.get(endpoint.consumer)
        if line is None:
            line = self._lines[endpoint.consumer] = _Line(*self._line_of(endpoint))
        if line.running is None or line.running.done():
            line.delivering.endpoint = endpoint
            line.running = self._threads.submit(line.subscription.work_on, lease)

    def _forget_all_but(self, consumers: set[str]) -> None:
        gone = [name for name, line in self._lines.items() if name not in consumers and _is_idle(line)]
        for name in gone:
            self._poster.forget(self._lines.pop(name).delivering.endpoint.endpoint_id)


def _is_idle(line: _Line) -> bool:
    return line.running is None or line.running.done()
