"""What happens to a reconciliation: it is run, its items are resolved and reopened, its period is closed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from mymedic.messages import Count, Event, Id, LongText, Paise, Sha256, SignedPaise, Text, Timestamp, Value

Leg = Literal["L1", "L2", "L3", "L4", "L5", "L6"]
ReconClass = Annotated[str, Meta(pattern=r"^[a-z_]{3,48}(?!\n)$")]
# `leg:kind:id`, as the warehouse names its items; the id of a bank deposit holds what is written on the slip.
ReconItemId = Annotated[str, Meta(pattern=r"^L[1-6]:[a-z_]{2,16}:[^\n]{1,200}(?!\n)$")]
ItemHash = Annotated[str, Meta(pattern=r"^[0-9a-f]{32,64}(?!\n)$")]
Period = Annotated[str, Meta(pattern=r"^[12][0-9]{3}(0[1-9]|1[0-2])(?!\n)$")]
Resolution = Literal[
    "accept_variance", "link", "write_off", "chase_gateway", "refund_customer", "correct_entry", "ignore_test"
]

MONEY = ("financial_gst",)


class RunScope(Value, frozen=True, kw_only=True):
    """Business dates, the last one included; without a gateway and a branch it is everything of the tenant."""

    gateway: Id | None = None
    branch_id: Id | None = None
    from_: date = msgspec.field(name="from")
    to: date

    @property
    def is_whole(self) -> bool:
        return self.gateway is None and self.branch_id is None


class ClassTotal(Value, frozen=True, kw_only=True):
    """What the items of one class of a leg add up to. A left side may be negative: a batch that the gateway is owed."""

    leg: Leg
    class_: ReconClass = msgspec.field(name="class")
    count: Count
    left_paise: SignedPaise
    right_paise: SignedPaise


class OpenItem(Value, frozen=True, kw_only=True):
    """An item that nothing has posted; `open_paise` is what is at stake."""

    recon_item_id: ReconItemId
    item_hash: ItemHash
    opened_on: date
    open_paise: Paise


class ReconciliationRun(Event, frozen=True, kw_only=True):
    """The result of one run over the log up to `input_seq`, whose chain hash is `input_hash`."""

    retention: ClassVar[tuple[str, ...]] = MONEY
    run_id: Id
    as_of: Timestamp
    scope: RunScope
    input_seq: Count
    input_hash: Sha256
    output_hash: Sha256
    totals: tuple[ClassTotal, ...]
    debits_paise: Paise
    credits_paise: Paise
    trial_balance_hash: Sha256
    open_items: tuple[OpenItem, ...] = ()


class ReconItemResolved(Event, frozen=True, kw_only=True):
    """Holds while the item's hash is `item_hash`, and posts on `resolved_on`, the tenant's date.

    `cosigned_by` where the amount took a second person.
    """

    retention: ClassVar[tuple[str, ...]] = MONEY
    recon_item_id: ReconItemId
    item_hash: ItemHash
    resolution: Resolution
    target_ref: Text | None = None
    amount_paise: Paise
    note: LongText
    resolved_on: date
    cosigned_by: Id | None = None


class ReconItemReopened(Event, frozen=True, kw_only=True):
    retention: ClassVar[tuple[str, ...]] = MONEY
    recon_item_id: ReconItemId
    reason: Text


class FinancialPeriodClosed(Event, frozen=True, kw_only=True):
    """`closed_by`: who asked, and who signed beside them."""

    retention: ClassVar[tuple[str, ...]] = MONEY
    yyyymm: Period
    trial_balance_hash: Sha256
    closed_by: tuple[Id, ...]


EVENTS: tuple[type[Event], ...] = (ReconciliationRun, ReconItemResolved, ReconItemReopened, FinancialPeriodClosed)
