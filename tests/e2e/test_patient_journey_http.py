"""A patient, a gateway, a hospital, an insurer and a server: every step over HTTP, and by nobody else."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mymedic.messages import Actor
from tests.serving import Home, serving
from tests.unit.event_store.clinic import DESK, DOCTOR, FINANCE, MANAGER, PATIENT

GATEWAY_PAYMENT, GATEWAY_REFUND = "pay_gateway_1", "rfnd_gateway_1"
HIS = Actor(type="integration", id="integration:his", roles=("IN",))
INSURER = Actor(type="integration", id="integration:insurer", roles=("IN",))
LASER, ADVANCE = 250_000, 50_000


def booked(home: Home, token: str) -> None:
    """A slot in some hours, held and paid for; the payment confirms it."""
    hold = {
        "patient_id": "pat_asha",
        "slot_id": home.slot(after=timedelta(hours=6)),
        "service_id": "svc_consult",
        "visit_type": "new",
        "quoted_price_paise": 80_000,
        "channel": "portal",
    }
    answer = home.send("hold-appointment", hold, token, X_Aggregate_Id="appt_1", X_Channel="portal")
    assert answer.status_code == 200, answer.text
    (held,) = home.events("AppointmentHeld")
    order = {
        "patient_id": "pat_asha",
        "appointment_id": "appt_1",
        "purpose": "deposit",
        "amount_paise": held.deposit_required_paise,
        "mode": "upi",
        "gateway": "razorpay",
        "order_receipt": "receipt",
        "expires_at": held.hold_expires_at.isoformat(),
    }
    assert home.send("initiate-payment", order, token).status_code == 200
    (initiated,) = home.events("PaymentInitiated")
    paid = {
        "id": GATEWAY_PAYMENT,
        "order_id": initiated.order_id,
        "amount": initiated.amount_paise,
        "currency": "INR",
        "method": "upi",
    }
    for _ in range(2):  # a gateway delivers at least once
        assert home.webhook("payment.captured", "payment", paid, "evt_captured").status_code == 200
    home.until(lambda: home.events("AppointmentBooked"))


def moved_late(home: Home, token: str) -> None:
    move = {
        "appointment_id": "appt_1",
        "new_slot_id": home.slot(after=timedelta(days=3)),
        "initiator": "patient",
        "reason_code": "time_conflict",
    }
    answer = home.send("reschedule-appointment", move, token, If_Match="2")
    assert answer.status_code == 200, answer.text


def cancelled(home: Home, token: str) -> None:
    """Sent twice under one key, as a telephone does that has lost its answer."""
    cancel = {"appointment_id": "appt_1", "initiator": "patient", "reason_code": "cost"}
    answers = [home.send("cancel-appointment", cancel, token, Idempotency_Key="key_cancel").json() for _ in range(2)]
    assert [answer["status"] for answer in answers] == ["accepted", "duplicate"]


def refunded(home: Home) -> None:
    (initiated,) = home.until(lambda: home.events("RefundInitiated"))
    sent = {"id": GATEWAY_REFUND, "payment_id": GATEWAY_PAYMENT, "amount": 20_000, "receipt": initiated.refund_id}
    assert home.webhook("refund.processed", "refund", sent, "evt_refunded").status_code == 200


def test_book_move_cancel_refund(tmp_path: Path) -> None:
    with serving(tmp_path) as home:
        token = home.token(PATIENT)
        booked(home, token)
        moved_late(home, token)
        cancelled(home, token)
        refunded(home)
        assert home.stop() in (0, -15)
        log = home.log()
        assert "Traceback" not in home.output()

    about = [one for one in log if one.appointment_id == "appt_1" or one.payment_id]
    assert Counter(one.event_type for one in about) == Counter(
        [
            "AppointmentHeld",
            "PaymentInitiated",
            "PaymentCaptured",
            "AppointmentBooked",
            "AppointmentRescheduled",
            "AppointmentCancelled",
            "DepositForfeited",
            "RefundRequested",
            "RefundApproved",
            "RefundInitiated",
            "RefundProcessed",
        ]
    )
    (cancellation,) = home.events("AppointmentCancelled")
    # Three days ahead costs nothing; but it was moved there from tonight (R-POL-4).
    assert (cancellation.tier_bps, cancellation.eff_bps) == (0, 5_000)
    assert (cancellation.held_paise, cancellation.forfeit_paise, cancellation.refund_paise) == (40_000, 20_000, 20_000)
    (processed,) = home.events("RefundProcessed")
    assert (processed.amount_paise, processed.gateway_refund_id) == (20_000, GATEWAY_REFUND)
    assert {one.actor.id for one in about} == {
        "pat_asha",
        "integration:razorpay",
        "process:booking",
        "process:deposit_plan",
    }


class Hospital:
    """The same chain as a hospital, and everybody who has a word in a stay."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._tokens = {actor.id: home.token(actor) for actor in (MANAGER, DESK, DOCTOR, FINANCE, HIS, INSURER)}

    def ask(self, actor: Actor, command: str, *, makes: str | None = None, **body: Any) -> None:
        headers = {"X_Aggregate_Id": makes} if makes else {}
        answer = self._home.send(command, body, self._tokens[actor.id], **headers)
        assert answer.status_code == 200, answer.text

    def opened(self) -> None:
        self.ask(MANAGER, "update-tenant-settings", patch={"kind": "hospital"})
        bed = {"branch_id": "brn_south", "ward": "East", "room": "1", "class": "general"}
        for label in ("a", "b"):
            self.ask(MANAGER, "register-bed", **bed, label=label, bed_id=f"bed_{label}")
        self.ask(MANAGER, "register-payer", payer_id="payer_star", name="Star", kind="insurer", tds_bps=1000)

    def seen_by_the_doctor(self) -> None:
        self.ask(
            DESK,
            "book-appointment",
            patient_id="pat_asha",
            makes="appt_2",
            slot_id=self._home.present_slot(),
            service_id="svc_consult",
            visit_type="new",
            quoted_price_paise=80_000,
            channel="walk_in",
            walk_in=True,
            deposit_waiver_reason="emergency",
        )
        self.ask(DESK, "check-in-patient", appointment_id="appt_2")
        self.ask(DOCTOR, "start-encounter", appointment_id="appt_2", makes="enc_2", **{"class": "AMB"})

    def stay(self) -> None:
        """Into one bed, into another, treated, home, and billed; half of it was paid in advance."""
        stay = {"admission_id": "adm_1"}
        request = {"encounter_id": "enc_2", "patient_id": "pat_asha", "practitioner_id": "prac_rao"}
        self.ask(DOCTOR, "request-admission", **stay, **request, bed_class="general", expected_los_days=1)
        self.ask(HIS, "accept-admission", **stay, his_visit_no="IP 1")
        advance = {"purpose": "ipd_advance", "amount_paise": ADVANCE, "mode": "card", "channel": "pos"}
        self.ask(DESK, "record-counter-payment", **stay, patient_id="pat_asha", branch_id="brn_south", **advance)
        self.ask(HIS, "admit-patient", **stay, bed_id="bed_a", admitted_at=now())
        self.preauthorised()
        self.ask(HIS, "transfer-patient", **stay, to_bed_id="bed_b", at=now(), reason="nearer to the ward's desk")
        charge = {"charge_id": "chg_1", "service_id": "svc_laser", "qty": 1, "unit_price_paise": LASER}
        self.ask(HIS, "post-admission-charge", **stay, **charge, service_date=self._home.today().isoformat())
        self.ask(DOCTOR, "discharge-patient", **stay, discharged_at=now(), disposition="home")
        self.ask(FINANCE, "finalize-admission-bill", **stay)

    def preauthorised(self) -> None:
        given = {"role": "patient"}
        self.ask(
            DESK,
            "record-consent",
            patient_id="pat_asha",
            purpose="claims_share",
            notice_version="1",
            given_by=given,
        )
        cover = {"patient_id": "pat_asha", "payer_id": "payer_star"}
        self.ask(DESK, "check-coverage", claim_id="clm_1", member_id="M 1", policy_no="P 1", **cover)
        (requested,) = self._home.events("CoverageEligibilityRequested")
        coverage = {"coverage_id": requested.coverage_id}
        sums = {"sum_insured_paise": 50_000_000, "balance_paise": 50_000_000, "copay_bps": 0}
        self.ask(INSURER, "record-coverage", **coverage, active=True, **sums)
        claim = {"claim_id": "clm_1"}
        asked = {"admission_id": "adm_1", "payer_id": "payer_star", "amount_paise": LASER - ADVANCE}
        self.ask(DESK, "submit-preauth", **claim, **coverage, **asked)
        approved = {"outcome": "approved", "approved_paise": LASER - ADVANCE, "preauth_ref": "PA 1"}
        self.ask(INSURER, "record-preauth-decision", **claim, **approved)

    def claimed(self) -> None:
        """A tenth is not paid for; of the rest the insurer keeps the tax."""
        (invoice_id,) = {
            one.stream_id.partition("-")[2] for one in self._home.log() if one.event_type == "InvoiceIssued"
        }
        claim = {"claim_id": "clm_1"}
        self.ask(FINANCE, "submit-claim", **claim, invoice_id=invoice_id, claimed_paise=200_000, copay_paise=0)
        reasons = [{"code": "NON_MEDICAL", "amount_paise": 20_000}]
        outcome = {"outcome": "partially_approved", "approved_paise": 180_000, "disallowed_paise": 20_000}
        self.ask(INSURER, "record-claim-decision", **claim, **outcome, reasons=reasons)
        paid = {"gross_paise": 180_000, "tds_paise": 18_000, "net_paise": 162_000, "utr": "HDFCN52026112300000001"}
        today = self._home.today().isoformat()
        self.ask(INSURER, "record-claim-settlement", **claim, settlement_ref="S 1", **paid, paid_on=today)
        self.ask(FINANCE, "close-claim", **claim, disallowance_treatment="write_off")


def now() -> str:
    return datetime.now(UTC).isoformat()


def test_admit_discharge_bill_claim_settle(tmp_path: Path) -> None:
    with serving(tmp_path) as home:
        hospital = Hospital(home)
        hospital.opened()
        hospital.seen_by_the_doctor()
        hospital.stay()
        hospital.claimed()
        assert home.stop() in (0, -15)
        assert "Traceback" not in home.output()

    stay = [one.event_type for one in home.log() if one.admission_id == "adm_1" and not one.stream_id.startswith("bed")]
    assert [one for one in stay if one.startswith(("Admission", "Patient"))] == [
        "AdmissionRequested",
        "AdmissionAccepted",
        "PatientAdmitted",
        "PatientTransferred",
        "AdmissionChargePosted",
        "PatientDischarged",
        "AdmissionBilled",
    ]
    (billed,) = home.events("AdmissionBilled")
    assert (billed.total_paise, billed.advance_applied_paise, billed.excess_paise) == (LASER, ADVANCE, 0)
    (closed,) = home.events("ClaimClosed")
    assert closed.residual_paise == 20_000
    (settled,) = home.events("ClaimSettled")
    assert settled.gross_paise == settled.tds_paise + settled.net_paise + settled.other_deduction_paise
