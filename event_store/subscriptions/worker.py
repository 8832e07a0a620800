"""Runs subscriptions in threads of their own: one that hangs holds up nobody else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from event_store.subscriptions.hints import Bell, Hints
from mymedic.errors import Refused

_LOG = logging.getLogger(__name__)
# Whoever waits for a hint alone would miss a lost one.
POLL_SECONDS = 0.5


@contextmanager
def running(name: str, hints: Hints, round: Callable[[], bool], leave: Callable[[], None]) -> Iterator[None]:
    """Meanwhile, a thread that makes rounds: again at once while there is more, else at the next hint or look."""
    stopping = threading.Event()

    def run(bell: Bell) -> None:
        while not stopping.is_set():
            try:
                goes_on = round()
            except Exception:
                _LOG.exception("%s came to a halt; it is tried again", name)
                stopping.wait(POLL_SECONDS)
                continue
            if not goes_on:
                bell.wait(POLL_SECONDS)
        try:
            leave()
        except Refused as refusal:  # its leases end by themselves
            _LOG.warning("%s could not give back its leases: %s", name, refusal)

    with hints.bell() as bell:
        thread = threading.Thread(target=run, args=(bell,), name=name, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            bell.ring()
            thread.join()
