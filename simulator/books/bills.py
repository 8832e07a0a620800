"""What the books remember of each bill: its lines, what was taken back of it, and the money put against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from simulator.books.records import Visit
from simulator.cast import Branch, Practitioner, Service, Tenant


@dataclass(slots=True, eq=False)
class BillLine:
    """A line at prices with tax inside, as the desk sells; `unit_price_paise` is before the discount."""

    service: Service
    practitioner: Practitioner | None
    unit_price_paise: int
    qty: int = 1
    discount_paise: int = 0

    @property
    def gross_paise(self) -> int:
        return self.qty * self.unit_price_paise

    @property
    def total_paise(self) -> int:
        return self.gross_paise - self.discount_paise

    @property
    def taxable_paise(self) -> int:
        return without_tax(self.total_paise, self.service.gst_bps)


@dataclass(slots=True, eq=False)
class CreditNote:
    """Part of a line taken back, tax inside."""

    at: datetime
    line: BillLine
    total_paise: int


@dataclass(slots=True, eq=False)
class Bill:
    """An invoice. `put_against` is what each payment, by its id, pays of it now."""

    id: str
    branch: Branch
    issued_at: datetime
    lines: list[BillLine]
    visit: Visit | None = None
    credits: list[CreditNote] = field(default_factory=list)
    written_off_paise: int = 0
    put_against: dict[str, int] = field(default_factory=dict)

    @property
    def total_paise(self) -> int:
        return sum(line.total_paise for line in self.lines)

    @property
    def credited_paise(self) -> int:
        return sum(note.total_paise for note in self.credits)

    @property
    def outstanding_paise(self) -> int:
        paid = sum(self.put_against.values())
        return self.total_paise - self.credited_paise - self.written_off_paise - paid

    def put(self, receipt_id: str, paise: int) -> None:
        """Money of a payment goes against the bill, or comes back from it when negative."""
        self.put_against[receipt_id] = self.put_against.get(receipt_id, 0) + paise


@dataclass(slots=True, frozen=True)
class Earning:
    """What one service of one practitioner brought or took back at one moment; amounts are signed."""

    at: datetime
    branch: Branch
    practitioner: Practitioner | None
    specialty_id: str
    service: Service
    is_part: bool
    is_issue: bool
    qty: int
    gross_paise: int
    discount_paise: int
    net_paise: int


def earnings(tenant: Tenant, bills: Sequence[Bill]) -> Iterator[Earning]:
    """Lines and credit notes, packages by their components."""
    for bill in bills:
        for line in bill.lines:
            amounts = (line.qty, line.gross_paise, line.discount_paise, line.taxable_paise)
            yield from _shared(tenant, bill, line, bill.issued_at, True, amounts)
            left, left_net = line.total_paise, line.taxable_paise
            for note in bill.credits:
                if note.line is not line:
                    continue
                is_last = note.total_paise == left
                # the note that takes all that is left takes its tax to the paisa
                net = left_net if is_last else without_tax(note.total_paise, line.service.gst_bps)
                left, left_net = left - note.total_paise, left_net - net
                whole = (line.qty, line.gross_paise, line.discount_paise) if is_last else (0, 0, 0)
                yield from _shared(tenant, bill, line, note.at, False, (*whole, net))


def _shared(
    tenant: Tenant, bill: Bill, line: BillLine, at: datetime, is_issue: bool, amounts: tuple[int, int, int, int]
) -> Iterator[Earning]:
    sign = 1 if is_issue else -1
    qty, *money = amounts
    parts = line.service.parts or [(line.service, 1)]
    weights = [paise for _, paise in parts]
    specialty = line.practitioner.specialty if line.practitioner else line.service.specialty
    for index, (service, _) in enumerate(parts):
        gross, discount, net = (shares(amount, weights)[index] for amount in money)
        yield Earning(
            at=at,
            branch=bill.branch,
            practitioner=line.practitioner,
            specialty_id=tenant.id_of("spc", specialty.id),
            service=service,
            is_part=bool(line.service.parts),
            is_issue=is_issue,
            qty=sign * qty,
            gross_paise=sign * gross,
            discount_paise=sign * discount,
            net_paise=sign * net,
        )


def shares(paise: int, weights: Sequence[int]) -> list[int]:
    """An amount in parts: whole paise first, then one more for the largest remainders, the first of equal ones."""
    whole = sum(weights)
    parts = [paise * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-(paise * weights[index] % whole), index))
    for index in order[: paise - sum(parts)]:
        parts[index] += 1
    return parts


def without_tax(paise: int, gst_bps: int) -> int:
    """The value inside an amount with tax, rounded half up."""
    whole = 10_000 + gst_bps
    return (2 * paise * 10_000 + whole) // (2 * whole)
