"""Whom the patient is insured with, what that payer says, and when its money comes."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from event_store.aggregates.claim import commands as c
from event_store.aggregates.claim.events import CoverageEligibilityRequested, Disallowance, Outcome, Stage
from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent
from event_store.recorded import Recorded
from mymedic.messages import Actor
from simulator.agenda import Action
from simulator.books.stays import Claim, Stay
from simulator.calendar import day_of
from simulator.draws import Table
from simulator.hospital.diary import Diary
from simulator.hospital.remittance import Remittance
from simulator.hospital.tables import PayerRow
from simulator.people import NOTICE
from simulator.profile import RUPEE

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SUM_INSURED, ESTIMATE = 500_000 * RUPEE, 60_000 * RUPEE
REASONS = ("NON_PAYABLE", "TARIFF", "ROOM_RENT")


class Claims:
    """Everything between the hospital's desk and the payers."""

    def __init__(self, diary: Diary, remittance: Remittance) -> None:
        self._diary = diary
        self._house = diary.house
        self._table = diary.table.claim
        self._remittance = remittance
        self._payers = Table((payer, payer.weight) for payer in diary.table.payer)
        self._covers: dict[str, str] = {}
        self._house.stage.desk.watch("CoverageEligibilityRequested", self._note_cover)

    def consider(self, stay: Stay) -> None:
        """Somebody who is insured says so at admission."""
        dice = self._diary.dice("insured", stay.id)
        if dice.chance(self._table.insured):
            payer: PayerRow = dice.pick(self._payers)
            tenant = self._house.tenant
            claim = stay.claim = Claim(tenant.id_of("clm", stay.id), stay, tenant.id_of("pyr", payer.id))
            self._house.ledger.claims.append(claim)
            self._diary.plan(20 * MINUTE, "cover", stay, lambda: self._check(claim, payer))

    def _check(self, claim: Claim, payer: PayerRow) -> None:
        stay, desk = claim.stay, claim.stay.branch.front_desk
        giver = ConsentGiver(role="patient")
        consent = RecordConsent(
            patient_id=stay.person.id, purpose="claims_share", notice_version=NOTICE, given_by=giver
        )
        self._diary.ask(desk, consent, stay.person.id, "claims_share", stay.id)
        check = c.CheckCoverage(
            patient_id=stay.person.id,
            payer_id=claim.payer_id,
            member_id=f"M{claim.id[-8:]}",
            policy_no=f"P{claim.id[-6:]}",
            claim_id=claim.id,
            branch_id=stay.branch.id,
        )
        self._diary.ask(desk, check, claim.id)
        self._diary.plan(10 * MINUTE, "covered", stay, lambda: self._cover(claim, payer))

    def _cover(self, claim: Claim, payer: PayerRow) -> None:
        answer = c.RecordCoverage(
            coverage_id=self._covers[claim.id],
            active=True,
            sum_insured_paise=SUM_INSURED,
            balance_paise=SUM_INSURED,
            copay_bps=self._table.copay_bps,
        )
        self._diary.ask(self._voice(claim), answer, claim.id)
        claim.status = "eligibility_checked"
        submit = c.SubmitPreauth(
            claim_id=claim.id,
            admission_id=claim.stay.id,
            payer_id=claim.payer_id,
            coverage_id=self._covers[claim.id],
            amount_paise=ESTIMATE,
            diagnosis=("observation",),
        )
        self._diary.ask(claim.stay.branch.front_desk, submit, claim.id)
        claim.status = "preauth_submitted"
        dice = self._diary.dice("preauth", claim.id)
        hours = dice.within(self._table.preauth_hours)
        decide = partial(self._decide_preauth, claim, dice.chance(self._table.preauth_approved))
        if dice.chance(self._table.preauth_queried):
            self._diary.plan(hours * HOUR, "query", claim.stay, lambda: self._query(claim, "preauth", HOUR, decide))
        else:
            self._diary.plan(hours * HOUR, "preauth", claim.stay, decide)

    def _query(self, claim: Claim, stage: Stage, pause: timedelta, then: Action) -> None:
        """The payer asks, the desk answers after a pause, and after another the payer goes on."""
        if stage == "preauth" and claim.status != "preauth_submitted":
            return
        before, claim.status = claim.status, "preauth_queried" if stage == "preauth" else "claim_queried"
        query_id = self._house.tenant.id_of("qry", claim.id, stage)
        due_at = self._house.now + 2 * DAY
        ask = c.RaiseClaimQuery(claim_id=claim.id, query_id=query_id, text="papers?", due_at=due_at, stage=stage)
        self._diary.ask(self._voice(claim), ask, claim.id, stage)
        claim.open_queries += 1

        def answer() -> None:
            if claim.open_queries:
                told = c.AnswerClaimQuery(claim_id=claim.id, query_id=query_id, text="here", documents=("summary",))
                self._diary.ask(claim.stay.branch.front_desk, told, claim.id, stage)
                claim.open_queries, claim.status = 0, before
                self._diary.plan(pause, f"{stage} after all", claim.stay, then)

        self._diary.plan(pause, "answer", claim.stay, answer)

    def _decide_preauth(self, claim: Claim, is_approved: bool) -> None:
        if claim.status != "preauth_submitted":
            return
        self._say_preauth(claim, ESTIMATE if is_approved else 0, "first")

    def _say_preauth(self, claim: Claim, paise: int, name: str) -> None:
        word = c.RecordPreauthDecision(
            claim_id=claim.id,
            outcome="approved" if paise else "rejected",
            approved_paise=paise,
            preauth_ref=f"PA{claim.id[-8:]}" if paise else None,
            reason_code=None if paise else "NOT_COVERED",
        )
        self._diary.ask(self._voice(claim), word, claim.id, name)
        claim.preauth_paise, claim.status = paise, "preauth_approved" if paise else "preauth_rejected"

    def submit(self, stay: Stay) -> int:
        """What is asked of the payer of the bill, in paise; nothing when it has not approved in time."""
        claim, finance = stay.claim, self._house.tenant.finance
        if claim is None:
            return 0
        if claim.status != "preauth_approved":
            self._diary.ask(finance, c.CancelClaim(claim_id=claim.id, reason="the patient pays"), claim.id)
            claim.status, claim.open_queries = "cancelled", 0
            return 0
        copay = stay.charged_paise * self._table.copay_bps // 10_000 // RUPEE * RUPEE
        claim.claimed_paise = stay.charged_paise - copay
        if claim.claimed_paise > claim.preauth_paise:
            more = claim.claimed_paise - claim.preauth_paise
            ask = c.RequestPreauthEnhancement(claim_id=claim.id, additional_paise=more, reason="LONGER_STAY")
            self._diary.ask(finance, ask, claim.id)
            self._say_preauth(claim, claim.claimed_paise, "enhanced")
        assert stay.invoice_id is not None
        submit = c.SubmitClaim(
            claim_id=claim.id,
            invoice_id=stay.invoice_id,
            claimed_paise=claim.claimed_paise,
            copay_paise=copay,
            documents=("bill", "summary"),
        )
        self._diary.ask(finance, submit, claim.id)
        self._enter(claim, "claimed", ("1410", claim.claimed_paise), ("1400", -claim.claimed_paise))
        claim.submitted_on, claim.status = day_of(self._house.now), "claim_submitted"
        dice = self._diary.dice("claim", claim.id)
        days, decide = dice.within(self._table.decided_days), partial(self._decide, claim)
        if dice.chance(self._table.claim_queried):
            self._diary.plan(12 * HOUR, "query", stay, lambda: self._query(claim, "claim", days * 12 * HOUR, decide))
        else:
            self._diary.plan(days * DAY, "decision", stay, decide)
        return claim.claimed_paise

    def _decide(self, claim: Claim) -> None:
        dice = self._diary.dice("decision", claim.id)
        outcome = dice.pick(self._table.outcome)
        bps = {"approved": 0, "rejected": 10_000}.get(outcome, dice.between(*self._table.disallowed_bps))
        disallowed = claim.claimed_paise * bps // 10_000 // RUPEE * RUPEE
        if outcome == "rejected":
            disallowed = claim.claimed_paise
        self._adjudicate(claim, outcome, claim.claimed_paise - disallowed, disallowed, "first")
        stay = claim.stay
        if outcome == "rejected":
            self._diary.plan(1 * DAY, "close", stay, lambda: self._remittance.close(claim, "bill_patient"))
            return
        if outcome == "partially_approved" and dice.chance(self._table.reprocessed):
            self._diary.plan(12 * HOUR, "reprocess", stay, lambda: self._reprocess(claim))
        days = dice.within(self._table.paid_days)
        assert claim.submitted_on is not None
        gone = (day_of(self._house.now) - claim.submitted_on).days
        pay = partial(self._remittance.pay, claim, self._voice(claim))
        self._diary.plan(max(2, days - gone) * DAY, "settlement", stay, pay)

    def _adjudicate(self, claim: Claim, outcome: Outcome, approved: int, disallowed: int, name: str) -> None:
        reason = REASONS[ord(claim.id[-1]) % len(REASONS)]
        word = c.RecordClaimDecision(
            claim_id=claim.id,
            outcome=outcome,
            approved_paise=approved,
            disallowed_paise=disallowed,
            reasons=(Disallowance(code=reason, amount_paise=disallowed),) if disallowed else (),
        )
        self._diary.ask(self._voice(claim), word, claim.id, name)
        self._enter(claim, "disallowed", ("1415", disallowed), ("1410", -disallowed))
        claim.approved_paise += approved
        claim.disallowed_paise += disallowed
        claim.adjudicated_on = day_of(self._house.now)
        claim.status = (
            "rejected" if not claim.approved_paise else "partially_approved" if claim.disallowed_paise else "approved"
        )

    def _reprocess(self, claim: Claim) -> None:
        """Finance objects to what was disallowed, and after half a day the payer gives in."""
        amount = claim.disallowed_paise
        again = c.RequestClaimReprocess(claim_id=claim.id, grounds="WRONG_TARIFF", amount_paise=amount)
        self._diary.ask(self._house.tenant.finance, again, claim.id)
        self._enter(claim, "looked at again", ("1410", amount), ("1415", -amount))
        claim.disallowed_paise, claim.status = 0, "reprocess_requested"
        decide = partial(self._adjudicate, claim, "approved", amount, 0, "again")
        self._diary.plan(12 * HOUR, "decision again", claim.stay, decide)

    def _enter(self, claim: Claim, act: str, *legs: tuple[str, int]) -> None:
        self._house.ledger.journal.enter(self._house.today, claim.stay.branch.id, act, legs)

    def _voice(self, claim: Claim) -> Actor:
        return Actor(type="integration", id=f"payer:{claim.payer_id}", roles=("IN",))

    def _note_cover(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, CoverageEligibilityRequested)
        if recorded.tenant_id == self._house.tenant.id:
            self._covers[event.claim_id] = event.coverage_id
