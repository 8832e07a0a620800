"""A policy body in words: what an auditor reads beside the figures that it gave."""

from __future__ import annotations

from mymedic.counts import counted
from mymedic.money import rupees_display
from mymedic.policies import CancellationBody, DepositBody, FollowUpBody, PolicyBody, RefundBody


def policy_text(body: PolicyBody) -> tuple[str, ...]:
    """One sentence per rule; every figure of the body is in one of them."""
    match body:
        case CancellationBody():
            return _cancellation(body)
        case DepositBody():
            return _deposit(body)
        case FollowUpBody():
            return _follow_up(body)
        case RefundBody():
            return _refund(body)


def _cancellation(body: CancellationBody) -> tuple[str, ...]:
    base = "of the money held" if body.forfeit_base == "deposit" else "of the price quoted, at most the money held"
    tiers = [
        f"from {duration(tier.min_lead_seconds)} before the start {percent(tier.forfeit_bps)}" for tier in body.tiers
    ]
    return (
        f"A patient who cancels loses {', '.join(tiers)} {base}.",
        f"A patient may move it {counted(body.max_reschedules, 'time')}, until"
        f" {duration(body.min_reschedule_lead_seconds)} before the start;"
        " a move inside a tier keeps that tier's share for any later cancellation.",
        f"From {duration(body.noshow_grace_seconds)} after the start it is a no-show, which loses"
        f" {percent(body.noshow_forfeit_bps)}.",
        "A cancellation by the provider or the system loses nothing.",
    )


def _deposit(body: DepositBody) -> tuple[str, ...]:
    share = f"{percent(body.bps)} of the price" if body.mode == "bps" else rupees_display(body.fixed_paise)
    asked = "No deposit is asked for" if body.mode == "none" else f"The deposit is {share}"
    ceiling = "the price" if body.max_paise is None else f"{rupees_display(body.max_paise)} or the price"
    text = [
        f"{asked}, on {'every channel' if not body.channels else ', '.join(body.channels)}; at least"
        f" {rupees_display(body.min_paise)}, at most {ceiling}.",
        f"A hold waits {duration(body.hold_ttl_seconds)} for it.",
    ]
    if body.noshow_escalation is not None:
        text.append(
            f"From {counted(body.noshow_escalation.threshold, 'no-show')} in the last 365 days on, it is at least"
            f" {percent(body.noshow_escalation.bps)} of the price."
        )
    return tuple(text)


def _follow_up(body: FollowUpBody) -> tuple[str, ...]:
    whom = "the same practitioner" if body.same_practitioner else "any practitioner of the specialty"
    are = "is" if body.free_visits == 1 else "are"
    return (
        f"{counted(body.free_visits, 'follow-up visit')} to {whom} {are} free within"
        f" {counted(body.free_days, 'day')} of the encounter.",
        f"A follow-up may come {counted(body.early_days, 'day')} early and {counted(body.late_days, 'day')} late;"
        f" {counted(body.lapse_days, 'day')} after that it has lapsed.",
    )


def _refund(body: RefundBody) -> tuple[str, ...]:
    return (
        f"Refunds up to {rupees_display(body.auto_approve_limit_paise)} of a payment need no approval; managers approve"
        f" up to {rupees_display(body.manager_limit_paise)}, finance any.",
        f"In cash no more than {rupees_display(body.cash_refund_limit_paise)};"
        f" for {counted(body.max_age_days, 'day')} after the capture.",
    )


def duration(seconds: int) -> str:
    """`4 h`, `1 h 30 min`, `45 s`."""
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def percent(bps: int) -> str:
    """`50 %`, `12.5 %`."""
    whole, rest = divmod(bps, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %" if rest else f"{whole} %"
