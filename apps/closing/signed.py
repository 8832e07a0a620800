"""Which month was signed, by whom and on which run: read from the log alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from apps.closing.run import last_day, run_of
from event_store.aggregates.recon_case.events import FinancialPeriodClosed, ReconciliationRun
from event_store.aggregates.recon_case.state import State, evolve, period_id
from event_store.recorded import Recorded
from event_store.states import stream_of
from event_store.store import Store
from exports.warehouse import opened
from mymedic.errors import Refused
from pipelines.build import Line, build_shard
from pipelines.shards import shard_of


class Signed(NamedTuple):
    """A closed month: the run that the close rests on, and the close."""

    tenant_id: str
    month: str
    run: ReconciliationRun
    close: Recorded

    @property
    def closed_by(self) -> tuple[str, ...]:
        assert isinstance(self.close.event, FinancialPeriodClosed)
        return self.close.event.closed_by


def signed_month(store: Store, tenant_id: str, month: str) -> Signed:
    """The month as it was closed; NOT_FOUND while it is open."""
    state = State()
    for told in store.feed.stream(tenant_id, stream_of("recon_case", period_id(f"{last_day(month):%Y%m}"))):
        if isinstance(told.event, FinancialPeriodClosed):
            assert state.run is not None  # nobody closes a month without one
            return Signed(tenant_id, month, state.run, told)
        evolve(state, told.event)
    raise Refused("NOT_FOUND", f"{month} is not closed; see `mymedic close`", month=month)


def warehouse_then(line: Line, signed: Signed, *, is_rebuilt: bool) -> Path:
    """A warehouse of what was known when the month was signed: one that is there, or `is_rebuilt` from the log.

    RECON_NOT_BALANCED when its figures are not those that were signed.
    """
    tenant_id, as_of = signed.tenant_id, signed.run.as_of
    kept = [line.published_path(tenant_id), line.published_path(tenant_id, as_of)]
    path = next((path for path in kept if not is_rebuilt and _knows_up_to(path) == as_of), None)
    if path is None:
        report = build_shard(line, shard_of(line.feed, tenant_id), [tenant_id], as_of=as_of)
        path = report.published[tenant_id].path
    run, now = signed.run, run_of(path, line.feed, tenant_id, signed.month)
    for name in ("input_seq", "input_hash", "totals", "open_items", "trial_balance_hash"):
        if getattr(run, name) != getattr(now, name):
            raise Refused(
                "RECON_NOT_BALANCED",
                f"a build as of {as_of.isoformat()} has another {name} than the run that was signed",
                run_id=run.run_id,
                field=name,
            )
    return path


def _knows_up_to(path: Path) -> datetime | None:
    if not path.exists():
        return None
    with opened(path) as connection:
        (found,) = connection.execute("SELECT as_of_at FROM build_info").fetchall()
    moment: datetime | None = found[0]
    return moment
