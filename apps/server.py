"""The server: the command API, and beside it reactions, timers and live views, all in one process on loopback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial

import uvicorn

from apps.identity import identity_of
from apps.live import keeping
from apps.logs import log_to_stderr
from apps.webhooks import retry_all, webhook_route
from event_store.api.app import create_app
from event_store.api.batches import COMMAND_LIMIT
from event_store.api.limits import Rate, RateLimits
from event_store.store import Store, open_store
from mymedic.clock import Clock
from mymedic.settings import Settings
from processes.runner import Runner
from projections.worker import open_live

_LOG = logging.getLogger(__name__)
# Reactions look at the log this often; a reader that waits for a hint alone would miss a lost one.
TICK_SECONDS = 0.5
# So many seconds' worth of commands may come at once: a desk that opens, a phone that is back in the network.
BURST_SECONDS = 4


@asynccontextmanager
async def reactions(settings: Settings, store: Store) -> AsyncIterator[None]:
    """Runs the processes of every tenant, and the retries of early webhooks, until the server stops."""
    stopping = asyncio.Event()
    runner = Runner(store.handler)

    async def run() -> None:
        while not stopping.is_set():
            await asyncio.to_thread(_look_after_all, runner, settings, store)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), TICK_SECONDS)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        stopping.set()
        await task


def _look_after_all(runner: Runner, settings: Settings, store: Store) -> None:
    """One round over the tenants. Where one stops, the log says so, the others go on, and it is tried again."""
    try:
        tenants = store.feed.tenants()
    except Exception:
        _LOG.exception("nothing could be looked after; it is tried again")
        return
    for tenant_id in tenants:
        try:
            runner.tick(tenant_id)
            retry_all(settings, store, tenant_id)
        except Exception:
            _LOG.exception("the reactions of %s came to a halt; they are tried again", tenant_id)


def limits_of(settings: Settings, clock: Clock) -> RateLimits:
    tenant, caller = (
        Rate(rate, max(COMMAND_LIMIT, int(rate * BURST_SECONDS)))
        for rate in (settings.rate_tenant, settings.rate_caller)
    )
    return RateLimits(tenant, caller, clock)


def run_server(settings: Settings, port: int, grpc_port: int | None = None) -> None:
    """Serve until interrupted."""
    log_to_stderr(settings.log_level)
    with ExitStack() as opened:
        store = opened.enter_context(open_store(settings))
        live = open_live(settings, store, opened)
        app = create_app(
            store,
            identity_of(settings, store.handler.clock),
            companions=[partial(reactions, settings), keeping(live)],
            doors=[webhook_route(settings, store)],
            limits=limits_of(settings, store.handler.clock),
            home=settings.resolved_home,
            grpc_port=grpc_port,
            followed=[live.standings],
        )
        uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
