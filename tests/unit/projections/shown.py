"""What a projection shows of the events of a scenario: folded in memory, without a database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from event_store.feed import Feed
from event_store.recorded import Recorded
from event_store.states import stream_of
from mymedic.messages import Actor
from projections.projection import Projection
from projections.row import R, Row
from projections.streams import Streams
from projections.view import Key, View
from tests.scenario import Scenario


class _Nothing:
    """No row was stored before."""

    def get(self, row_class: type[Row], key: Key) -> Row | None:
        return None

    def where(self, row_class: type[Row], column: str, value: Any) -> Iterable[Row]:
        return ()


class Shown:
    """`see` folds what a scenario has kept since it was looked at last."""

    def __init__(self, projection: Projection, world: Scenario) -> None:
        self._projection = projection
        self._world = world
        # a log that is read from its first event on is never asked for what came before
        streams = Streams(cast(Feed, None), world.tenant_id, 0, projection.looks_at)
        self._view = View(_Nothing(), streams, projection)
        self.seq = 0
        self.see()

    def see(self) -> Shown:
        for (aggregate, id, happened), at in list(zip(self._world.log, self._world.kept_at, strict=True))[self.seq :]:
            self.seq += 1
            event = Recorded(
                tenant_id=self._world.tenant_id,
                seq=self.seq,
                event_id=f"evt_{self.seq}",
                stream_id=stream_of(aggregate, id),
                stream_version=0,
                event_type=type(happened).__name__,
                schema_version=1,
                branch_id=None,
                patient_id=None,
                admission_id=None,
                claim_id=None,
                appointment_id=None,
                payment_id=None,
                occurred_at=at,
                recorded_at=at,
                causation_id="",
                correlation_id=None,
                command_id=None,
                actor=Actor(type="system", id="test"),
                channel="api",
                policy_version_ids=(),
                event=happened,
            )
            self._view.streams.take(event)
            self._view.begin(self.seq)
            fold = self._projection.folds.get(type(happened))
            if fold is not None:
                fold(event, happened, self._view)
        return self

    def rows(self, row_class: type[R]) -> list[R]:
        """Every row that there is, in the order in which they changed."""
        changed, _ = self._view.changes().get(row_class, ([], []))
        return cast("list[R]", changed)

    def one(self, row_class: type[R], **having: Any) -> R:
        """The only row with these values."""
        (found,) = [
            row for row in self.rows(row_class) if all(getattr(row, name) == value for name, value in having.items())
        ]
        return found
