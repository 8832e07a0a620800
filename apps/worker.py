"""A process that works beside the servers: all that runs next to the API, and no API."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack

from apps.logs import log_to_stderr
from apps.server import companions_of
from event_store.api.app import Companion
from event_store.store import Store, open_store
from mymedic.settings import Settings
from projections.worker import open_live

_LOG = logging.getLogger(__name__)


def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; what has begun is finished first."""
    log_to_stderr(settings.log_level)
    with ExitStack() as opened:
        store = opened.enter_context(open_store(settings))
        companions = companions_of(settings, open_live(settings, store, opened))
        asyncio.run(_work(store, companions))


async def _work(store: Store, companions: Sequence[Companion]) -> None:
    stopping = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    async with AsyncExitStack() as stack:
        for companion in companions:
            await stack.enter_async_context(companion(store))
        _LOG.info("working")
        await stopping.wait()
