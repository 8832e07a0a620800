"""P5, the live part: what people have said of reconciliation items, and which months are run and closed.

Items are matched in SQL alone. `projections.reconciled` lays these rows over the published items when they are read.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

import msgspec

from event_store.aggregates.recon_case import events as e
from event_store.aggregates.recon_case.state import POSTS_NOTHING_AND_STAYS
from event_store.recorded import Recorded
from mymedic.messages import Event
from projections.projection import Fold, Projection, folds
from projections.row import Row
from projections.view import View


class ReconResolution(Row, frozen=True, kw_only=True):
    """One row per item of which somebody said something. From `item_hash` to `cosigned_by` stands the resolution in
    force, None after the item was reopened; asking the gateway settles nothing and stands apart (`chased_…`).
    """

    table: ClassVar = "proj_recon_resolutions"
    key: ClassVar = ("item_id",)
    lookups: ClassVar = ("target_ref",)
    indexes: ClassVar = (("settled_seq",),)

    item_id: str
    settled_seq: int | None = None
    is_in_force: bool = False
    item_hash: str | None = None
    resolution: e.Resolution | None = None
    target_ref: str | None = None
    amount_paise: int | None = None
    resolved_on: date | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    cosigned_by: str | None = None
    chased_seq: int | None = None
    chased_on: date | None = None
    chased_by: str | None = None


class ReconPeriod(Row, frozen=True, kw_only=True):
    """One row per month: its last run over everything, and whether it is closed."""

    table: ClassVar = "proj_recon_periods"
    key: ClassVar = ("yyyymm",)

    yyyymm: str
    run_id: str | None = None
    run_as_of: datetime | None = None
    run_input_seq: int | None = None
    run_output_hash: str | None = None
    open_items_n: int = 0
    open_paise: int = 0
    is_closed: bool = False
    closed_at: datetime | None = None
    closed_by: tuple[str, ...] = ()
    trial_balance_hash: str | None = None


class ReconCarried(Row, frozen=True, kw_only=True):
    """One row per item that a run over everything has named as open: the first run that did, and the last."""

    table: ClassVar = "proj_recon_carried"
    key: ClassVar = ("item_id",)

    item_id: str
    carried_from_run: str
    last_run: str
    opened_on: date
    item_hash: str
    open_paise: int


def _on_resolved(event: Recorded, happened: e.ReconItemResolved, view: View) -> None:
    row = view.get(ReconResolution, happened.recon_item_id) or ReconResolution(
        tenant_id=event.tenant_id, item_id=happened.recon_item_id
    )
    if happened.resolution in POSTS_NOTHING_AND_STAYS:
        chased = {"chased_seq": event.seq, "chased_on": happened.resolved_on, "chased_by": event.actor.id}
        view.put(msgspec.structs.replace(row, **chased))
        return
    view.put(
        msgspec.structs.replace(
            row,
            settled_seq=event.seq,
            is_in_force=True,
            item_hash=happened.item_hash,
            resolution=happened.resolution,
            target_ref=happened.target_ref,
            amount_paise=happened.amount_paise,
            resolved_on=happened.resolved_on,
            resolved_at=event.occurred_at,
            resolved_by=event.actor.id,
            cosigned_by=happened.cosigned_by,
        )
    )


def _on_reopened(event: Recorded, happened: e.ReconItemReopened, view: View) -> None:
    before = view.get(ReconResolution, happened.recon_item_id)
    view.put(
        ReconResolution(
            tenant_id=event.tenant_id,
            item_id=happened.recon_item_id,
            settled_seq=event.seq,
            chased_seq=before.chased_seq if before else None,
            chased_on=before.chased_on if before else None,
            chased_by=before.chased_by if before else None,
        )
    )


def _on_period(event: Recorded, happened: e.ReconciliationRun | e.FinancialPeriodClosed, view: View) -> None:
    yyyymm = event.stream_id.removeprefix("rcase-period-")
    row = view.get(ReconPeriod, yyyymm) or ReconPeriod(tenant_id=event.tenant_id, yyyymm=yyyymm)
    if isinstance(happened, e.FinancialPeriodClosed):
        row = msgspec.structs.replace(
            row,
            is_closed=True,
            closed_at=event.occurred_at,
            closed_by=happened.closed_by,
            trial_balance_hash=happened.trial_balance_hash,
        )
    elif view.state("recon_case", event.stream_id.removeprefix("rcase-")).run == happened:
        _carry(happened, view)
        row = msgspec.structs.replace(
            row,
            run_id=happened.run_id,
            run_as_of=happened.as_of,
            run_input_seq=happened.input_seq,
            run_output_hash=happened.output_hash,
            open_items_n=len(happened.open_items),
            open_paise=sum(item.open_paise for item in happened.open_items),
            trial_balance_hash=happened.trial_balance_hash,
        )
    else:
        return  # of a part of the tenant, or older than the last one
    view.put(row)


def _carry(run: e.ReconciliationRun, view: View) -> None:
    for item in run.open_items:
        before = view.get(ReconCarried, item.recon_item_id)
        view.put(
            ReconCarried(
                tenant_id=view.tenant_id,
                item_id=item.recon_item_id,
                carried_from_run=before.carried_from_run if before else run.run_id,
                last_run=run.run_id,
                opened_on=item.opened_on,
                item_hash=item.item_hash,
                open_paise=item.open_paise,
            )
        )


_FOLDS: dict[type[Event], Fold] = {e.ReconItemResolved: _on_resolved, e.ReconItemReopened: _on_reopened}

PROJECTION = Projection(
    name="reconciliation",
    version=1,
    rows=(ReconResolution, ReconPeriod, ReconCarried),
    looks_at=frozenset({"recon_case"}),
    folds=_FOLDS | folds(_on_period, e.ReconciliationRun, e.FinancialPeriodClosed),
)
