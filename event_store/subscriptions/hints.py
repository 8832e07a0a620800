"""Waking those who follow the log: at once after a commit in this process, soon after one elsewhere."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from event_store.ledger.news import news_of
from event_store.ledger.session import Ledger
from mymedic.errors import Refused

_LOG = logging.getLogger(__name__)
# Others hear of all that was committed meanwhile at once: a NOTIFY for each would cost as much as the commits.
TOLD_EVERY = 0.02
_HEARS_FOR = 0.25


class Bell:
    """One waiter's. Rung while nobody waits, it lets the next wait through."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Until it is rung, or for so many seconds; whether it was. Then it is silent again."""
        rung = self._rung.wait(seconds)
        self._rung.clear()
        return rung


class Hints:
    """`ring` after each commit; each follower waits on a bell of its own. A hint holds nothing and may be lost."""

    def __init__(self) -> None:
        self._bells: tuple[Bell, ...] = ()
        self._mutex = threading.Lock()
        self._untold = threading.Event()

    def ring(self) -> None:
        """Something was committed by this process."""
        self._untold.set()
        self._ring_here()

    def _ring_here(self) -> None:
        for bell in self._bells:
            bell.ring()

    @contextmanager
    def bell(self) -> Iterator[Bell]:
        """A bell, as long as somebody listens to it."""
        bell = Bell()
        with self._mutex:
            self._bells = (*self._bells, bell)
        try:
            yield bell
        finally:
            with self._mutex:
                self._bells = tuple(one for one in self._bells if one is not bell)

    @contextmanager
    def across_processes(self, ledger: Ledger) -> Iterator[None]:
        """Meanwhile, commits of other processes ring here too, and they are told of ours."""
        stopping = threading.Event()
        threads = [
            threading.Thread(target=work, args=(ledger, stopping), name=f"news-{work.__name__}", daemon=True)
            for work in (self._hear, self._tell)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stopping.set()
            self._untold.set()
            for thread in threads:
                thread.join()

    def _hear(self, ledger: Ledger, stopping: threading.Event) -> None:
        with closing(news_of(ledger)) as news:
            while not stopping.is_set():
                try:
                    heard = news.wait(_HEARS_FOR)
                except Refused as refusal:
                    _LOG.warning("no news of other processes: %s", refusal)
                    stopping.wait(1.0)
                    continue
                if heard:
                    self._ring_here()

    def _tell(self, ledger: Ledger, stopping: threading.Event) -> None:
        with closing(news_of(ledger)) as news:
            while not stopping.is_set():
                self._untold.wait()
                self._untold.clear()
                news.tell()
                stopping.wait(TOLD_EVERY)
