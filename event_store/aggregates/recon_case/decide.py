"""The rules of reconciliation cases and periods. What was computed comes in a command: the truth reads no warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from event_store.aggregates.recon_case.commands import (
    CloseFinancialPeriod,
    ReopenReconItem,
    ResolveReconItem,
    RunReconciliation,
)
from event_store.aggregates.recon_case.events import (
    FinancialPeriodClosed,
    OpenItem,
    ReconciliationRun,
    ReconItemReopened,
    ReconItemResolved,
)
from event_store.aggregates.recon_case.state import (
    POSTS_NOTHING_AND_STAYS,
    State,
    case_id,
    last_day,
    period_id,
    yyyymm_of,
)
from mymedic.clock import business_date
from mymedic.counts import counted
from mymedic.deciding import Context, Decision, check, four_eyes
from mymedic.errors import Refused
from mymedic.messages import Command, Event

# Classes whose two sides are equal, or the items would not be in them.
BALANCED = frozenset(
    {
        *("matched", "netted_reversal", "batch_matched", "cash_balanced", "deposit_matched", "qr_matched"),
        "claim_matched",
    }
)
NEEDS_TARGET = frozenset({"link", "correct_entry"})
POSTS_AN_AMOUNT = frozenset({"write_off", "link", "refund_customer"})


def run_reconciliation(state: State, command: RunReconciliation, context: Context) -> Iterator[Event]:
    scope = command.scope
    check(scope.from_ <= scope.to, "VALIDATION_FAILED", "the scope ends before it begins", field="scope")
    check(command.as_of <= context.now, "VALIDATION_FAILED", "as_of is in the future", field="as_of")
    named = [item.recon_item_id for item in command.open_items]
    check(len(set(named)) == len(named), "VALIDATION_FAILED", "an item stands there twice", field="open_items")
    classes = [(total.leg, total.class_) for total in command.totals]
    check(len(set(classes)) == len(classes), "VALIDATION_FAILED", "a class stands there twice", field="totals")
    check(
        command.debits_paise == command.credits_paise,
        "RECON_NOT_BALANCED",
        "the trial balance is not zero: build again, and look at what INV-R4 says",
        difference_paise=command.debits_paise - command.credits_paise,
    )
    for total in command.totals:
        check(
            total.class_ not in BALANCED or total.left_paise == total.right_paise,
            "RECON_NOT_BALANCED",
            f"the two sides of {total.class_} differ",
            leg=total.leg,
            variance_paise=total.right_paise - total.left_paise,
        )
    yield ReconciliationRun(**{name: getattr(command, name) for name in command.__struct_fields__})


def resolve_item(state: State, command: ResolveReconItem, context: Context) -> Iterator[Event]:
    _check_open(yyyymm_of(context.today()), context)
    _check_as_seen(state, command, context)
    check(
        command.target_ref is not None or command.resolution not in NEEDS_TARGET,
        "VALIDATION_FAILED",
        f"{command.resolution} names what it refers to",
        field="target_ref",
    )
    check(
        command.amount_paise > 0 or command.resolution not in POSTS_AN_AMOUNT,
        "AMOUNT_INVALID",
        f"{command.resolution} posts an amount",
        field="amount_paise",
    )
    cosigner = None
    if _needs_two(command, context):
        cosigner = four_eyes(context, "FN", second=("FN", "CM")).id
    yield ReconItemResolved(
        recon_item_id=command.recon_item_id,
        item_hash=command.item_hash,
        resolution=command.resolution,
        target_ref=command.target_ref,
        amount_paise=command.amount_paise,
        note=command.note,
        resolved_on=context.today(),
        cosigned_by=cosigner,
    )


def _check_as_seen(state: State, command: ResolveReconItem, context: Context) -> None:
    """Against the last run that named the item, and against what was done to it since."""
    says = context.guard_detail("recon_item", command.recon_item_id)
    now, _, open_paise = (says or "").partition("#")
    check(
        not now or now == command.item_hash,
        "RECON_ITEM_STALE",
        "the item has changed since; look at it again",
        recon_item_id=command.recon_item_id,
    )
    check(
        not state.settles(command.item_hash) and command.item_hash not in state.replaced_hashes,
        "RECON_ITEM_STALE",
        "somebody has resolved the item since; look at it again",
        recon_item_id=command.recon_item_id,
    )
    check(
        not now or command.resolution not in POSTS_AN_AMOUNT or command.amount_paise <= int(open_paise),
        "AMOUNT_INVALID",
        "more than the item leaves open",
        field="amount_paise",
        open_paise=int(open_paise or 0),
    )


def _needs_two(command: ResolveReconItem, context: Context) -> bool:
    """Above the tenant's limit; and always when money that only the outside knows of becomes income.

    Whatever amount is said, the whole item is off the list afterwards: what it leaves open is weighed too.
    """
    if command.resolution in POSTS_NOTHING_AND_STAYS:
        return False
    is_line = command.recon_item_id.split(":", 2)[1] == "line"
    limit = context.state("tenant", context.tenant_id).settings.recon_limit_paise
    _, _, open_paise = (context.guard_detail("recon_item", command.recon_item_id) or "").partition("#")
    at_stake = max(command.amount_paise, int(open_paise or 0))
    return at_stake > limit or (command.resolution == "write_off" and is_line)


def reopen_item(state: State, command: ReopenReconItem, context: Context) -> Iterator[Event]:
    if state.resolution is None:
        raise Refused("INVALID_STATE", "the item is not resolved", recon_item_id=command.recon_item_id)
    _check_open(yyyymm_of(state.resolution.resolved_on), context)
    _check_open(yyyymm_of(context.today()), context)
    four_eyes(context, "FN", "CM")
    yield ReconItemReopened(recon_item_id=command.recon_item_id, reason=command.reason)


def close_period(state: State, command: CloseFinancialPeriod, context: Context) -> Iterator[Event]:
    check(not state.is_closed, "PERIOD_CLOSED", f"{command.yyyymm} is closed already", yyyymm=command.yyyymm)
    cosigner = four_eyes(context, "FN", "CM")
    run, as_of_date = _closing_run(state, command.yyyymm, context)
    aged = [item.recon_item_id for item in run.open_items if _is_left_too_long(item, as_of_date, context)]
    check(
        not aged,
        "RECON_NOT_BALANCED",
        f"{counted(len(aged), 'item is', 'items are')} open for longer than the carry limit; resolve them first",
        recon_item_ids=aged[:20],
    )
    yield FinancialPeriodClosed(
        yyyymm=command.yyyymm,
        trial_balance_hash=run.trial_balance_hash,
        closed_by=(context.actor.id, cosigner.id),
    )


def _closing_run(state: State, yyyymm: str, context: Context) -> tuple[ReconciliationRun, date]:
    """The run that a close rests on, and its date: over everything, all of the month, and made after its end."""
    run, end = state.run, last_day(yyyymm)
    if run is not None and run.scope.from_ <= end.replace(day=1) and run.scope.to >= end:
        as_of_date = business_date(run.as_of, context.tz)
        if as_of_date > end:
            return run, as_of_date
    raise Refused(
        "RECON_NOT_BALANCED",
        f"no run over everything and the whole of {yyyymm}, made after its end, is recorded",
        yyyymm=yyyymm,
    )


def _is_left_too_long(item: OpenItem, on: date, context: Context) -> bool:
    limit = context.state("tenant", context.tenant_id).settings.carry_limit_days
    if (on - item.opened_on).days <= limit:
        return False
    return not context.state("recon_case", case_id(item.recon_item_id)).settles(item.item_hash)


def _check_open(yyyymm: str, context: Context) -> None:
    """Nothing is posted into a closed period any more, and nothing is taken out of it."""
    is_closed = context.state("recon_case", period_id(yyyymm)).is_closed
    check(not is_closed, "PERIOD_CLOSED", f"{yyyymm} is closed", yyyymm=yyyymm)


DECISIONS: dict[type[Command], Decision] = {
    RunReconciliation: Decision(
        run_reconciliation,
        target=lambda command, context: period_id(yyyymm_of(command.scope.to)),
        creates=None,
    ),
    ResolveReconItem: Decision(
        resolve_item, target=lambda command, context: case_id(command.recon_item_id), creates=None
    ),
    ReopenReconItem: Decision(reopen_item, target=lambda command, context: case_id(command.recon_item_id)),
    CloseFinancialPeriod: Decision(
        close_period, target=lambda command, context: period_id(command.yyyymm), creates=None
    ),
}
