"""A world as the events that its ledger would hold, in the order in which they were recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from event_store.aggregates.appointment.events import AppointmentBooked
from event_store.aggregates.bank_statement.events import BankLineRecorded
from event_store.aggregates.branch.events import BranchRegistered
from event_store.aggregates.cash_session.events import (
    CashDeposited,
    CashDrawerCounted,
    CashMovementRecorded,
    CashSessionClosed,
    CashSessionOpened,
)
from event_store.aggregates.claim.events import ClaimSettled
from event_store.aggregates.payment.events import (
    DisputeOpened,
    DisputeResolved,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentInitiated,
    PaymentReversed,
    RefundApproved,
    RefundInitiated,
    RefundProcessed,
    RefundRequested,
)
from event_store.aggregates.practitioner.events import PractitionerRegistered, PractitionerRole
from event_store.aggregates.settlement_file.events import SettlementLineRecorded
from event_store.aggregates.tenant.events import (
    Calendar,
    GatewayContract,
    PayerRegistered,
    ServiceDefined,
    SettingsPatch,
    SettleDays,
    SpecialtyDefined,
    TenantRegistered,
    TenantSettingsChanged,
)
from mymedic.messages import Event
from tests.integration.warehouse.rig import EventLog
from tests.property.reconciliation.log_payers import claim_of
from tests.property.reconciliation.world import Appointment, Dispute, Line, Payment, Refund, Session, World

FOUNDED = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)
BRANCHES = ("brn_1", "brn_2")
Fact = tuple[datetime, str, str, Event, datetime]  # recorded_at, aggregate, id, event, occurred_at


def log_of(world: World) -> EventLog:
    log = EventLog(world.tenant_id)
    for recorded_at, aggregate, id, event, occurred_at in sorted(_facts(world), key=lambda fact: fact[0]):
        log.add(aggregate, id, event, occurred_at, recorded_at=recorded_at)
    return log


def _facts(world: World) -> Iterator[Fact]:
    yield from _organisation(world)
    for appointment in world.appointments:
        yield _at(FOUNDED, "appointment", appointment.appointment_id, _booked(appointment))
    for payment in world.payments:
        yield from _payment(payment)
    for refund in world.refunds:
        yield from _refund(refund)
    for dispute in world.disputes:
        yield from _dispute(dispute)
    for line in world.lines:
        yield _at(line.recorded_at, "settlement_file", f"sfile_{line.line_id}", _line(line))
    for bank in world.bank_lines:
        recorded = BankLineRecorded(
            bank_line_id=bank.bank_line_id,
            bank_account_id=bank.account,
            value_on=bank.value_on,
            line_no=1,
            side=bank.side,
            amount_paise=bank.amount,
            narration_masked="",
            utr=bank.utr,
            rrn=bank.rrn,
            deposit_slip_no=bank.slip,
            counterparty_class=bank.kind,
        )
        yield _at(bank.recorded_at, "bank_statement", f"bstm_{bank.bank_line_id}", recorded)
    for transfer in world.transfers:
        for aggregate, id, event in claim_of(transfer):
            known_at = transfer.told_at if isinstance(event, ClaimSettled) else FOUNDED
            yield _at(known_at, aggregate, id, event)
    for session in world.sessions:
        yield from _session(world, session)
    for deposit in world.deposits:
        deposited = CashDeposited(
            cash_session_ids=(deposit.cash_session_id,),
            bank_account_id=deposit.account,
            deposit_slip_no=deposit.slip,
            amount_paise=deposit.amount,
            deposited_on=deposit.deposited_on,
        )
        yield _at(deposit.recorded_at, "cash_session", deposit.cash_session_id, deposited)


def _organisation(world: World) -> Iterator[Fact]:
    tenant = world.tenant_id
    yield _at(FOUNDED, "tenant", tenant, TenantRegistered(name="A", kind="chain", tz="Asia/Kolkata", state_code="KA"))
    yield _at(FOUNDED, "tenant", tenant, SpecialtyDefined(specialty_id="spc_1", name="Dermatology"))
    service = ServiceDefined(
        service_id="svc_1",
        code="CONS",
        name="Consultation",
        kind="consultation",
        specialty_id="spc_1",
        sac="999312",
        gst_bps=0,
        duration_min=15,
        conversion_window_days=30,
    )
    yield _at(FOUNDED, "tenant", tenant, service)
    for branch_id in BRANCHES:
        branch = BranchRegistered(
            branch_id=branch_id,
            name=branch_id,
            city_id="cty_pune",
            pincode="411001",
            opened_on=date(2026, 9, 1),
            open_hours=(),
        )
        yield _at(FOUNDED, "branch", branch_id, branch)
    for payer_id in sorted({one.payer_id for one in world.transfers}):
        payer = PayerRegistered(payer_id=payer_id, name=payer_id, kind="insurer", tds_bps=0)
        yield _at(FOUNDED, "tenant", tenant, payer)
    for practitioner_id in sorted({one.practitioner_id for one in world.appointments}):
        role = PractitionerRole(branch_id=BRANCHES[0], share_bps=5000, from_=date(2026, 9, 1))
        practitioner = PractitionerRegistered(
            name=practitioner_id, specialty_id="spc_1", registration_no=practitioner_id, roles=(role,)
        )
        yield _at(FOUNDED, "practitioner", practitioner_id, practitioner)
    patch = SettingsPatch(
        effective_from=date(2026, 9, 1),
        calendar=Calendar(holidays=world.holidays) if world.holidays else None,
        recon_grace_days=world.grace_days,
        settle_days=SettleDays(static_qr=world.qr_days) if world.qr_days is not None else None,
        gateway_contracts=tuple(
            GatewayContract(
                gateway=one.gateway,
                mode=one.mode,
                card_type=one.card_type,
                effective_from=one.effective_from,
                fee_bps=one.fee_bps,
                fixed_paise=one.fixed,
                min_paise=one.minimum,
                max_paise=one.maximum,
                gst_bps=1800,
                gst_exempt_upto_paise=one.gst_exempt_upto,
                settle_days=one.settle_days,
                cutoff_time=one.cutoff,
            )
            for one in world.contracts
        )
        or None,
    )
    yield _at(FOUNDED, "tenant", tenant, TenantSettingsChanged(patch=patch))


def _booked(appointment: Appointment) -> AppointmentBooked:
    start = FOUNDED + timedelta(days=30)
    return AppointmentBooked(
        patient_id="pat_1",
        slot_id=f"slot_{appointment.appointment_id}",
        token_no=1,
        schedule_id="sch_1",
        practitioner_id=appointment.practitioner_id,
        branch_id=BRANCHES[0],
        specialty_id=appointment.specialty_id,
        service_id="svc_1",
        visit_type="new",
        mode="in_person",
        start_at=start,
        end_at=start + timedelta(minutes=15),
        price_quoted_paise=50_000,
        price_version_id="prc_1",
        list_price_paise=50_000,
        deposit_required_paise=0,
        booking_channel="portal",
        deposit_paid_paise=0,
    )


def _payment(payment: Payment) -> Iterator[Fact]:
    id = payment.payment_id
    if payment.order_id and payment.initiated_at:
        initiated = PaymentInitiated(
            payment_id=id,
            branch_id=payment.branch_id,
            patient_id="pat_1",
            appointment_id=payment.appointment_id,
            purpose="full",
            amount_paise=payment.amount,
            mode=payment.mode,
            channel=payment.channel,
            gateway=payment.gateway or "",
            order_id=payment.order_id,
            order_receipt="receipt",
            expires_at=payment.initiated_at + timedelta(minutes=15),
        )
        yield _at(payment.initiated_at, "payment", id, initiated)
        if payment.authorised_id:
            authorised = PaymentAuthorized(gateway_payment_id=payment.authorised_id)
            yield _at(payment.initiated_at, "payment", id, authorised)
    if payment.captured_at:
        captured = PaymentCaptured(
            payment_id=id,
            branch_id=payment.branch_id,
            patient_id="pat_1",
            appointment_id=payment.appointment_id,
            purpose="full",
            amount_paise=payment.amount,
            currency="INR",
            mode=payment.mode,
            channel=payment.channel,
            gateway=payment.gateway,
            gateway_payment_id=payment.gateway_payment_id,
            order_id=payment.order_id,
            rrn=payment.rrn,
            auth_code=payment.auth_code,
            card_type=payment.card_type,
            terminal_id=payment.terminal_id,
            cash_session_id=payment.cash_session_id,
            captured_at=payment.captured_at,
            late_capture=False,
            source="webhook" if payment.channel == "gateway" else "counter",
        )
        yield payment.recorded_at or payment.captured_at, "payment", id, captured, payment.captured_at
    if payment.reversed_at:
        reversed_ = PaymentReversed(amount_paise=payment.amount, reason="entry_error")
        yield _at(payment.reversed_at, "payment", id, reversed_)


def _refund(refund: Refund) -> Iterator[Fact]:
    asked = RefundRequested(
        refund_id=refund.refund_id, amount_paise=refund.amount, reason="goodwill", destination=refund.destination
    )
    steps: list[Event] = [asked, RefundApproved(refund_id=refund.refund_id, approval="auto")]
    if refund.speed:
        steps.append(RefundInitiated(refund_id=refund.refund_id, attempt=1, speed=refund.speed))
    known_at = refund.recorded_at or refund.processed_at
    for step in steps:
        yield _at(known_at, "payment", refund.payment_id, step)
    processed = RefundProcessed(
        refund_id=refund.refund_id,
        amount_paise=refund.amount,
        gateway_refund_id=refund.gateway_refund_id,
        arn_or_rrn=refund.reference,
        destination=refund.destination,
        cash_session_id=refund.cash_session_id,
        processed_at=refund.processed_at,
    )
    yield _at(known_at, "payment", refund.payment_id, processed)


def _dispute(dispute: Dispute) -> Iterator[Fact]:
    opened = DisputeOpened(
        dispute_id=dispute.dispute_id,
        gateway_dispute_id=dispute.gateway_dispute_id,
        amount_paise=dispute.amount,
        phase="chargeback",
        respond_by=dispute.opened_at + timedelta(days=7),
        deduct_at_onset=True,
    )
    yield _at(dispute.opened_at, "payment", dispute.payment_id, opened)
    if dispute.resolved_at and dispute.outcome:
        resolved = DisputeResolved(
            dispute_id=dispute.dispute_id,
            outcome=dispute.outcome,
            amount_deducted_paise=dispute.deducted,
            covered_paise=dispute.deducted,
            uncovered_paise=0,
        )
        yield _at(dispute.resolved_at, "payment", dispute.payment_id, resolved)


def _line(line: Line) -> SettlementLineRecorded:
    credit, debit = line.credit, line.debit
    if line.entity_type == "payment":
        credit = line.amount - line.fee - line.tax
    elif line.entity_type == "refund":
        debit = line.amount + line.fee + line.tax
    return SettlementLineRecorded(
        line_id=line.line_id,
        gateway=line.gateway,
        settlement_id=line.settlement_id,
        settlement_utr=line.utr,
        entity_type=line.entity_type,
        entity_id=line.entity_id,
        order_id=line.order_id,
        dispute_id=line.dispute_id,
        method=line.method,
        amount_paise=line.amount,
        fee_excl_paise=line.fee,
        tax_paise=line.tax,
        credit_paise=credit,
        debit_paise=debit,
        on_hold=line.held,
        settled=not line.held,
        created_at=line.created_at,
        settled_at=line.settled_at,
        raw_sha256=hashlib.sha256(line.line_id.encode()).hexdigest(),
    )


def _session(world: World, session: Session) -> Iterator[Fact]:
    id = session.cash_session_id
    opened = CashSessionOpened(
        branch_id=session.branch_id, drawer_id=f"drawer_{id}", opening_float_paise=session.opening
    )
    yield _at(session.opened_at, "cash_session", id, opened)
    expected = session.opening - session.petty
    for payment in world.payments:
        if payment.cash_session_id == id and payment.captured_at:
            sale = CashMovementRecorded(kind="sale_in", amount_paise=payment.amount, payment_id=payment.payment_id)
            yield _at(payment.captured_at, "cash_session", id, sale)
            expected += payment.amount
            if payment.reversed_at:
                undone = CashMovementRecorded(kind="refund_out", amount_paise=payment.amount, reference="reversal")
                yield _at(payment.reversed_at, "cash_session", id, undone)
                expected -= payment.amount
    for refund in world.refunds:
        if refund.cash_session_id == id:
            paid = CashMovementRecorded(kind="refund_out", amount_paise=refund.amount, refund_id=refund.refund_id)
            yield _at(refund.processed_at, "cash_session", id, paid)
            expected -= refund.amount
    if session.petty:
        petty = CashMovementRecorded(kind="petty_expense", amount_paise=session.petty)
        yield _at(session.opened_at, "cash_session", id, petty)
    if session.closed_at:
        counted = expected + session.variance
        count = CashDrawerCounted(
            denominations={"100": counted // 100}, counted_paise=counted, attempt=1, counted_by="x"
        )
        yield _at(session.closed_at, "cash_session", id, count)
        closed = CashSessionClosed(
            expected_paise=expected,
            counted_paise=counted,
            variance_paise=session.variance,
            drop_paise=counted,
            retained_float_paise=0,
        )
        yield _at(session.closed_at, "cash_session", id, closed)


def _at(at: datetime, aggregate: str, id: str, event: Event) -> Fact:
    return at, aggregate, id, event, at
