"""The worked example of DOMAIN §13: one week of a dermatology chain, as commands, deliveries and files."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from event_store.aggregates.appointment.commands import CancelAppointment
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.price.commands import SetPrice
from event_store.aggregates.price.events import PriceScope
from integrations.bank.inbound import ingest_statement
from integrations.gateway.inbound import ingest_settlement
from mymedic.clock import INDIA
from tests.chain import BALA, CONSULTATION, PROCEDURE, Chain
from tests.unit.event_store.clinic import FINANCE, MANAGER, PATIENT, ist
from tests.unit.integrations.bank.files import bank_csv, bank_row
from tests.unit.integrations.gateway.files import api_file, api_item, razorpay_csv, razorpay_row

UPI_AT_GATEWAY, CARD_AT_GATEWAY, REFUND_AT_GATEWAY = "pay_DEMO0000000001", "pay_DEMO0000000002", "rfnd_DEMO000000001"
UTR_A, UTR_B = "HDFC0000000000A1", "HDFC0000000000B1"
OPENING_BALANCE = 1_000_000


class Week(NamedTuple):
    """The ids of what the week is about."""

    deposit_id: str
    refund_id: str
    invoice_id: str
    card_id: str


def play(chain: Chain, *, is_rebooked: bool = False, is_card_line_dropped: bool = False) -> Week:
    """Monday to Friday. F01 drops the card's row from the second settlement; `is_rebooked` fills the freed slot."""
    deposit_id = monday(chain)
    refund_id = tuesday(chain)
    if is_rebooked:
        fill_the_slot(chain)
    chain.at(4, "09:00").refunded(deposit_id, refund_id, REFUND_AT_GATEWAY)
    invoice_id, card_id = wednesday_noon(chain)
    wednesday_evening(chain, deposit_id)
    friday(chain, card_id, is_card_line_dropped)
    return Week(deposit_id, refund_id, invoice_id, card_id)


def monday(chain: Chain) -> str:
    """Half of 800 rupees by UPI holds Tuesday 18:00, and confirms it."""
    chain.at(2, "10:00").hold("appt_1", 3, "18:00")
    deposit_id = chain.order(40_000, appointment_id="appt_1")
    chain.captured(deposit_id, UPI_AT_GATEWAY)
    return deposit_id


def tuesday(chain: Chain) -> str:
    """Five hours before, the patient cancels; nobody asks for the refund that follows."""
    cancel = CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="patient_request")
    chain.at(3, "13:00").ask(cancel, PATIENT)
    (requested,) = chain.events("RefundRequested")
    return str(requested.refund_id)


def fill_the_slot(chain: Chain) -> None:
    """The desk gives the freed slot to somebody else for 700 rupees, and the visit takes place."""
    price = SetPrice(
        service_id=CONSULTATION,
        scope=PriceScope(level="branch", branch_id="brn_south"),
        amount_paise=70_000,
        tax_inclusive=True,
        effective_from=ist(3, "14:00"),
    )
    chain.at(3, "14:00").ask(price, MANAGER)
    chain.book("appt_2", 3, "18:00", BALA, price=70_000)
    chain.at(3, "18:00").visit("appt_2", "enc_2")


def wednesday_noon(chain: Chain) -> tuple[str, str]:
    """Another patient's procedure is invoiced and paid with a credit card."""
    line = NewLine(line_no=1, service_id=PROCEDURE, qty=1, unit_price_paise=250_000, gst_bps=0, tax_inclusive=True)
    invoice = IssueInvoice(patient_id="pat_bala", branch_id="brn_south", lines=(line,))
    invoice_id = chain.at(4, "12:00").ask(invoice)
    card_id = chain.order(250_000, patient=BALA, mode="card", purpose="procedure", invoice_id=invoice_id)
    chain.captured(card_id, CARD_AT_GATEWAY, card={"network": "Visa", "type": "credit", "last4": "1111"})
    return invoice_id, card_id


def wednesday_evening(chain: Chain, deposit_id: str) -> None:
    """setl_A as the gateway's API gives it, where a fee includes its tax; and the bank's first statement."""
    item = api_item(
        entity_id=UPI_AT_GATEWAY,
        amount=40_000,
        fee=0,
        tax=0,
        credit=40_000,
        method="upi",
        card_network=None,
        card_type=None,
        order_id=chain.state("payment", deposit_id).order_id,
        settlement_id="setl_A",
        settlement_utr=UTR_A,
        created_at=seconds(2, "10:00"),
        settled_at=seconds(4, "09:30"),
    )
    chain.at(4, "18:00")
    hand_in_settlement(chain, api_file(item), "setl_A.json", "razorpay_recon_api_v1")
    hand_in_statement(chain, "wednesday.csv", 4, UTR_A, 40_000, OPENING_BALANCE + 40_000)


def friday(chain: Chain, card_id: str, is_card_line_dropped: bool) -> None:
    """setl_B as the dashboard exports it, in rupees and with the fee apart from its tax; a debt if a row is missing."""
    card = razorpay_row(
        entity_id=CARD_AT_GATEWAY,
        order_id=chain.state("payment", card_id).order_id,
        entity_created_at=local_time(4, "12:00"),
        settled_at=local_time(6, "09:30"),
        settlement_utr=UTR_B,
    )
    refund = card | {
        "transaction_entity": "refund",
        "entity_id": REFUND_AT_GATEWAY,
        "amount": "200.00",
        "fee (exclusive tax)": "0.00",
        "tax": "0.00",
        "debit": "200.00",
        "credit": "0.00",
        "entity_created_at": local_time(4, "09:00"),
    }
    rows = [refund] if is_card_line_dropped else [card, refund]
    chain.at(6, "18:00")
    hand_in_settlement(chain, razorpay_csv(*rows), "setl_B.csv", "razorpay_recon_csv_v1")
    if not is_card_line_dropped:
        hand_in_statement(chain, "friday.csv", 6, UTR_B, 224_100, OPENING_BALANCE + 264_100)


def hand_in_settlement(chain: Chain, data: bytes, name: str, format: str) -> None:
    with chain.desk() as desk:
        report = ingest_settlement(desk, chain.tenant_id, data, name, format, "razorpay", FINANCE)
    assert report.status == "accepted", report.error


def hand_in_statement(chain: Chain, name: str, day: int, utr: str, credit: int, balance: int) -> None:
    on = f"2026-11-{day:02d}"
    row = bank_row(credit, balance, reference=utr, value_date=on, transaction_date=on)
    with chain.desk() as desk:
        report = ingest_statement(desk, chain.tenant_id, bank_csv(row), name, "bank_csv_v1", "bank_current", FINANCE)
    assert report.status == "accepted", report.error


def seconds(day: int, clock: str) -> int:
    return int(ist(day, clock).timestamp())


def local_time(day: int, clock: str) -> str:
    moment: datetime = ist(day, clock).astimezone(INDIA)
    return f"{moment:%d/%m/%Y %H:%M:%S}"
