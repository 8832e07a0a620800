"""Cash drawers: a float in the morning, a blind count at night, and the rest carried to the bank."""

from __future__ import annotations

from datetime import date, timedelta

from event_store.aggregates.cash_session.commands import (
    CloseCashSession,
    CountCashDrawer,
    OpenCashSession,
    RecordCashDeposit,
    RecordCashMovement,
)
from event_store.aggregates.payment.commands import RecordRefundProcessed
from simulator.bank import Bank
from simulator.books.records import Deposit, Drawer, Refund
from simulator.calendar import DAY, bank_days_after, day_of, local, next_bank_day
from simulator.cast import Branch
from simulator.draws import Dice
from simulator.faults import DRAWER
from simulator.profile import RUPEE
from simulator.stage import House

OPENS, COUNTED, CLOSED, CARRIED = "08:40", "21:45", "21:50", "11:00"
DRAWER_ID = "front"
TOLERANCE = 100 * RUPEE
NOTES = (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100)


class Drawers:
    """The drawer of every branch, one session a day."""

    def __init__(self, house: House, bank: Bank) -> None:
        self._house = house
        self._bank = bank
        self._table = house.stage.profile.drawer
        self._holidays = house.stage.profile.calendar.bank_holidays
        self._open: dict[str, Drawer] = {}
        self._kept: dict[str, int] = {}

    def of(self, branch: Branch) -> Drawer:
        """The open session of a branch."""
        return self._open[branch.key]

    def is_open(self, branch: Branch) -> bool:
        return branch.key in self._open

    def plan_day(self, branch: Branch, on: date) -> None:
        house, name = self._house, f"{branch.key}/{on}"
        dice = house.stage.draws.of("drawer", house.tenant.id, name)
        house.plan(local(on, OPENS), "1 drawer", name, lambda: self._open_session(branch, name))
        if dice.chance(self._table.petty_expense):
            at = local(on, "14:00") + timedelta(minutes=dice.between(0, 240))
            house.plan(at, "5 petty", name, lambda: self._spend(branch, name, dice))
        house.plan(local(on, COUNTED), "8 count", name, lambda: self._count(branch, name, on, dice))

    def _open_session(self, branch: Branch, name: str) -> None:
        house, tenant = self._house, self._house.tenant
        id = tenant.id_of("cash", name)
        float_paise = self._kept.get(branch.key, self._table.float_paise)
        drawer = self._open[branch.key] = Drawer(id, branch, house.now, float_paise, float_paise)
        if branch.key not in self._kept:
            house.ledger.journal.float_given(house.today, drawer)
        house.ledger.drawers.append(drawer)
        command = OpenCashSession(branch_id=branch.id, drawer_id=DRAWER_ID, opening_float_paise=float_paise)
        house.stage.desk.ask(tenant.id, branch.front_desk, command, id, aggregate_id=id)

    def _spend(self, branch: Branch, name: str, dice: Dice) -> None:
        low, high = self._table.petty_rupees
        amount, drawer = dice.between(low // 10, high // 10) * 10 * RUPEE, self.of(branch)
        if amount > drawer.expected_paise:
            return
        drawer.expected_paise -= amount
        self._house.ledger.journal.petty_spent(self._house.today, drawer, amount)
        command = RecordCashMovement(
            cash_session_id=drawer.id, kind="petty_expense", amount_paise=amount, reference="tea and stationery"
        )
        self._house.stage.desk.ask(self._house.tenant.id, branch.front_desk, command, name)

    def pay_out(self, refund: Refund) -> None:
        """Hand a refund to the patient over the counter."""
        receipt = refund.receipt
        drawer = self.of(receipt.branch)
        drawer.expected_paise -= refund.amount_paise
        refund.processed_at = self._house.now
        self._house.ledger.journal.refund_paid(self._house.today, receipt, refund.amount_paise, "cash")
        command = RecordRefundProcessed(
            payment_id=receipt.id, refund_id=refund.id, cash_session_id=drawer.id, processed_at=self._house.now
        )
        self._house.stage.desk.ask(self._house.tenant.id, receipt.branch.front_desk, command, refund.id)

    def _count(self, branch: Branch, name: str, on: date, dice: Dice) -> None:
        house, tenant, drawer = self._house, self._house.tenant, self.of(branch)
        variance = self._variance(drawer, on, dice)
        drawer.counted_paise = drawer.expected_paise + variance
        count = CountCashDrawer(cash_session_id=drawer.id, denominations=_notes(drawer.counted_paise))
        house.stage.desk.ask(tenant.id, branch.front_desk, count, name)
        retained = min(self._table.float_paise, drawer.counted_paise)
        drawer.drop_paise = drawer.counted_paise - retained
        self._kept[branch.key] = retained
        closer = tenant.finance if abs(variance) > TOLERANCE else branch.second_desk

        def close() -> None:
            drawer.closed_at = house.now
            house.ledger.journal.drawer_closed(house.today, drawer)
            command = CloseCashSession(
                cash_session_id=drawer.id, retained_float_paise=retained, drop_paise=drawer.drop_paise
            )
            house.stage.desk.ask(tenant.id, closer, command, name)
            del self._open[branch.key]

        house.plan(local(on, CLOSED), "8 close", name, close)
        if drawer.drop_paise:
            carried_on = next_bank_day(on, self._holidays)
            house.plan(local(carried_on, CARRIED), "3 carry", name, lambda: self._carry(drawer, name, on))

    def _variance(self, drawer: Drawer, on: date, dice: Dice) -> int:
        """What the count is off by: now and then by itself, and exactly where F21 or F22 want it.

        A fault leaves the float whole, so that the next day's session is none the wiser.
        """
        kind = dice.pick(self._table.count)
        faults = self._house.faults
        wanted = faults.cell(DRAWER, drawer.branch.index, on)
        has_spare = drawer.expected_paise >= self._table.float_paise + self._table.short_rupees[1] * RUPEE
        if kind == "exact" and wanted in ("F21", "F22") and has_spare and faults.wants(wanted, on):
            drawer.fault = wanted
            kind = "short" if wanted == "F21" else "over"
        if kind == "exact":
            return 0
        low, high = self._table.short_rupees if kind == "short" else self._table.over_rupees
        amount = dice.between(low // 10, high // 10) * 10 * RUPEE
        if kind == "short":
            amount = min(amount, drawer.expected_paise // RUPEE * RUPEE)
        if drawer.fault:
            faults.place(
                drawer.fault,
                leg="L4",
                expected="cash_short" if kind == "short" else "cash_over",
                ids=[drawer.id],
                branch_id=drawer.branch.id,
                amount_paise=amount,
                detected_from=on,
            )
        return -amount if kind == "short" else amount

    def _carry(self, drawer: Drawer, name: str, opened_on: date) -> None:
        house, tenant = self._house, self._house.tenant
        on = day_of(house.now)
        due_on = bank_days_after(on, 1, self._holidays)
        slip = f"D{opened_on:%y%m%d}{tenant.index}{drawer.branch.index:02d}"
        grace_on = bank_days_after(due_on, 1, self._holidays)
        account = house.stage.profile.bank.account
        deposit = Deposit(account, slip, drawer, drawer.drop_paise, on, due_on, grace_on)
        house.ledger.deposits.append(deposit)
        command = RecordCashDeposit(
            cash_session_ids=(drawer.id,),
            bank_account_id=account,
            deposit_slip_no=slip,
            amount_paise=deposit.amount_paise,
            deposited_on=on,
        )
        house.stage.desk.ask(tenant.id, tenant.finance, command, name)
        self._bring(deposit, opened_on)

    def _bring(self, deposit: Deposit, opened_on: date) -> None:
        """The bank credits the slip; not at all (F23), or less than is on it (F24)."""
        faults, drawer, paise = self._house.faults, deposit.drawer, deposit.amount_paise
        wanted = faults.cell(DRAWER, drawer.branch.index, opened_on)
        if wanted in ("F23", "F24") and faults.wants(wanted, opened_on) and paise > 50 * RUPEE:
            missing = paise if wanted == "F23" else (1 + faults.pick("F24", 5)) * 10 * RUPEE
            paise -= missing
            faults.place(
                wanted,
                leg="L4",
                expected="deposit_missing" if wanted == "F23" else "deposit_mismatch",
                ids=[deposit.slip_no],
                branch_id=drawer.branch.id,
                amount_paise=missing,
                detected_from=deposit.grace_on + DAY if wanted == "F23" else deposit.due_on,
            )
        if paise:
            self._bank.credit_deposit(deposit, paise)


def _notes(paise: int) -> dict:
    """The fewest notes and coins that make an amount of whole rupees."""
    counts = {}
    for note in NOTES:
        counts[str(note)], paise = divmod(paise, note)
    assert paise == 0
    return counts
