"""`/health`: the process answers. `/ready`: it could also keep a command, now. `/metrics`: for Prometheus."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

from litestar import Request, Response, get

from event_store.api.problems import problem
from event_store.committer import GroupCommitter
from event_store.store import Store
from mymedic.messages import ErrorBody

_LOG = logging.getLogger(__name__)
PATIENCE_SECONDS = 5.0


@get("/health", summary="Whether the process answers", sync_to_thread=False, security=[{}])
def health() -> dict[str, str]:
    return {"status": "ok"}


@get("/ready", summary="Whether a command could be kept now", security=[{}])
async def ready(request: Request[Any, Any, Any]) -> Response[Any]:
    """503 names what is not as it should be: `store` does not answer, `disk` takes no file, `writer` is dead."""
    app = request.app
    failing = await _failing(app.state.store, app.state.committer, app.state.home)
    if failing:
        return problem(
            ErrorBody(
                code="STORE_UNAVAILABLE",
                message=f"not ready: {', '.join(failing)}",
                details={"failing": failing},
                retryable=True,
            )
        )
    return Response(content={"status": "ready"}, status_code=200)


@get("/metrics", summary="Counters and times, as Prometheus reads them", media_type="text/plain", security=[{}])
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    text = await asyncio.to_thread(request.app.state.watch.exposition)
    return Response(content=text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def _failing(store: Store, committer: GroupCommitter, home: Path | None) -> list[str]:
    failing = [] if committer.is_alive else ["writer"]
    try:
        await asyncio.wait_for(asyncio.to_thread(store.feed.heads), PATIENCE_SECONDS)
    except Exception as error:  # whatever a driver raises: the store does not answer
        _LOG.warning("the store does not answer", exc_info=error)
        failing.append("store")
    if home is not None:
        try:
            await asyncio.wait_for(asyncio.to_thread(_write_probe, home), PATIENCE_SECONDS)
        except (OSError, TimeoutError) as error:
            _LOG.warning("the disk takes no file", exc_info=error)
            failing.append("disk")
    return failing


def _write_probe(folder: Path) -> None:
    """As much as one small commit, made durable: a full disk may take an empty file and nothing more."""
    path = folder / f".ready.{os.getpid()}"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, b"x" * 4096)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
        path.unlink()
