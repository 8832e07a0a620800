"""A worker that is killed at a step of its third batch; its arguments are HOME, FILE and STEP."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from event_store.feed import Feed, open_feed
from mymedic.clock import ManualClock
from mymedic.settings import Settings
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import Writer, open_read_database
from projections.database.sqlite import SqliteReadDatabase, SqliteWriter
from projections.keeper import Keeper
from tests.integration.projections.live import NOW, smallest

BATCH, LAST = 400, 3
# After which batch the checkpoints may stand: the one before is on its way when the last is read.
STEPS = {
    "read": {LAST - 2, LAST - 1},
    "begun": {LAST - 1},
    "moved on": {LAST - 1},
    "rows written": {LAST - 1},
    "committed": {LAST},
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(home: Path, path: Path, step: str) -> None:
    read, written = 0, 0

    class DyingFeed(Feed):
        def read_wanted(self, *arguments: Any) -> Any:
            nonlocal read
            read += 1
            events = super().read_wanted(*arguments)
            if step == "read" and read == LAST:
                die()
            return events

    class DyingWriter(SqliteWriter):
        def advance(self, *arguments: Any) -> bool:
            nonlocal written
            written += 1
            if step == "begun" and written == LAST:
                die()
            moved = super().advance(*arguments)
            if step == "moved on" and written == LAST:
                die()
            return moved

    original = SqliteReadDatabase.write

    @contextmanager
    def write(self: SqliteReadDatabase, tenant_id: str) -> Iterator[Writer]:
        with original(self, tenant_id):
            yield DyingWriter(self.file, self.file.writer, tenant_id)
            if step == "rows written" and written == LAST:
                die()
        if step == "committed" and written == LAST:
            die()

    SqliteReadDatabase.write = write  # type: ignore[method-assign]
    with open_feed(Settings(home=home)) as feed:
        database = open_read_database(f"sqlite:///{path}", ROWS)
        dying = DyingFeed(feed._ledger, feed._pasts)
        Keeper(dying, database, ManualClock(NOW), PROJECTIONS, batch=BATCH).drain(smallest(feed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
