"""The server's log: JSON lines on stderr, ours and the libraries', each with its time, level and fields."""

from __future__ import annotations

import logging
import sys

import msgspec
import structlog


def log_to_stderr(level: str) -> None:
    """From now on, for the whole process. What a line says about a request is `event_store.api.watching`'s business."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "httpx"):  # httpx says each call with its URL, which may hold a secret
        logging.getLogger(name).setLevel(logging.WARNING)


def _json(event: object, **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
