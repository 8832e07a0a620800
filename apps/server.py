"""The server: the command API, and beside it the reactions and timers, all in one process on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import uvicorn

from apps.webhooks import retry_all, webhook_route
from event_store.api.app import create_app
from event_store.api.tokens import Tokens
from event_store.store import Store, open_store
from mymedic.settings import Settings
from processes.runner import Runner

# Reactions look at the log this often; a reader that waits for a hint alone would miss a lost one.
TICK_SECONDS = 0.5


def tokens_of(settings: Settings) -> Tokens:
    return Tokens(settings.resolved_home / "keys" / "tokens.json")


@asynccontextmanager
async def reactions(settings: Settings, store: Store) -> AsyncIterator[None]:
    """Runs the processes of every tenant, and the retries of early webhooks, until the server stops."""
    stopping = asyncio.Event()
    runner = Runner(store.handler)

    async def run() -> None:
        while not stopping.is_set():
            for tenant_id in await asyncio.to_thread(store.feed.tenants):
                await asyncio.to_thread(runner.tick, tenant_id)
                await asyncio.to_thread(retry_all, settings, store, tenant_id)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), TICK_SECONDS)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        stopping.set()
        await task


def run_server(settings: Settings, port: int) -> None:
    """Serve until interrupted."""
    with open_store(settings) as store:
        app = create_app(
            store,
            tokens_of(settings),
            companions=[partial(reactions, settings)],
            doors=[webhook_route(settings, store)],
        )
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
