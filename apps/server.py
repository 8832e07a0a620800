"""The server: the command API, and beside it reactions, timers and live views, all in one process on loopback."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial

import uvicorn

from apps.auditing import PublishedBooks
from apps.following import following, hearing
from apps.identity import identity_of
from apps.live import keeping
from apps.logs import log_to_stderr
from apps.ports import listening, require_free
from apps.processing import read_processes
from apps.recon_items import WarehouseItems
from apps.webhooks import retry_all, webhook_route
from event_store.api.app import Companion, create_app
from event_store.api.batches import COMMAND_LIMIT
from event_store.api.limits import Rate, RateLimits
from event_store.retention.identity import PersonalData
from event_store.store import Store, open_store
from event_store.subscriptions.leases import Leases, new_holder
from event_store.subscriptions.worker import running
from mymedic.clock import Clock
from mymedic.ids import UlidFactory
from mymedic.settings import Settings
from processes.runner import Runner
from processes.world import CONSUMER
from projections.api.catalogue import query_routes
from projections.api.views import Views
from projections.worker import Live, open_live

_LOG = logging.getLogger(__name__)
# Between two rounds of reactions, though commands come without end; and between two of their transactions, so that
# commands that wait for the writer's turn get it.
BREATH_SECONDS, PAUSE_SECONDS = 0.05, 0.001
# So many seconds' worth of commands may come at once: a desk that opens, a phone that is back in the network.
BURST_SECONDS = 4
# Phones that listen for changes would hold up the end of a server for minutes; they come again.
PARTING_SECONDS = 5


@asynccontextmanager
async def reactions(settings: Settings, store: Store) -> AsyncIterator[None]:
    """Runs the processes and the retries of early webhooks of the tenants that are this server's, until it stops."""
    clock = store.handler.clock
    leases = Leases(store.ledger, new_holder(UlidFactory(clock)), clock, settings.lease_seconds)
    runner = Runner(store.handler, partial(time.sleep, PAUSE_SECONDS))

    def round() -> bool:
        _look_after_all(runner, leases, settings, store)
        time.sleep(BREATH_SECONDS)
        return False

    with running("reactions", store.handler.hints, round, partial(leases.leave, CONSUMER)):
        yield


def _look_after_all(runner: Runner, leases: Leases, settings: Settings, store: Store) -> None:
    """One round over the tenants that this server has among those that share the work.

    Where one stops, the log says so, the others go on, and it is tried again.
    """
    for lease in leases.share(CONSUMER, store.feed.tenants()):
        try:
            runner.tick(lease.tenant_id)
            retry_all(settings, store, lease.tenant_id)
        except Exception:
            _LOG.exception("the reactions of %s came to a halt; they are tried again", lease.tenant_id)


def companions_of(settings: Settings, live: Live) -> list[Companion]:
    """What runs beside the API, or in a worker without one."""
    live_views = keeping(live, settings.lease_seconds)
    return [hearing, partial(reactions, settings), live_views, partial(following, settings)]


def limits_of(settings: Settings, clock: Clock) -> RateLimits:
    tenant, caller = (
        Rate(rate, max(COMMAND_LIMIT, int(rate * BURST_SECONDS)))
        for rate in (settings.rate_tenant, settings.rate_caller)
    )
    return RateLimits(tenant, caller, clock)


def run_server(settings: Settings, port: int, grpc_port: int | None = None) -> int:
    """Serve until interrupted; the exit code is 1 where it could not begin, and the log says why."""
    with ExitStack() as opened:
        listener = opened.enter_context(listening(port))
        if grpc_port is not None:
            require_free(grpc_port, "grpc-port")
        log_to_stderr(settings.log_level)
        store = opened.enter_context(open_store(settings))
        live = open_live(settings, store, opened)
        views = Views(live.database, store, PersonalData(store.handler), WarehouseItems(settings.warehouse_dir))
        app = create_app(
            store,
            identity_of(settings, store.handler.clock),
            companions=companions_of(settings, live),
            doors=[webhook_route(settings, store)],
            limits=limits_of(settings, store.handler.clock),
            home=settings.resolved_home,
            grpc_port=grpc_port,
            followed=[live.standings],
            books=PublishedBooks(settings),
            queries=[*query_routes(views), read_processes],
        )
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=PARTING_SECONDS)
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
        return 0 if server.started else 1
