"""A payer's money: told of by the payer, credited by the bank (or not: F31, F32), and the claim closed after it."""

from __future__ import annotations

from datetime import timedelta

from event_store.aggregates.claim.commands import CloseClaim, RecordClaimSettlement
from event_store.aggregates.claim.events import Treatment
from mymedic.messages import Actor
from mymedic.money import share_bps
from simulator.bank import Bank
from simulator.books.stays import Claim, Transfer
from simulator.calendar import DAY, bank_days_after, day_of
from simulator.faults import PAYER
from simulator.hospital.cashier import Cashier
from simulator.hospital.diary import Diary
from simulator.hospital.tables import PayerRow
from simulator.profile import RUPEE

SETTLE_DAYS, GRACE_DAYS = timedelta(days=30), 1
DEDUCTION = 500 * RUPEE


class Remittance:
    """Brings the money of payers to the bank."""

    def __init__(self, diary: Diary, bank: Bank, cashier: Cashier) -> None:
        self._diary = diary
        self._house = diary.house
        self._bank = bank
        self._cashier = cashier
        tenant = self._house.tenant
        self._payers: dict[str, PayerRow] = {tenant.id_of("pyr", payer.id): payer for payer in diary.table.payer}

    def pay(self, claim: Claim, voice: Actor) -> None:
        """All that was approved, in one transfer."""
        house, payer = self._house, self._payers[claim.payer_id]
        dice, today = self._diary.dice("remittance", claim.id), day_of(house.now)
        number = int(house.tenant.id_of("utr", claim.id)[-12:].encode().hex(), 16)
        due_on = today + SETTLE_DAYS
        grace_on = bank_days_after(due_on, GRACE_DAYS, house.stage.profile.calendar.bank_holidays)
        gross = claim.approved_paise
        other = DEDUCTION if dice.chance(self._diary.table.claim.deducted) and gross > 10 * DEDUCTION else 0
        transfer = claim.transfer = Transfer(
            claim,
            f"INSUN{number % 10**13:013d}",
            today,
            due_on,
            grace_on,
            gross,
            share_bps(gross, payer.tds_bps),
            other,
        )
        house.ledger.transfers.append(transfer)
        command = RecordClaimSettlement(
            claim_id=claim.id,
            settlement_ref=f"S{claim.id[-10:]}",
            gross_paise=gross,
            tds_paise=transfer.tds_paise,
            other_deduction_paise=other,
            net_paise=transfer.net_paise,
            utr=transfer.utr,
            paid_on=today,
        )
        self._diary.ask(voice, command, claim.id)
        legs = [("1240", transfer.net_paise), ("1420", transfer.tds_paise), ("5420", other), ("1410", -gross)]
        house.ledger.journal.enter(today, claim.stay.branch.id, "payer settled", legs)
        claim.status = "settled"
        self._bring(transfer, payer)
        if claim.disallowed_paise:
            self._diary.plan(3 * DAY, "close", claim.stay, lambda: self.close(claim, "write_off"))

    def _bring(self, transfer: Transfer, payer: PayerRow) -> None:
        """The bank credits the transfer; less than was sent (F31), or not at all (F32)."""
        faults, claim, paise = self._house.faults, transfer.claim, transfer.net_paise
        wanted = PAYER[ord(claim.id[-2]) % len(PAYER)]
        if faults.wants(wanted, transfer.paid_on):
            missing = paise if wanted == "F32" else (1 + faults.pick("F31", 9)) * 100 * RUPEE
            paise -= missing
            faults.place(
                wanted,
                leg="L6",
                expected="claim_missing" if wanted == "F32" else "claim_amount_mismatch",
                ids=[claim.id, transfer.utr],
                branch_id=claim.stay.branch.id,
                amount_paise=missing,
                detected_from=transfer.grace_on + DAY if wanted == "F32" else transfer.paid_on,
            )
        if paise:
            self._bank.credit_payer(transfer, paise, f"NEFT CR {transfer.utr} {payer.bank_name}")

    def close(self, claim: Claim, treatment: Treatment) -> None:
        """What the payer will not pay is written off; after a rejection the patient pays it."""
        self._diary.ask(
            self._house.tenant.finance, CloseClaim(claim_id=claim.id, disallowance_treatment=treatment), claim.id
        )
        cost = "1400" if treatment == "bill_patient" else "5410"
        left = claim.disallowed_paise
        journal, today = self._house.ledger.journal, self._house.today
        journal.enter(today, claim.stay.branch.id, "claim closed", [(cost, left), ("1415", -left)])
        claim.status = "closed"
        if treatment == "bill_patient":
            claim.is_billed_to_patient = True
            self._cashier.take(claim.stay, "ipd_final", claim.disallowed_paise)
