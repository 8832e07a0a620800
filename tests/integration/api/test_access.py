"""Who may do what, asked over HTTP: own records, branches, second signatures, and grants that the log takes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from event_store.aggregates.appointment.commands import RescheduleAppointment
from event_store.aggregates.payment.commands import ApproveRefund, RequestRefund
from event_store.ledger.sqlite import SqliteReads
from mymedic.messages import Ack, Actor, Command, Envelope
from tests.integration.api.conftest import Api, refusal
from tests.unit.event_store.clinic import FINANCE, TIMER

CANCEL = {"initiator": "patient", "reason_code": "other"}
CHILD = {
    "sex": "female",
    "birth_year": 2020,
    "branch_id": "brn_south",
    "patient_id": "pat_child",
    "guardian_patient_id": "pat_asha",
    "pii": {"name": "Mini", "phone_e164": "+919812345670"},
}


@contextmanager
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The questions to the ledger meanwhile."""
    questions: list[str] = []
    rows = SqliteReads.rows

    def counted(self: SqliteReads, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        questions.append(sql)
        return rows(self, sql, parameters)

    with monkeypatch.context() as patched:
        patched.setattr(SqliteReads, "rows", counted)
        yield questions


def work(api: Api, monkeypatch: pytest.MonkeyPatch, id: str, role: str) -> tuple[str, list[str]]:
    """What an actor is told of an appointment, and the questions that it took a server that remembers nothing."""
    api.chain.store.handler._states.clear()
    with asked(monkeypatch) as questions:
        answer = api.send("cancel-appointment", {"appointment_id": id, **CANCEL}, role)
    problem = refusal(answer, 404, "NOT_FOUND")
    assert problem["details"] == {"id": id}
    return problem["detail"].replace(id, "X"), questions


@pytest.mark.parametrize("role", ["FD", "DR", "PP"])
def test_an_id_of_another_tenant_takes_the_same_words_and_the_same_work_as_an_unknown_one(
    api: Api, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """R-AUTH-1."""
    appointment_id = f"appt_other_{role}"
    api.other.book(appointment_id, {"FD": 3, "DR": 4, "PP": 5}[role], "18:00")
    assert work(api, monkeypatch, appointment_id, role) == work(api, monkeypatch, "appt_none", role)


def test_another_patients_record_takes_the_same_words_and_the_same_work_as_none(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-AUTH-3."""
    bala = Actor(type="patient", id="pat_bala", roles=("PP",), patient_id="pat_bala")
    api.chain.book("appt_of_bala", 10, "18:00", bala)
    assert work(api, monkeypatch, "appt_of_bala", "PP") == work(api, monkeypatch, "appt_none", "PP")


def test_a_guardian_books_pays_and_cancels_for_a_dependent(api: Api) -> None:
    """R-AUTH-3."""
    assert api.send("register-patient", CHILD, "FD").json()["status"] == "accepted"
    guardian = {"role": "guardian", "name": "Asha", "verified": True}
    consent = {"patient_id": "pat_child", "purpose": "care", "notice_version": "1", "given_by": guardian}
    assert api.send("record-consent", consent, "FD").status_code == 200
    hold = {
        "patient_id": "pat_child",
        "slot_id": api.chain.slot(11, "18:00"),
        "service_id": "svc_consult",
        "visit_type": "new",
        "quoted_price_paise": 80_000,
        "channel": "portal",
    }
    held = api.send("hold-appointment", hold, "PP", X_Aggregate_Id="appt_child").json()
    assert held["status"] == "accepted", held
    pay = {
        "patient_id": "pat_child",
        "appointment_id": "appt_child",
        "purpose": "deposit",
        "amount_paise": 40_000,
        "mode": "upi",
        "gateway": "razorpay",
        "order_receipt": "r_child",
        "expires_at": "2026-11-02T10:10:00+05:30",
    }
    stranger = api.tokens.issue("ten_test", Actor(type="patient", id="pat_x", roles=("PP",), patient_id="pat_bala"))
    theirs = {"Authorization": f"Bearer {stranger}"}
    refusal(api.client.post("/v1/commands/initiate-payment", json=pay, headers=theirs), 404, "NOT_FOUND")
    assert api.send("initiate-payment", pay, "PP").status_code == 200
    body = {"appointment_id": "appt_child", **CANCEL}
    refusal(api.client.post("/v1/commands/cancel-appointment", json=body, headers=theirs), 404, "NOT_FOUND")
    assert api.send("cancel-appointment", body, "PP").status_code == 200


def test_a_token_reaches_no_further_than_what_the_log_grants_now(api: Api) -> None:
    """C12: a role that was taken back is taken back from tokens that were issued before."""
    register = {"name": "Meera", "staff_id": "stf_meera", "roles": [{"role": "FD", "branch_scope": ["brn_south"]}]}
    first = {"name": "Head", "staff_id": "stf_head", "roles": [{"role": "CM", "branch_scope": ["*"]}]}
    assert api.send("register-staff", first, "EN").status_code == 200
    assert api.send("register-staff", register, "CM").status_code == 200
    token = api.tokens.issue("ten_test", Actor(type="user", id="stf_meera", roles=("FD", "CM")))
    headers = {"Authorization": f"Bearer {token}"}

    def open_drawer(branch_id: str) -> Any:
        body = {"branch_id": branch_id, "drawer_id": "drw_m", "opening_float_paise": 0}
        return api.client.post("/v1/commands/open-cash-session", json=body, headers=headers)

    specialty = api.client.post("/v1/commands/define-specialty", json={"name": "ENT"}, headers=headers)
    refusal(specialty, 403, "FORBIDDEN")
    refusal(open_drawer("brn_north"), 403, "FORBIDDEN_BRANCH")
    assert open_drawer("brn_south").status_code == 200
    assert api.send("revoke-role", {"subject_id": "stf_meera", "role": "FD"}, "CM").status_code == 200
    refusal(open_drawer("brn_south"), 403, "FORBIDDEN")


def test_a_second_person_signs_in_a_header(api: Api) -> None:
    """R-AUTH-4."""
    again = {**CHILD, "patient_id": "pat_again", "guardian_patient_id": None, "birth_year": 1990, "force": True}
    assert api.send("register-patient", again, "FD").status_code == 200
    merge = {"survivor_id": "pat_bala", "duplicate_id": "pat_again", "reason": "registered twice"}
    own, other = (f"Bearer {api.token('CM', tenant)}" for tenant in ("ten_test", "ten_other"))
    refusal(api.send("merge-patients", merge), 403, "FOUR_EYES_REQUIRED")
    refusal(api.send("merge-patients", merge, X_Cosigner_Authorization="Bearer guessed"), 401, "UNAUTHENTICATED")
    refusal(api.send("merge-patients", merge, X_Cosigner_Authorization=other), 403, "TENANT_MISMATCH")
    assert api.send("merge-patients", merge, X_Cosigner_Authorization=own).json()["status"] == "accepted"


def test_a_month_is_closed_over_http(api: Api) -> None:
    """C87 to C90 are plain commands: a run goes in, an item is resolved by two, reopened, and the month closed."""
    item = {"recon_item_id": "L1:line:sline_1", "item_hash": "a" * 32, "opened_on": "2026-09-01", "open_paise": 900}
    run = {
        "run_id": "run_1",
        "as_of": api.chain.clock.now().isoformat(),
        "scope": {"from": "2026-09-01", "to": "2026-09-30"},
        "input_seq": 1,
        "input_hash": "1" * 64,
        "output_hash": "2" * 64,
        "totals": [{"leg": "L1", "class": "orphan_settlement", "count": 1, "left_paise": 0, "right_paise": 900}],
        "debits_paise": 900,
        "credits_paise": 900,
        "trial_balance_hash": "3" * 64,
        "open_items": [item],
    }
    assert api.send("run-reconciliation", run, "FN").status_code == 200
    close, second = {"yyyymm": "202609"}, f"Bearer {api.token('CM', 'ten_test')}"
    too_early = api.send("close-financial-period", close, "FN", X_Cosigner_Authorization=second)
    told = refusal(too_early, 409, "RECON_NOT_BALANCED")
    assert told["details"]["recon_item_ids"] == [item["recon_item_id"]]
    resolve = {"resolution": "write_off", "amount_paise": 900, "note": "nobody asks for it"}
    resolve |= {name: item[name] for name in ("recon_item_id", "item_hash")}
    refusal(api.send("resolve-recon-item", resolve, "FN"), 403, "FOUR_EYES_REQUIRED")
    refusal(api.send("resolve-recon-item", resolve | {"item_hash": "b" * 32}, "FN"), 409, "RECON_ITEM_STALE")
    assert api.send("resolve-recon-item", resolve, "FN", X_Cosigner_Authorization=second).status_code == 200
    reopen = {"recon_item_id": item["recon_item_id"], "reason": "it was asked for"}
    assert api.send("reopen-recon-item", reopen, "FN", X_Cosigner_Authorization=second).status_code == 200
    assert api.send("resolve-recon-item", resolve, "FN", X_Cosigner_Authorization=second).status_code == 200
    assert api.send("close-financial-period", close, "FN", X_Cosigner_Authorization=second).status_code == 200


def test_no_approver_stands_behind_what_is_approved(api: Api) -> None:
    """R-AUTH-4: who made the product ask for a refund does not approve it either, nor does who acts for them."""
    chain = api.chain
    chain.hold("appt_paid", 12, "18:00")
    payment_id = chain.order(40_000, appointment_id="appt_paid")
    chain.captured(payment_id, "pay_gateway_chain")
    both = Actor(type="user", id="stf_both", roles=("FD", "FN"))
    handler = chain.store.handler

    def send(command: Command, actor: Actor, command_id: str, causation_id: str | None = None) -> Ack:
        envelope = Envelope(
            command=command,
            command_id=command_id,
            tenant_id="ten_test",
            actor=actor,
            issued_at=chain.clock.now(),
            causation_id=causation_id,
        )
        return handler.submit(envelope)

    moved = send(
        RescheduleAppointment(
            appointment_id="appt_paid",
            new_slot_id=chain.slot(13, "18:00"),
            initiator="provider",
            reason_code="provider_leave",
        ),
        both,
        "cmd_moved",
    )
    ask = RequestRefund(
        payment_id=payment_id, refund_id="rfd_1", amount_paise=100, reason="duplicate_capture", destination="source"
    )
    for cause, refund_id in ((moved.event_ids[0], "rfd_event"), ("cmd_moved", "rfd_command")):
        asked = send(msgspec.structs.replace(ask, refund_id=refund_id), TIMER, f"cmd_{refund_id}", cause)
        assert asked.error is None
        approve = ApproveRefund(payment_id=payment_id, refund_id=refund_id)
        for_them = Actor(type="user", id="stf_temp", roles=("FN",), on_behalf_of="stf_both")
        for actor in (both, for_them):
            refused = send(approve, actor, f"cmd_{refund_id}_{actor.id}")
            assert refused.error is not None and refused.error.code == "FOUR_EYES_REQUIRED"
        assert send(approve, FINANCE, f"cmd_{refund_id}_other").error is None
