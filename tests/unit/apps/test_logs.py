"""What the server's log leaves out."""

from __future__ import annotations

import logging

import pytest

from apps.logs import log_to_stderr


def test_a_url_that_is_called_is_not_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Many receivers know their callers by a secret in the URL."""
    for logger in (logging.getLogger(name) for name in (None, "uvicorn", "uvicorn.error", "httpx")):
        monkeypatch.setattr(logger, "handlers", logger.handlers)
        monkeypatch.setattr(logger, "level", logger.level)
    log_to_stderr("info")
    logging.getLogger("httpx").info("HTTP Request: POST https://hooks.example/T0/secret")
    logging.getLogger("mymedic").info("as always")
    told = capsys.readouterr().err
    assert "as always" in told and "hooks.example" not in told
