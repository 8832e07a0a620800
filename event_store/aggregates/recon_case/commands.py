"""What may be asked of a reconciliation case, and of the period that it falls in."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from event_store.aggregates.recon_case.events import (
    ClassTotal,
    ItemHash,
    OpenItem,
    Period,
    ReconItemId,
    Resolution,
    RunScope,
)
from mymedic.messages import Command, Count, Id, LongText, Paise, Sha256, Text, Timestamp


class RunReconciliation(Command, frozen=True, kw_only=True):
    """C87. What the warehouse computed from the log up to `input_seq`, sent in by whoever built it.

    `debits_paise` and `credits_paise` are the sums of the trial balance; `open_items` are those that nothing posted.
    """

    who: ClassVar[frozenset[str]] = frozenset({"FN", "SY", "EN"})
    run_id: Id
    as_of: Timestamp
    scope: RunScope
    input_seq: Count
    input_hash: Sha256
    output_hash: Sha256
    totals: Annotated[tuple[ClassTotal, ...], Meta(max_length=500)]
    debits_paise: Paise
    credits_paise: Paise
    trial_balance_hash: Sha256
    open_items: Annotated[tuple[OpenItem, ...], Meta(max_length=50_000)] = ()


class ResolveReconItem(Command, frozen=True, kw_only=True):
    """C88. `item_hash` is what the person saw; `target_ref` names the item linked to or the correcting command."""

    who: ClassVar[frozenset[str]] = frozenset({"FN"})
    recon_item_id: ReconItemId
    item_hash: ItemHash
    resolution: Resolution
    target_ref: Text | None = None
    amount_paise: Paise
    note: LongText


class ReopenReconItem(Command, frozen=True, kw_only=True):
    """C89."""

    who: ClassVar[frozenset[str]] = frozenset({"FN", "CM"})
    recon_item_id: ReconItemId
    reason: Text


class CloseFinancialPeriod(Command, frozen=True, kw_only=True):
    """C90. `yyyymm` is a month of the tenant's calendar."""

    who: ClassVar[frozenset[str]] = frozenset({"FN", "CM"})
    yyyymm: Period
