"""What branches are compared by: every numerator and denominator, where and when it belongs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from simulator.books.bills import Bill, earnings
from simulator.books.followup_adherence import is_due, outcome
from simulator.books.items import NOBODY, TIMING, Item
from simulator.books.noshow_patterns import attendance
from simulator.books.procedure_conversion import is_converted, is_matured
from simulator.books.records import Receipt, Visit
from simulator.calendar import day_of
from simulator.stage import House

CONSULTATIONS = ("consultation", "tele_consultation", "follow_up")
# Paise of an hour over minutes: sixty times the paise.
MINUTES = 60


class Part(NamedTuple):
    """`units` are the things that are counted in the denominator, or stand behind its paise or minutes."""

    on: date
    branch_id: str
    specialty_id: str
    metric: str
    num: int
    den: int
    units: int


def parts(house: House, items: Iterable[Item], as_of: datetime) -> Iterator[Part]:
    for visit in house.ledger.visits:
        yield from _of_visit(house, visit, as_of)
    yield from _of_slots(house, as_of)
    yield from _of_lines(house)
    for bill in house.ledger.bills:
        yield _of_bill(house, bill)
    for receipt in house.ledger.receipts:
        yield from _of_money(house, receipt)
    for followup in house.ledger.followups:
        if is_due(followup, day_of(as_of)):
            seen = followup.visit
            place = (followup.counted[0], seen.branch.id, _specialty(house, seen))
            came = outcome(followup, day_of(as_of))
            yield Part(*place, "followup_adherence", int(came == "adherent"), 1, 1)
    for advice in house.ledger.advices:
        if advice.advised_at is not None and is_matured(advice, as_of):
            specialty_id = house.tenant.id_of("spc", advice.specialty.id)
            place = (day_of(advice.advised_at), advice.branch.id, specialty_id)
            yield Part(*place, "procedure_conversion", int(is_converted(advice)), 1, 1)
    for item in items:
        if item.is_open and item.class_ not in TIMING and item.branch_id != NOBODY:
            variance = abs(item.right - item.left)
            place = (item.business_date, item.branch_id, _specialty(house, item.visit))
            yield Part(*place, "recon_variance_bps", variance, 0, 0)


def _specialty(house: House, visit: Visit | None) -> str:
    return house.tenant.id_of("spc", visit.practitioner.specialty.id) if visit is not None else NOBODY


def _of_visit(house: House, visit: Visit, as_of: datetime) -> Iterator[Part]:
    if visit.booked_at is None or visit.status == "error":
        return
    place = (day_of(visit.start_at), visit.branch.id, _specialty(house, visit))
    came = attendance(visit, as_of)
    if came in ("kept", "noshow"):
        yield Part(*place, "noshow_rate", int(came == "noshow"), 1, 1)
    by_patient = visit.status == "cancelled" and visit.initiator == "patient"
    yield Part(*place, "cancel_rate_patient", int(by_patient), 1, 1)
    if visit.status == "fulfilled" and visit.price_paise and visit.service.kind in CONSULTATIONS:
        yield Part(*place, "realised_price", 0, 1, 1)
    required, paid = visit.deposit_required_paise, visit.deposit_paid_paise
    if required or paid:
        yield Part(*place, "deposit_coverage", paid, required, int(required > 0))


def _of_slots(house: House, as_of: datetime) -> Iterator[Part]:
    seen: dict[str, int] = {}
    for visit in house.ledger.visits:
        if visit.status == "fulfilled":
            seen[visit.slot.id] = seen.get(visit.slot.id, 0) + 1
    for branch in house.tenant.branches.values():
        for sitting in branch.sittings:
            specialty_id = house.tenant.id_of("spc", sitting.practitioner.specialty.id)
            for on, slots in sitting.slots.items():
                for slot in slots:
                    if slot.end_at > as_of or slot.is_retired:
                        continue
                    place = (on, branch.id, specialty_id)
                    tokens = 0 if slot.blocked_minutes else slot.capacity
                    if tokens:
                        yield Part(*place, "utilisation", seen.get(slot.id, 0), tokens, tokens)
                    minutes = slot.minutes - slot.blocked_minutes
                    if minutes:
                        yield Part(*place, "revenue_per_available_hour", 0, minutes, tokens)


def _of_lines(house: House) -> Iterator[Part]:
    for one in earnings(house.tenant, house.ledger.bills):
        place = (day_of(one.at), one.branch.id, one.specialty_id)
        yield Part(*place, "revenue_per_available_hour", MINUTES * one.net_paise, 0, 0)
        yield Part(*place, "discount_rate", one.discount_paise, one.gross_paise, int(one.is_issue))
        if one.service.kind in CONSULTATIONS and not one.is_part:
            yield Part(*place, "realised_price", one.net_paise, 0, 0)


def _of_bill(house: House, bill: Bill) -> Part:
    paid = sum(bill.put_against.values())
    place = (day_of(bill.issued_at), bill.branch.id, _specialty(house, bill.visit))
    return Part(*place, "collection_rate", paid, bill.total_paise - bill.credited_paise, 1)


def _of_money(house: House, receipt: Receipt) -> Iterator[Part]:
    if receipt.captured_at is None:
        return
    place = (day_of(receipt.captured_at), receipt.branch.id, _specialty(house, receipt.appointment))
    refunded = sum(refund.amount_paise for refund in receipt.refunds if refund.processed_at)
    yield Part(*place, "refund_rate", refunded, receipt.amount_paise, 1)
    yield Part(*place, "recon_variance_bps", 0, receipt.amount_paise, 1)
