"""What can happen to a claim next: its own desk by the rules, and a payer that sends whatever it likes whenever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from event_store.aggregates.claim import commands as c
from event_store.aggregates.claim.events import Disallowance
from event_store.aggregates.claim.state import State
from event_store.aggregates.payment.commands import AllocatePayment
from event_store.aggregates.payment.events import PaymentCaptured
from mymedic.messages import Command
from mymedic.receivables import outstanding
from tests.property.money.world import World
from tests.unit.event_store.claim.ward import BY, CLERK, PAYER
from tests.unit.event_store.clinic import DESK, FINANCE


class ClaimSteps:
    """One history after another, drawn from one seed. `chaos` is the share of steps that ignore the state."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = Random(seed).random

    def history(self, length: int, chaos: float) -> None:
        self.world.begin()
        self.claim_id = ""
        for _ in range(length):
            if not self.claim_id or (self.random() < 0.05 and len(self.world.claims) < 2):
                self.check_coverage()
            if self.random() < chaos:
                self.one_of(self.anything)()
            else:
                self.one_of(self.expected[self.claim.status])()

    def one_of(self, things: Any) -> Any:
        return things[int(self.random() * len(things))]

    def part(self, limit: int) -> int:
        """All of it half of the time, else some of it, seldom one paisa too much."""
        kind = self.random()
        if kind < 0.5:
            return limit or 1
        return limit + 1 if kind > 0.97 else max(1, int(limit * self.random()))

    @property
    def claim(self) -> State:
        return self.world.claims[self.claim_id]

    def ask(self, command: Command) -> None:
        actor = BY[type(command)]
        if actor is PAYER and self.random() < 0.2:
            actor = CLERK
        self.world.ask(command, actor)

    def check_coverage(self) -> None:
        claim_id = self.world.new_id("clm")
        command = c.CheckCoverage(
            patient_id="pat_asha", payer_id="pyr_1", member_id="M", policy_no="P", claim_id=claim_id
        )
        assert self.world.ask(command, DESK)
        self.claim_id = claim_id

    def record_coverage(self) -> None:
        self.ask(
            c.RecordCoverage(
                coverage_id=self.claim.coverage_id,
                active=self.random() < 0.9,
                sum_insured_paise=1,
                balance_paise=1,
                copay_bps=0,
            )
        )

    def submit_preauth(self) -> None:
        self.ask(
            c.SubmitPreauth(
                claim_id=self.claim_id,
                admission_id="adm_1",
                payer_id="pyr_1",
                coverage_id=self.claim.coverage_id,
                amount_paise=self.part(4_000_000),
            )
        )

    def preauth_approved(self) -> None:
        amount = self.part(self.claim.requested_paise)
        self.ask(
            c.RecordPreauthDecision(claim_id=self.claim_id, outcome="approved", approved_paise=amount, preauth_ref="PA")
        )

    def preauth_rejected(self) -> None:
        self.ask(c.RecordPreauthDecision(claim_id=self.claim_id, outcome="rejected"))

    def enhance(self) -> None:
        amount = self.part(500_000)
        self.ask(c.RequestPreauthEnhancement(claim_id=self.claim_id, additional_paise=amount, reason="los"))

    def submit(self) -> None:
        left = outstanding(self.world, "inv_1")
        if left:
            copay = int(left * self.random() * 0.2) if self.random() < 0.5 else 0
            self.ask(
                c.SubmitClaim(
                    claim_id=self.claim_id,
                    invoice_id="inv_1",
                    claimed_paise=max(1, self.part(left) - copay),
                    copay_paise=copay,
                )
            )

    def query(self) -> None:
        is_old = self.claim.queries and self.random() < 0.2
        query_id = self.one_of(list(self.claim.queries)) if is_old else self.world.new_id("qry")
        stage = "preauth" if self.claim.awaits("preauth") else "claim"
        due_at = self.world.now + timedelta(days=int(self.random() * 9))
        self.ask(c.RaiseClaimQuery(claim_id=self.claim_id, query_id=query_id, text="?", due_at=due_at, stage=stage))

    def answer(self) -> None:
        if self.claim.queries:
            query_id = self.one_of(list(self.claim.queries))
            self.ask(c.AnswerClaimQuery(claim_id=self.claim_id, query_id=query_id, text="!"))

    def decide(self) -> None:
        """All of what is under adjudication, as a rule; now and then too much of it, or only a part."""
        under = self.claim.under_adjudication_paise or 1
        approved = self.one_of((under, 0, int(under * self.random()), int(under * self.random()), under + 7))
        disallowed = max(0, under - approved) + self.one_of((0,) * 12 + (3,))
        if self.random() < 0.06:
            disallowed //= 2
        if not approved and not disallowed:
            return
        outcome: Any = "rejected" if not approved else "partially_approved" if disallowed else "approved"
        self.ask(
            c.RecordClaimDecision(
                claim_id=self.claim_id,
                outcome=outcome,
                approved_paise=approved,
                disallowed_paise=disallowed,
                reasons=(Disallowance(code="X", amount_paise=disallowed),) if disallowed else (),
            )
        )

    def reprocess(self) -> None:
        amount = self.part(self.claim.disallowed_paise)
        self.ask(c.RequestClaimReprocess(claim_id=self.claim_id, grounds="more", amount_paise=amount))

    def settle(self) -> None:
        gross = self.part(max(0, self.claim.outstanding_paise))
        tds = gross // 10
        other = int((gross - tds) * self.random() * 0.1)
        is_old = self.claim.settlements and self.random() < 0.1
        self.ask(
            c.RecordClaimSettlement(
                claim_id=self.claim_id,
                settlement_ref=self.one_of(list(self.claim.settlements)) if is_old else self.world.new_id("st"),
                gross_paise=gross,
                tds_paise=tds,
                other_deduction_paise=other,
                net_paise=gross - tds - other,
                utr="UTR1",
                paid_on=date(2026, 12, 1),
            )
        )

    def close(self) -> None:
        treatment = self.one_of(("write_off", "bill_patient"))
        self.ask(c.CloseClaim(claim_id=self.claim_id, disallowance_treatment=treatment))

    def cancel(self) -> None:
        if self.random() < 0.3:
            self.ask(c.CancelClaim(claim_id=self.claim_id, reason="r"))

    def patient_pays(self) -> None:
        """Money of the patient goes against the same invoice (INV-P3)."""
        if not self.world.payments:
            captured = PaymentCaptured(
                payment_id="pay_1",
                patient_id="pat_asha",
                purpose="ipd_final",
                amount_paise=9_000_000,
                currency="INR",
                mode="bank_transfer",
                channel="direct_bank",
                captured_at=self.world.now,
                late_capture=False,
                source="counter",
            )
            self.world.give("payment", "pay_1", captured)
        left = outstanding(self.world, "inv_1")
        if left:
            amount = max(1, int(left * self.random() * 0.3))
            command = AllocatePayment(payment_id="pay_1", invoice_id="inv_1", amount_paise=amount)
            assert self.world.ask(command, FINANCE)

    @property
    def anything(self) -> tuple[Callable[[], None], ...]:
        return (
            *(self.record_coverage, self.submit_preauth, self.preauth_approved, self.preauth_rejected, self.enhance),
            *(self.submit, self.query, self.answer, self.decide, self.reprocess, self.settle, self.close, self.cancel),
            self.patient_pays,
        )

    @property
    def expected(self) -> dict[str, tuple[Callable[[], None], ...]]:
        """What usually follows; the first is the way on."""
        preauth = (self.preauth_approved, self.preauth_approved, self.preauth_rejected, self.query)
        claim = (self.decide, self.decide, self.query, self.cancel)
        return {
            "draft": (*(self.record_coverage,) * 4, self.submit),
            "eligibility_checked": (*(self.submit_preauth,) * 4, self.record_coverage, self.cancel),
            "preauth_submitted": preauth,
            "preauth_queried": (self.answer, self.answer, self.preauth_approved),
            "preauth_approved": (*(self.submit,) * 3, self.enhance, self.patient_pays, self.cancel),
            "preauth_rejected": (self.cancel, self.check_coverage),
            "enhancement_submitted": preauth,
            "claim_submitted": claim,
            "claim_queried": (self.answer, self.answer, self.decide),
            "approved": (*(self.settle,) * 4, self.cancel),
            "partially_approved": (self.settle, self.settle, self.reprocess),
            "rejected": (self.reprocess, self.reprocess, self.close, self.cancel),
            "reprocess_requested": (*claim, self.settle),
            "partially_settled": (self.settle, self.settle, self.close),
            "settled": (self.close, self.settle),
            "closed": (self.check_coverage, self.settle, self.patient_pays),
            "cancelled": (self.check_coverage, self.decide, self.patient_pays),
        }
