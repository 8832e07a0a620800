"""The eight questions about an appointment that was cancelled and refunded, with the figures of DOMAIN §13."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import pytest

from event_store.audit.asked import Asked, Subject
from event_store.audit.book import opened
from event_store.audit.changes import changes
from event_store.audit.events import events
from event_store.audit.forfeits import LedgerEntry, Posted, forfeits
from event_store.audit.history import initiators, order, timeline
from event_store.audit.payments import payments
from event_store.audit.policies import policies
from event_store.audit.questions import QUESTIONS
from event_store.audit.refunds import refunds
from event_store.audit.sight import OPERATOR
from event_store.ledger.chain import GENESIS
from mymedic.errors import Refused
from mymedic.messages import Actor
from tests.e2e.week import REFUND_AT_GATEWAY, hand_in_settlement
from tests.integration.audit.conftest import AUDITOR, TENANT, Audited
from tests.unit.event_store.clinic import DESK, DOCTOR, ENGINEER, FINANCE, MANAGER, PATIENT, ist
from tests.unit.integrations.gateway.files import razorpay_csv, razorpay_row

APPOINTMENT = "appt_1"
STORY = [
    "AppointmentHeld", "PaymentInitiated", "PaymentCaptured", "AppointmentBooked", "AppointmentCancelled",
    "DepositForfeited", "RefundRequested", "RefundApproved", "RefundInitiated", "RefundProcessed",
]  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """Every question on both databases."""
    return str(request.param)


def test_what_happened(audited: Audited) -> None:
    found = audited.ask(timeline, "appointment", APPOINTMENT)
    assert [row.event_type for row in found.rows] == STORY
    cancelled = found.rows[STORY.index("AppointmentCancelled")]
    assert (cancelled.what, cancelled.amount_paise, cancelled.actor.id) == ("Appointment cancelled", 20_000, "pat_asha")
    assert (found.next, found.withheld, found.head.seq) == (None, 0, audited.chain.head())


def test_every_event_carries_its_proof(audited: Audited) -> None:
    rows = audited.ask(events, "stream", f"payment-{audited.deposit_id}").rows
    log = {event.seq: event for event in audited.chain.log()}
    with audited.store.ledger.read() as reads:
        for row in rows:
            before = reads.end_at(TENANT, row.seq - 1)
            assert (row.proof.seq, row.proof.prev_hash) == (row.seq, before.event_hash)
            assert row.proof.event_hash == reads.end_at(TENANT, row.seq).event_hash
            assert row.event_id == log[row.seq].event_id
        assert reads.end_at(TENANT, 0).event_hash == GENESIS


def test_pages_are_of_the_log_that_the_first_one_saw(audited: Audited) -> None:
    whole = audited.ask(events, "patient", "pat_asha", limit=500).rows
    assert len(whole) > 10
    rows, page = [], None
    while True:
        found = audited.ask(events, "patient", "pat_asha", limit=3, page=page)
        rows += found.rows
        page = found.next
        if page is None:
            break
        assert len(found.rows) == 3 and found.head.seq == audited.chain.head()
    assert tuple(rows) == whole
    early = audited.ask(events, "patient", "pat_asha", page=f"{whole[4].seq}-0")
    assert early.rows == whole[:5] and early.head.seq == whole[4].seq


def test_a_question_can_be_narrowed(audited: Audited) -> None:
    some = audited.ask(timeline, "appointment", APPOINTMENT, types=("RefundRequested", "RefundProcessed"))
    assert [row.event_type for row in some.rows] == ["RefundRequested", "RefundProcessed"]
    tuesday = audited.ask(timeline, "appointment", APPOINTMENT, from_at=ist(3, "00:00"), to_at=ist(4, "00:00"))
    assert [row.event_type for row in tuesday.rows] == STORY[4:9]


def test_in_what_order(audited: Audited) -> None:
    """The desk wrote a consent down offline: it happened before one that had been recorded earlier."""
    found = audited.ask(order, "patient", "pat_bala")
    (late,) = [row for row in found.rows if row.is_out_of_order]
    assert (late.event_type, late.late_ms) == ("ConsentRecorded", 3 * 3600 * 1000)
    assert not found.is_in_order and audited.ask(order, "appointment", APPOINTMENT).is_in_order
    last = audited.ask(order, "patient", "pat_bala", page=f"{found.head.seq}-{late.seq - 1}")
    assert last.rows[0].is_out_of_order, "of all that is known, not of one page"


def test_who_initiated(audited: Audited) -> None:
    rows = {row.event_type: row for row in audited.ask(initiators, "appointment", APPOINTMENT).rows}
    refund = rows["RefundInitiated"]
    assert refund.actor.id == "process:deposit_plan"
    assert [link.event_type for link in refund.chain] == ["RefundInitiated", "RefundApproved", "AppointmentCancelled"]
    assert refund.initiator is not None and refund.initiator.actor is not None
    assert (refund.initiator.actor.id, refund.initiator.actor.type) == ("pat_asha", "patient")
    assert refund.initiator.channel == "console" and refund.initiator.id == refund.chain[-1].id
    captured = rows["PaymentCaptured"].initiator
    assert captured is not None and captured.actor is not None and captured.actor.type == "integration"


def test_what_changed(audited: Audited) -> None:
    rows = {row.event_type: row for row in audited.ask(changes, "appointment", APPOINTMENT).rows}
    assert sorted(rows["AppointmentCancelled"].patch, key=lambda one: one["path"]) == [
        {"op": "add", "path": f"/planned_refunds/{audited.deposit_id}", "value": 20_000},
        {"op": "replace", "path": "/status", "value": "cancelled"},
    ]
    assert rows["RefundApproved"].patch == (
        {"op": "replace", "path": f"/refunds/{audited.refund_id}/status", "value": "approved"},
    )


def test_what_policy_applied(audited: Audited) -> None:
    found = audited.ask(policies, "appointment", APPOINTMENT)
    assert found.recomputed_equal and all(row.recomputed_equal for row in found.rows)
    rows = {row.event_type: row for row in found.rows}
    cancelled = rows["AppointmentCancelled"]
    wanted = {
        "lead_seconds": 18_000, "tier_bps": 5_000, "eff_bps": 5_000,
        "held_paise": 40_000, "forfeit_paise": 20_000, "refund_paise": 20_000,
    }  # fmt: skip
    assert {name: cancelled.recomputed[name] for name in wanted} == wanted
    assert cancelled.inputs["held_by_payment"] == {audited.deposit_id: 40_000}
    (policy,) = cancelled.policies
    assert (policy.policy_version_id, policy.published_seq) == ("pol_default_cancellation", None)
    assert "from 4 h before the start 50 %" in policy.text[0]
    held = rows["AppointmentHeld"]
    assert held.recomputed["deposit_required_paise"] == 40_000 and held.inputs["price_scope"] == "tenant"
    assert [one.kind for one in held.policies] == ["cancellation", "deposit"] and held.policies[1].published_seq
    assert rows["DepositForfeited"].recomputed["amount_paise"] == 20_000
    assert rows["RefundRequested"].recomputed == {"amount_paise": 20_000}


def test_what_payment_applied(audited: Audited) -> None:
    found = audited.ask(payments, "appointment", APPOINTMENT)
    assert [(row.event_type, row.change_paise, row.balance_paise) for row in found.rows] == [
        ("PaymentCaptured", 40_000, 40_000),
        ("DepositForfeited", -20_000, 20_000),
        ("RefundRequested", -20_000, 0),
        ("RefundProcessed", 0, 0),
    ]
    assert (found.captured_paise, found.forfeited_paise, found.refunded_or_reserved_paise) == (40_000, 20_000, 20_000)
    bala = audited.ask(payments, "patient", "pat_bala")
    assert [(row.event_type, row.balance_paise) for row in bala.rows] == [
        ("PaymentCaptured", 250_000),
        ("PaymentAllocated", 0),
    ]
    invoice_id = bala.rows[1].invoice_id
    assert invoice_id is not None
    assert audited.ask(payments, "invoice", invoice_id).rows == bala.rows, "the invoice leads to its payment"


def test_what_was_refunded(audited: Audited) -> None:
    found = audited.ask(refunds, "payment", audited.deposit_id)
    (row,) = found.rows
    assert (row.refund_id, row.state, row.amount_paise) == (audited.refund_id, "processed", 20_000)
    assert (row.requested_by, row.approved_by, row.reason) == ("pat_asha", "policy", "policy_cancel")
    assert row.tat_seconds == 20 * 3600 and found.by_state == {"processed": 20_000}
    assert row.settlement is not None and row.settlement.debit_paise == 20_000
    assert row.settlement.utr == "HDFC0000000000B1"


class Books:
    """The two legs of a forfeit, as published books have them."""

    def __init__(self, last_seq: int) -> None:
        self.last_seq = last_seq

    def posted(self, tenant_id: str, seqs: Collection[int]) -> Posted:
        legs = [
            LedgerEntry(
                seq=seq, posting="forfeited", account=account, account_name=account, side=side,
                amount_paise=20_000, branch_id="brn_south",
            )
            for seq in seqs
            for account, side in (("2100", "D"), ("4200", "C"))
        ]  # fmt: skip
        return Posted(last_seq=self.last_seq, entries=tuple(legs))


def test_what_was_forfeited(audited: Audited) -> None:
    found = audited.ask(forfeits, "appointment", APPOINTMENT)
    (row,) = found.rows
    assert (row.basis, row.policy_version_id) == ("late_cancel", "pol_default_cancellation")
    assert (row.amount_paise, row.gst_paise, row.kept_paise) == (20_000, 0, 20_000)
    assert (found.kept_paise, found.reversed_paise, found.ledger_seq, row.entries) == (20_000, 0, None, None)
    ask = QUESTIONS["forfeits"].with_books(Books(audited.chain.head()))
    (booked,) = msgspec.to_builtins(audited.ask(ask, "appointment", APPOINTMENT))["rows"]
    assert [(leg["account"], leg["side"]) for leg in booked["entries"]] == [("2100", "D"), ("4200", "C")]
    behind = QUESTIONS["forfeits"].with_books(Books(row.seq - 1))
    assert msgspec.to_builtins(audited.ask(behind, "appointment", APPOINTMENT))["rows"][0]["entries"] is None


@pytest.mark.parametrize("word", QUESTIONS)
def test_as_it_was_known_before_the_refund(audited: Audited, word: str) -> None:
    """What came later is not in it, whatever was asked, and the same question has the same answer."""
    known = ist(3, "13:30")
    found = audited.ask(QUESTIONS[word].ask, "appointment", APPOINTMENT, as_of=known)
    assert found == audited.ask(QUESTIONS[word].ask, "appointment", APPOINTMENT, as_of=known)
    assert found.as_of <= known and found.head.seq < audited.chain.head()
    assert b"RefundProcessed" not in msgspec.json.encode(found)
    with pytest.raises(Refused) as refused:
        audited.ask(QUESTIONS[word].ask, "appointment", APPOINTMENT, as_of=ist(2, "09:00"))
    assert refused.value.code == "NOT_FOUND"


def test_a_merged_patient_is_one_story(audited: Audited) -> None:
    both = audited.ask(timeline, "patient", "pat_asha")
    assert both.rows == audited.ask(timeline, "patient", "pat_double").rows
    streams = {row.stream_id for row in both.rows}
    assert {"patient-pat_asha", "patient-pat_double", "appointment-appt_1"} <= streams
    apart = audited.ask(timeline, "patient", "pat_double", page=f"{audited.seq_before_merge}-0")
    assert {row.stream_id for row in apart.rows} == {"patient-pat_double"}


@pytest.mark.parametrize("actor", [DESK, DOCTOR, PATIENT], ids=lambda actor: actor.roles[0])
def test_who_audits_nothing_is_told_nothing(audited: Audited, actor: Actor) -> None:
    with pytest.raises(Refused) as refused:
        audited.sight(actor)
    assert refused.value.code == "FORBIDDEN"


def test_finance_sees_money_alone(audited: Audited) -> None:
    found = audited.ask(timeline, "patient", "pat_asha", sight=audited.sight(FINANCE))
    assert {row.event_type for row in found.rows} == set(STORY)
    assert found.withheld == len(audited.ask(timeline, "patient", "pat_asha").rows) - len(found.rows) > 0
    assert audited.ask(refunds, "patient", "pat_asha", sight=audited.sight(FINANCE)).rows


def test_an_engineer_sees_that_it_happened_and_not_what(audited: Audited) -> None:
    sight = audited.sight(ENGINEER)
    found = audited.ask(events, "appointment", APPOINTMENT, sight=sight)
    assert {row.payload for row in found.rows if isinstance(row.payload, str)} == {"[masked]"}
    assert len(found.rows) == len(STORY) and found.rows[0].proof.event_hash
    patches = audited.ask(changes, "appointment", APPOINTMENT, sight=sight).rows
    assert {one["value"] for row in patches for one in row.patch if "value" in one} == {"[masked]"}
    assert not any(row.amount_paise for row in audited.ask(timeline, "appointment", APPOINTMENT, sight=sight).rows)
    for question in (policies, payments, refunds, forfeits):
        with pytest.raises(Refused) as refused:
            audited.ask(question, "appointment", APPOINTMENT, sight=sight)
        assert refused.value.code == "FORBIDDEN"


def test_nobody_sees_a_name_or_a_keyed_hash(audited: Audited) -> None:
    for actor in (AUDITOR, MANAGER):
        found = audited.ask(events, "patient", "pat_asha", sight=audited.sight(actor))
        (registered, *_) = [row for row in found.rows if row.event_type == "PatientRegistered"]
        assert isinstance(registered.payload, dict) and registered.pii == "[sealed]"
        assert registered.payload["phone_hash"] == registered.payload["name_hash"] == "[hashed]"
        assert b"Asha" not in msgspec.json.encode(found) and b"98123" not in msgspec.json.encode(found)


def test_a_branch_auditor_is_told_of_the_branch(audited: Audited) -> None:
    elsewhere = msgspec.structs.replace(AUDITOR, branch_scope=("brn_north",))
    with pytest.raises(Refused) as refused:
        audited.ask(timeline, "appointment", APPOINTMENT, sight=audited.sight(elsewhere))
    assert refused.value.code == "NOT_FOUND"
    here = msgspec.structs.replace(AUDITOR, branch_scope=("brn_south",))
    assert len(audited.ask(timeline, "appointment", APPOINTMENT, sight=audited.sight(here)).rows) == len(STORY)
    assert audited.ask(payments, "appointment", APPOINTMENT, sight=audited.sight(here)).captured_paise == 40_000


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"kind": "appointment", "id": "appt_none"}, "NOT_FOUND"),
        ({"kind": "stream", "id": "nothing-x"}, "NOT_FOUND"),
        ({"kind": "appointment", "id": APPOINTMENT, "page": "seven"}, "VALIDATION_FAILED"),
        ({"kind": "appointment", "id": APPOINTMENT, "types": ("NoSuchEvent",)}, "VALIDATION_FAILED"),
    ],
)
def test_what_cannot_be_asked(audited: Audited, asked: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        audited.ask(timeline, **asked)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_a_tenant_that_is_not_there(audited: Audited) -> None:
    asked = Asked(subject=Subject("appointment", APPOINTMENT))
    with pytest.raises(Refused) as refused, opened(audited.store.handler, "ten_none", OPERATOR, asked):
        pass
    assert refused.value.code == "NOT_FOUND"


def test_a_held_line_settles_no_refund(audited: Audited) -> None:
    """The gateway had told of the refund before, as money that it held back."""
    held = razorpay_row(
        transaction_entity="refund",
        entity_id=REFUND_AT_GATEWAY,
        amount="200.00",
        debit="200.00",
        credit="0.00",
        **{"fee (exclusive tax)": "0.00"},
        tax="0.00",
        settlement_id="",
        settled_at="",
        settlement_utr="",
    )
    hand_in_settlement(audited.chain, razorpay_csv(held), "held.csv", "razorpay_recon_csv_v1")
    (row,) = audited.ask(refunds, "payment", audited.deposit_id).rows
    assert row.settlement is not None and row.settlement.utr == "HDFC0000000000B1"
