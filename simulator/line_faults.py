"""Faults of rows in the gateway's file: dropped, late, wrong, doubled, held, split, or somebody else's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date

from simulator.books.records import Line, Receipt
from simulator.calendar import DAY, bank_days_after, day_of, local
from simulator.fees import Fees
from simulator.profile import RUPEE
from simulator.stage import House

# No fault takes more than this part of a settlement away, so that none turns negative by it.
SHARE = 3
TAKING = frozenset({"F01", "F02", "F03", "F30", "F40"})
LATE_BANK_DAYS, HELD_DAYS = 3, 5
LEAST = 100 * RUPEE
ORPHAN, PENALTY = 75_000, 11_800


class LineFaults:
    """Changes rows of a day's file. Rows moved to another day's go to `moved`."""

    def __init__(self, house: House, fees: Fees, moved: dict[date, list[Line]], holidays: list[date]) -> None:
        self._house = house
        self._fees = fees
        self._moved = moved
        self._holidays = holidays
        self._kinds: dict[str, Callable[[Line, Receipt, date], tuple[list[Line], list[Line]]]] = {
            "F01": self._drop,
            "F02": self._delay,
            "F03": self._shorten,
            "F04": self._enlarge,
            "F05": self._overcharge,
            "F06": self._double,
            "F30": self._hold,
            "F40": self._split,
        }

    def apply(self, lines: list[Line], net: int, on: date) -> tuple[list[Line], list[Line]]:
        """(rows that settle today, rows held back) after each due fault has taken one of its own rows."""
        eligible: dict[str, list[Line]] = defaultdict(list)
        for line in lines:
            receipt = line.receipt
            if receipt is None or receipt.is_missed or receipt.is_late or line.is_extra:
                continue
            name = self._house.faults.line_fault(receipt, day_of(line.created_at))
            is_small = name not in TAKING or line.amount_paise * SHARE <= net
            if name in self._kinds and is_small and line.amount_paise >= LEAST:
                eligible[name].append(line)
        settled, held = list(lines), []
        for name in sorted(eligible):
            own = [line for line in eligible[name] if self._house.faults.wants(name, day_of(line.created_at))]
            if own:
                line = own[self._house.faults.pick(name, len(own))]
                assert line.receipt is not None
                line.receipt.fault = name
                instead, back = self._kinds[name](line, line.receipt, on)
                settled[settled.index(line) : settled.index(line) + 1] = instead
                held += back
        return settled + self._strangers(on, net), held

    def _note(self, name: str, receipt: Receipt, expected: str, amount: int, from_: date | None) -> None:
        ids = [receipt.id, receipt.gateway_payment_id or ""]
        self._house.faults.place(
            name,
            leg="L1",
            expected=expected,
            ids=ids,
            branch_id=receipt.branch.id,
            amount_paise=amount,
            detected_from=from_,
        )

    def _drop(self, line: Line, receipt: Receipt, on: date) -> tuple[list[Line], list[Line]]:
        assert receipt.grace_on is not None
        self._note("F01", receipt, "missing_settlement", line.amount_paise, receipt.grace_on + DAY)
        return [], []

    def _delay(self, line: Line, receipt: Receipt, on: date) -> tuple[list[Line], list[Line]]:
        assert receipt.grace_on is not None
        self._moved[bank_days_after(on, LATE_BANK_DAYS, self._holidays)].append(line)
        self._note("F02", receipt, "matched", line.amount_paise, receipt.grace_on + DAY)
        return [], []

    def _delta(self, name: str, line: Line) -> int:
        """A tenth to a third of the amount, in whole rupees."""
        return line.amount_paise // (3 + self._house.faults.pick(name, 8)) // RUPEE * RUPEE

    def _shorten(self, line: Line, receipt: Receipt, on: date) -> tuple[list[Line], list[Line]]:
        delta = self._delta("F03", line)
        assert receipt.grace_on is not None
        self._note("F03", receipt, "amount_mismatch_short", delta, receipt.grace_on + DAY)
        return [self._resized(line, receipt, "short", line.amount_paise - delta)], []

    def _enlarge(self, line: Line, receipt: Receipt, on: date) -> tuple[list[Line], list[Line]]:
        delta = self._delta("F04", line)
        self._note("F04", receipt, "amount_mismatch_over", delta, on)
        return [self._resized(line, receipt, "over", line.amount_paise + delta)], []

    def _overcharge(self, line: Line, receipt: Receipt, on: date) -> tuple[list[Line], list[Line]]:
        """The fee is too high by 1 to 5 per cent of the amount; the tax follows where the contract has one."""
        more = line.amount_paise * (1 + self._house.faults.pick("F05", 5)) // 100
        more_tax = more * 18 // 100 if line.tax_paise else 0
        self._note("F05", receipt, "matched_fee_variance", more + more_tax, on)
        receipt.overcharged_paise = more + more_tax
        charge = (line.fee_paise + more, line.tax_paise + more_tax)
        return [self._resized(line, receipt, "whole", line.amount_paise, charge)], []

    def _double(self, line: Line, receipt: Receipt, on: date) -> tuple[list[Line], list[Line]]:
        later = bank_days_after(on, 1, self._holidays)
        self._moved[later].append(self._resized(line, receipt, "duplicate", line.amount_paise))
        self._note("F06", receipt, "duplicate_settlement", line.amount_paise, later)
        return [line], []

    def _hold(self, line: Line, receipt: Receipt, on: date) -> tuple[list[Line], list[Line]]:
        released = on + HELD_DAYS * DAY
        if not _is_bank_day(released, self._holidays):
            released = bank_days_after(released, 1, self._holidays)
        self._moved[released].append(line)
        self._note("F30", receipt, "on_hold", line.amount_paise, on)
        return [], [self._resized(line, receipt, "held", line.amount_paise)]

    def _split(self, line: Line, receipt: Receipt, on: date) -> tuple[list[Line], list[Line]]:
        """Two rows that add up, amount, fee and tax; the second on the next bank day."""
        first = line.amount_paise // 2 // RUPEE * RUPEE
        fee, tax = line.fee_paise // 2, line.tax_paise // 2
        rest = (line.fee_paise - fee, line.tax_paise - tax)
        later = bank_days_after(on, 1, self._holidays)
        self._moved[later].append(self._resized(line, receipt, "part", line.amount_paise - first, rest))
        self._note("F40", receipt, "partially_settled", line.amount_paise - first, on)
        return [self._resized(line, receipt, "part", first, (fee, tax))], []

    def _resized(
        self, line: Line, receipt: Receipt, role: str, amount: int, charge: tuple[int, int] | None = None
    ) -> Line:
        fee, tax = charge or self._fees.of(receipt, amount)
        credit = amount - fee - tax
        return Line(role, "payment", line.entity_id, amount, fee, tax, credit, 0, line.created_at, receipt)

    def _strangers(self, on: date, net: int) -> list[Line]:
        """Rows that belong to nobody: another merchant's payment (F12) and a penalty (F20)."""
        faults, tenant = self._house.faults, self._house.tenant
        at, rows = local(on, "08:00"), []
        if faults.wants("F12", on) and net > 0:
            amount = ORPHAN + 100 * faults.pick("F12", 500)
            key = tenant.id_of("pay", "stranger", str(on))
            rows.append(Line("orphan", "payment", key, amount, 0, 0, amount, 0, at))
            faults.place(
                "F12", leg="L1", expected="orphan_settlement", ids=[key], amount_paise=amount, detected_from=on
            )
        if faults.wants("F20", on) and net > SHARE * PENALTY:
            key = tenant.id_of("adj", str(on))
            description = "penalty for chargeback handling"
            rows.append(Line("adjustment", "adjustment", key, PENALTY, 0, 0, 0, PENALTY, at, description=description))
            faults.place(
                "F20", leg="L1", expected="unexpected_adjustment", ids=[key], amount_paise=PENALTY, detected_from=on
            )
        return rows

    def split_off_refunds(self, settled: list[Line], net: int, on: date) -> list[Line]:
        """F29: the day's refunds in a settlement of their own, which is then negative; taken out of `settled`.

        `net` is what the whole day comes to without any fault.
        """
        apart = [line for line in settled if line.role == "refund" and not line.is_extra]
        if self._house.faults.is_refunds_day(on):
            return []
        owed = sum(line.debit_paise for line in apart)
        if not apart or net < SHARE * owed or not self._house.faults.wants("F29", on):
            return []
        number = f"setl_{on:%Y%m%d}_{self._house.tenant.index}2"
        self._house.faults.place(
            "F29", leg="L2", expected="batch_carried_negative", ids=[number], amount_paise=owed, detected_from=on
        )
        settled[:] = [line for line in settled if line not in apart]
        return apart


def _is_bank_day(on: date, holidays: list[date]) -> bool:
    return bank_days_after(on - DAY, 1, holidays) == on
