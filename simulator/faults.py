"""Where things go wrong: an exact number of each fault, each in a place of its own.

Every fault has cells (branch and day, or batches) that no other fault may touch, dealt out by position alone. So
whether one fault is on never decides where another lands, and each changes figures that no other changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from mymedic.errors import Refused
from simulator.books.records import Fault, Receipt
from simulator.desk import SimulationError
from simulator.draws import Dice, Draws
from simulator.profile import Profile

# Faults of a row of a gateway's file (F11: of its webhook), of a webhook's delivery, of a payment's later life, of a
# refund, and of a cash drawer.
LINE = ("F01", "F02", "F03", "F04", "F05", "F06", "F11", "F30", "F40")
WEBHOOK = ("F08", "F09", "F10")
LIFE = ("F14", "F18", "F19")
REFUND = ("F15", "F16", "F17")
DRAWER = ("F21", "F22", "F23", "F24")
# Faults of a payer's transfer, told by the claim's id.
PAYER = ("F31", "F32")
NAMES: dict[str, str] = {
    "F01": "missing_settlement_row",
    "F02": "late_settlement_row",
    "F03": "amount_short",
    "F04": "amount_over",
    "F05": "fee_overcharge",
    "F06": "duplicate_settlement",
    "F07": "file_redelivery",
    "F08": "duplicate_webhook",
    "F09": "out_of_order_webhook",
    "F10": "bad_signature",
    "F11": "missed_webhook",
    "F12": "orphan_line",
    "F13": "late_capture",
    "F14": "double_capture",
    "F15": "refund_fail_then_retry",
    "F16": "refund_final_fail",
    "F17": "missing_refund_debit",
    "F18": "chargeback_lost",
    "F19": "chargeback_won",
    "F20": "unexpected_adjustment",
    "F21": "cash_short",
    "F22": "cash_over",
    "F23": "deposit_missing",
    "F24": "deposit_mismatch",
    "F25": "batch_bank_mismatch",
    "F26": "batch_missing_bank",
    "F27": "qr_missing",
    "F28": "qr_orphan_credit",
    "F29": "negative_batch",
    "F30": "on_hold_released_later",
    "F31": "claim_short_paid",
    "F32": "claim_bank_missing",
    "F33": "unbilled_service",
    "F34": "forfeit_not_taken",
    "F35": "deposit_waived",
    "F36": "free_followup_misuse",
    "F37": "excess_discount",
    "F38": "offline_doctor_command",
    "F39": "cross_tenant_poison",
    "F40": "split_settlement",
}
# Aimed at this share of the days, and not at the last ones, so that there is time left to find a place and to see the
# fault come out: a branch of a small chain meets a fault every nine days.
AIM, SPARE_DAYS = 0.6, 10
# Faults that pass by themselves are aimed so many days before the midpoint and the end, to be seen there.
PASSING = {"F02": 5, "F30": 4, "F38": 0, "F40": 4}
# Coprime with the sizes of the groups above: every branch meets every fault of a group within as many days.
STRIDE = 5


def chosen(text: str) -> frozenset[str]:
    """The faults that `none`, `all` or a list like `F01,F05` names."""
    if text == "none":
        return frozenset()
    if text == "all":
        return frozenset(NAMES)
    wanted = frozenset(part.strip() for part in text.split(","))
    unknown = sorted(wanted - set(NAMES))
    if unknown:
        raise Refused("VALIDATION_FAILED", f"no such fault: {', '.join(unknown)}", field="faults", known=sorted(NAMES))
    return wanted


class Faults:
    """The faults of one tenant: how many of each are wanted, from which day on, and which were placed."""

    def __init__(
        self, tenant_id: str, counts: Mapping[str, int], enabled: Iterable[str], profile: Profile, draws: Draws
    ) -> None:
        on = set(enabled)
        self._first = profile.start_on
        self._groups: dict[tuple[str, ...], tuple[str, ...]] = {
            group: tuple(name for name in group if name in counts) for group in (LINE, WEBHOOK, LIFE, REFUND, DRAWER)
        }
        self._aims = {
            name: _aims(name, count, profile, draws.of("fault", tenant_id, name))
            for name, count in counts.items()
            if name in on
        }
        self.placed: list[Fault] = []
        self._numbers: dict[str, int] = {}
        self._tenant_id = tenant_id
        self._draws = draws

    def wants(self, name: str, on: date) -> bool:
        """Whether the next of this fault is due by that day."""
        aims = self._aims.get(name, ())
        number = self._numbers.get(name, 0)
        return number < len(aims) and aims[number] <= (on - self._first).days

    def cell(self, group: tuple[str, ...], branch_index: int, on: date) -> str:
        """The only fault of a group that may happen at a branch on a day; empty when the tenant has none of them."""
        names = self._groups[group]
        return names[(branch_index + STRIDE * (on - self._first).days) % len(names)] if names else ""

    def line_fault(self, receipt: Receipt, on: date) -> str:
        """The fault that a gateway payment's row (or its webhook, F11) may have."""
        return "" if receipt.is_extra or _is_set_apart(receipt) else self.cell(LINE, receipt.branch.index, on)

    def payment_fault(self, receipt: Receipt) -> str:
        """The fault that a gateway payment may have: what becomes of a paid bill, else the delivery of its webhooks."""
        if receipt.is_extra or not _is_set_apart(receipt):
            return ""
        names = self._groups[WEBHOOK] if receipt.purpose == "deposit" else self._groups[LIFE] or self._groups[WEBHOOK]
        return names[_number(receipt.id) % len(names)] if names else ""

    def refund_fault(self, number: int) -> str:
        """The fault that the so-manieth refund may have, of those that would be settled on a day of theirs."""
        names = self._groups[REFUND]
        return names[number % len(names)] if names else ""

    def is_refunds_day(self, on: date) -> bool:
        """Every other day's refunds may have faults of their own; on the others they may be settled apart (F29)."""
        return (on - self._first).days % 2 == 1

    def pick(self, name: str, size: int) -> int:
        """Which of so many eligible items the next of this fault takes."""
        number = self._numbers.get(name, 0)
        return self._draws.of("fault place", self._tenant_id, name, number).between(0, size - 1)

    def place(
        self,
        name: str,
        *,
        leg: str,
        expected: str,
        ids: Iterable[str],
        branch_id: str = "-1",
        amount_paise: int = 0,
        detected_from: date | None = None,
    ) -> None:
        """Note that a fault has been put somewhere."""
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        self.placed.append(Fault(name, number, leg, expected, list(ids), branch_id, amount_paise, detected_from))

    def check_all_placed(self) -> None:
        """Exact counts are promised: a fault that found no place is an error of the profile."""
        for name, aims in self._aims.items():
            if self._numbers.get(name, 0) != len(aims):
                found = self._numbers.get(name, 0)
                raise SimulationError(f"{self._tenant_id}: {name} {NAMES[name]} has {found} places, not {len(aims)}")


def _aims(name: str, count: int, profile: Profile, dice: Dice) -> list[int]:
    """From which day on each of a fault is wanted, spread over the first part of the run."""
    span = max(1, min(int(profile.days * AIM), profile.days - SPARE_DAYS)) * 1000
    aims = [(span * number + dice.between(0, span - 1)) // (count * 1000) for number in range(count)]
    if name in PASSING:
        seen_at = (profile.midpoint_day, profile.days)
        aims[:2] = [max(0, day - 1 - PASSING[name]) for day in seen_at[:count]]
    return sorted(aims)


def _is_set_apart(receipt: Receipt) -> bool:
    """A quarter of all payments, told by their ids, is kept for faults of delivery and of their later life."""
    return ord(receipt.id[-1]) % 4 == 3


def _number(id: str) -> int:
    """A number that follows from an id, and not from whatever else is told by its last sign."""
    return sum(ord(sign) for sign in id[-5:-1])
