"""The marts of a world, counted row by row from its recon items."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from tests.property.reconciliation.bank_legs import bank_items, session_items
from tests.property.reconciliation.gateway_legs import gateway_items
from tests.property.reconciliation.matching import Item, known, left_of
from tests.property.reconciliation.nearness import compare_sides
from tests.property.reconciliation.terms import local_day
from tests.property.reconciliation.world import World

Row = dict[str, Any]


def reconcile(world: World, as_of: datetime) -> dict[str, Item]:
    """Every recon item of a world by its id."""
    world = known(world, as_of)
    items = {item.item_id: item for leg in (gateway_items, bank_items, session_items) for item in leg(world, as_of)}
    compare_sides(list(items.values()), world)
    return items


def settlement_report(world: World, as_of: datetime) -> list[Row]:
    items = reconcile(world, as_of)
    world = known(world, as_of)
    owner = {line.line_id: item for item in items.values() if item.kind != "batch" for line in item.lines}
    report = []
    for batch in (item for item in items.values() if item.kind == "batch"):
        payments = [one for one in batch.lines if one.entity_type == "payment"]
        refunds = [one for one in batch.lines if one.entity_type == "refund"]
        others = [one for one in batch.lines if one.entity_type in ("adjustment", "transfer")]
        fees, taxes = (sum(getattr(one, what) for one in payments + refunds) for what in ("fee", "tax"))
        adjustments = sum(one.credit - one.debit for one in others)
        gross, repaid = sum(one.amount for one in payments), sum(one.amount for one in refunds)

        def counted(category: str, lines: list[Any] = payments + refunds) -> list[Any]:
            return [one for one in lines if owner[one.line_id].category == category]

        def signed(lines: list[Any]) -> int:
            return sum(-one.amount if one.entity_type == "refund" else one.amount for one in lines)

        orphans, duplicates = counted("orphan_settlement"), counted("duplicate_settlement")
        value_on = min((one.value_on for one in batch.credits), default=None)
        report.append(
            {
                "gateway": batch.gateway,
                "settlement_id": batch.settlement_id,
                "settlement_utr": _utr(batch),
                "settled_on": batch.business_date,
                "payments_n": len(payments),
                "payments_gross_paise": gross,
                "refunds_n": len(refunds),
                "refunds_paise": repaid,
                "adjustments_net_paise": adjustments,
                "fee_paise": fees,
                "tax_paise": taxes,
                "net_paise": gross - repaid + adjustments - fees - taxes,
                "bank_line_id": batch.right_ref,
                "bank_value_on": value_on,
                "bank_paise": batch.right,
                "bank_variance_paise": batch.right - batch.left,
                "matched_n": len(counted("matched")),
                "fee_variance_n": len(counted("matched_fee_variance")),
                "fee_variance_paise": sum(
                    owner[one.line_id].fee_variance
                    for one in payments + refunds
                    if owner[one.line_id].kind != "line" and owner[one.line_id].lines[-1] is one
                ),
                "orphan_n": len(orphans),
                "orphan_paise": signed(orphans),
                "duplicate_n": len(duplicates),
                "duplicate_paise": signed(duplicates),
                "status_conflict_n": len(counted("status_conflict")),
                "days_to_bank": (value_on - batch.business_date).days if value_on else None,
                "batch_class": batch.category,
            }
        )
    return report


def _utr(batch: Item) -> str | None:
    return max((line.utr for line in batch.lines if line.utr), default=None)


def branch_variance(world: World, as_of: datetime) -> list[Row]:
    items = reconcile(world, as_of)
    world = known(world, as_of)
    rows: dict[tuple[date, str, str, str], Row] = {}

    def row(day: date, branch_id: str, channel: str, mode: str) -> Row:
        names = "expected evidenced in_transit on_hold missing short over cash_short cash_over resolved"
        return rows.setdefault(
            (day, branch_id, channel, mode),
            {f"{name}_paise": 0 for name in names.split()} | {"open_items_n": 0, "oldest_age_days": None},
        )

    for item in items.values():
        if item.kind not in ("payment", "refund", "qr", "session"):
            continue
        at = row(item.business_date, item.branch_id, item.channel, item.mode or "")
        if item.status != "posted":
            at["open_items_n"] += 1
            age = (local_day(as_of) - item.aged_from).days
            at["oldest_age_days"] = age if at["oldest_age_days"] is None else max(age, at["oldest_age_days"])
        if item.kind == "session":
            short, over = max(item.left - item.right, 0), max(item.right - item.left, 0)
            at["cash_short_paise"] += short
            at["cash_over_paise"] += over
            at["evidenced_paise"] += over - short
            continue
        sign, rest = -1 if item.kind == "refund" else 1, item.left - item.matched
        at["expected_paise"] += sign * item.left
        at["evidenced_paise"] += sign * (item.matched + item.excess)
        at["over_paise"] += sign * item.excess
        where = {
            "in_transit": "in_transit",
            "qr_in_transit": "in_transit",
            "partially_settled": "in_transit",
            "on_hold": "on_hold",
            "missing_settlement": "missing",
            "qr_missing": "missing",
            "amount_mismatch_short": "short",
            "qr_amount_mismatch": "short",
        }.get(item.category)
        if where:
            at[f"{where}_paise"] += sign * rest
        else:
            assert rest == 0, item
    _drawers(world, row)
    for at in rows.values():
        variance, expected = (
            at["evidenced_paise"] - (at["expected_paise"] - at["in_transit_paise"]),
            at["expected_paise"],
        )
        at["variance_paise"] = variance
        size = (20_000 * abs(variance) + abs(expected)) // (2 * abs(expected)) if expected else None
        at["variance_bps"] = -size if size and variance < 0 else size
    keys = ("business_date", "branch_id", "channel", "mode")
    return [dict(zip(keys, key, strict=True)) | at for key, at in rows.items()]


def _drawers(world: World, row: Any) -> None:
    payments = {one.payment_id: one for one in world.payments}
    closed = {one.cash_session_id for one in world.sessions if one.closed_at}
    moves = [
        (one.captured_at, one.branch_id, left_of(one), one.cash_session_id)
        for one in world.payments
        if one.channel == "drawer" and one.captured_at
    ] + [
        (one.processed_at, payments[one.payment_id].branch_id, -one.amount, one.cash_session_id)
        for one in world.refunds
        if one.destination == "cash"
    ]
    for at, branch_id, amount, session in moves:
        drawer = row(local_day(at), branch_id, "drawer", "cash")
        drawer["expected_paise"] += amount
        drawer["evidenced_paise" if session in closed else "in_transit_paise"] += amount


def leakage(world: World, as_of: datetime) -> list[Row]:
    appointments = {one.appointment_id: one for one in world.appointments}
    payments = {one.payment_id: one for one in world.payments}
    rows: dict[tuple[date, str, str, str, str], Row] = {}
    for item in reconcile(world, as_of).values():
        found = _leak(item)
        if found is None:
            continue
        payment = payments.get(item.payment_id or "")
        appointment = appointments.get(payment.appointment_id or "") if payment else None
        who = (appointment.practitioner_id, appointment.specialty_id) if appointment else ("-1", "-1")
        at = rows.setdefault(
            (item.business_date, item.branch_id, *who, found[0]),
            {"n": 0, "amount_paise": 0, "recoverable_paise": 0, "evidence_ids": []},
        )
        at["n"] += 1
        at["amount_paise"] += found[1]
        at["recoverable_paise"] += 0 if found[0] == "cash_short" else found[1]
        at["evidence_ids"].append(item.item_id)
    keys = ("business_date", "branch_id", "practitioner_id", "specialty_id", "leakage_type")
    return [
        dict(zip(keys, key, strict=True)) | at | {"evidence_ids": ",".join(sorted(at["evidence_ids"]))}
        for key, at in rows.items()
    ]


def _leak(item: Item) -> tuple[str, int] | None:
    rest = item.left - item.right
    found = {"cash_short": ("cash_short", rest), "status_conflict": ("late_auth_uncaptured", item.right)}
    if item.kind in ("payment", "qr"):
        found["missing_settlement"] = found["qr_missing"] = ("missing_settlement", item.left)
        found["amount_mismatch_short"] = found["qr_amount_mismatch"] = ("short_settlement", rest)
        found["matched_fee_variance"] = ("fee_overcharge", item.fee_variance)
    if item.kind == "claim":
        found["claim_missing"], found["claim_amount_mismatch"] = (
            ("missing_settlement", rest),
            ("claim_short_paid", rest),
        )
    leak = found.get(item.category)
    return leak if leak and leak[1] > 0 else None
