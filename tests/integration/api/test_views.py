"""The frame of every question to the live views, on payments: who sees what, pages, parameters, waiting, names."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from event_store.aggregates.data_subject.events import PiiAccessed
from mymedic.messages import Actor
from projections.api import console
from projections.generations import rebuild
from projections.payments_summary import PROJECTION as PAYMENTS_SUMMARY
from tests.chain import BALA
from tests.integration.api.conftest import Api, refusal
from tests.integration.api.two_branches import AUDITOR, NORTHERN, PROGRAM, book_in_both, open_north, pay

PAYMENTS = "/v1/console/payments"


@pytest.fixture(scope="module", autouse=True)
def paid(api: Api) -> None:
    """Seven payments in the south, two in the north; and one of another tenant."""
    open_north(api.chain)
    book_in_both(api.chain)
    for number in range(7):
        pay(api.chain, f"pay_s{number}", "appt_asha" if number % 2 else "appt_bala")
    for number in range(2):
        pay(api.chain, f"pay_n{number}", "appt_north")
    api.other.book("appt_bala", 3, "18:15", BALA)
    pay(api.other, "pay_other")
    api.fold()


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["payment_id"] for row in answer.json()["items"]]


def test_a_row_says_what_the_view_says(api: Api) -> None:
    answer = api.ask(PAYMENTS, "FN", payment_id="pay_n1").json()
    assert answer["as_of_seq"] == api.chain.head() and answer["next_cursor"] is None
    (row,) = answer["items"]
    assert (row["branch_id"], row["city_id"], row["business_date"]) == ("brn_north", "cty_mysuru", "2026-11-02")
    assert (row["state"], row["captured_paise"], row["captured_at"]) == ("captured", 500, "2026-11-02T04:30:00Z")
    assert "tenant_id" not in row and "patient_display" not in row
    assert (row["expected_settlement_on"], row["settled_state"]) == ("2026-11-05", "in_transit")


def test_what_no_build_knows_yet_is_left_open(api: Api) -> None:
    for said in ({"payment_id": "pay_n0"}, {"payment_id": "pay_other", "tenant": api.other.tenant_id}):
        (row,) = api.ask(PAYMENTS, "FN", **said).json()["items"]
        assert (row["expected_settlement_on"], row["settled_state"]) == (None, None)


@pytest.mark.parametrize(("role", "count"), [("FD", 9), ("FN", 9), ("CM", 9), ("EN", 9), ("*", 9)])
def test_staff_of_all_branches_see_all_of_their_tenant(api: Api, role: str, count: int) -> None:
    assert len(ids(api.ask(PAYMENTS, role))) == count


@pytest.mark.parametrize("role", ["DR", "PP"])
def test_who_is_no_staff_sees_nothing_of_the_console(api: Api, role: str) -> None:
    refusal(api.ask(PAYMENTS, role), 403, "FORBIDDEN")


def test_a_branch_keeps_to_itself(api: Api) -> None:
    """R-AUTH-2; a branch that nobody knows, or of another tenant, is told in the same words."""
    assert ids(api.ask(PAYMENTS, NORTHERN)) == ["pay_n0", "pay_n1"]
    assert ids(api.ask(PAYMENTS, NORTHERN, payment_id="pay_s1")) == []
    for other in ("brn_south", "brn_none"):
        problem = refusal(api.ask(PAYMENTS, NORTHERN, branch_id=["brn_north", other]), 403, "FORBIDDEN_BRANCH")
        assert problem["detail"] == f"{other} is not one of this actor's branches"
    assert len(ids(api.ask(PAYMENTS, PROGRAM))) == 7


def test_another_tenants_ids_are_unknown_ids(api: Api) -> None:
    for payment_id in ("pay_other", "pay_none"):
        assert ids(api.ask(PAYMENTS, "FN", payment_id=payment_id)) == []
    assert ids(api.ask(PAYMENTS, "FN", tenant="ten_other")) == ["pay_other"]


def test_a_role_that_was_taken_away_shows_nothing(api: Api) -> None:
    """A token outlives what it was issued for; the log decides."""
    held = [{"role": "FN", "branch_scope": ["brn_north"]}, {"role": "FD", "branch_scope": ["brn_south"]}]
    body: dict[str, Any] = {"staff_id": "stf_leaver", "name": "L", "roles": held}
    assert api.send("register-staff", body, "CM").status_code == 200
    leaver = Actor(type="user", id="stf_leaver", roles=("FN", "FD"))
    assert len(ids(api.ask(PAYMENTS, leaver))) == 9
    for role, left in (("FD", 2), ("FN", None)):
        answer = api.send("revoke-role", {"subject_id": "stf_leaver", "role": role}, "CM")
        assert answer.status_code == 200, answer.text
        if left:
            assert len(ids(api.ask(PAYMENTS, leaver))) == left
    refusal(api.ask(PAYMENTS, leaver), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ({"branch_id": "brn_south"}, 7),
        ({"branch_id": ["brn_south", "brn_north"], "patient_id": "pat_bala"}, 4),
        ({"city_id": "cty_mysuru"}, 2),
        ({"state": ["captured", "refunded"]}, 9),
        ({"state": "refunded"}, 0),
        ({"from_date": "2026-11-02", "to_date": "2026-11-02"}, 9),
        ({"to_date": "2026-11-01"}, 0),
        ({"patient_id": "pat_none"}, 0),
    ],
)
def test_filters_leave_rows_out(api: Api, said: dict[str, Any], count: int) -> None:
    assert len(ids(api.ask(PAYMENTS, "FN", **said))) == count


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"brnch_id": "brn_south"}, "brnch_id"),
        ({"from_date": "yesterday"}, "from_date"),
        ({"state": "gone"}, "state"),
        ({"branch_id": "x y"}, "branch_id"),
        ({"branch_id": ["brn_south"] * 51}, "branch_id"),
        ({"branch_id": "brn_\x00"}, "branch_id"),
        ({"limit": 501}, "limit"),
        ({"limit": 0}, "limit"),
        ({"order": "by luck"}, "order"),
        ({"cursor": "guessed"}, "cursor"),
        ({"cursor": "WyJhIiwgWzFdXQ"}, "cursor"),
        ({"wait_ms": 10_001}, "wait_ms"),
        ({"include": "secrets"}, "include"),
    ],
)
def test_a_parameter_that_is_none_is_named(api: Api, said: dict[str, Any], field: str) -> None:
    """A misspelt one, too: it must not widen the answer."""
    problem = refusal(api.ask(PAYMENTS, "FN", **said), 422, "VALIDATION_FAILED")
    assert problem["details"]["field"].partition("[")[0] == field


@pytest.mark.parametrize("order", list(console.PAYMENTS.orders))
def test_pages_give_every_row_once_while_others_come(api: Api, order: str) -> None:
    """Also while the view is made anew and swapped under the reader."""
    wanted = ids(api.ask(PAYMENTS, "FN", order=order))
    found, cursor = [], None
    while True:
        said = {"cursor": cursor} if cursor else {}
        answer = api.ask(PAYMENTS, "FN", order=order, limit=2, **said)
        found += ids(answer)
        pay(api.chain, f"pay_during_{order}_{len(found)}")
        api.fold()
        if len(found) == 4:
            rebuild(api.chain.store.feed, api.database, api.chain.clock, "ten_test", [PAYMENTS_SUMMARY])
        if (cursor := answer.json()["next_cursor"]) is None:
            break
    assert len(found) == len(set(found)) and set(wanted) <= set(found)
    assert [one for one in found if one in wanted] == wanted


def test_a_cursor_is_for_its_own_question(api: Api) -> None:
    cursor = api.ask(PAYMENTS, "FN", limit=2).json()["next_cursor"]
    for said in ({"branch_id": "brn_south"}, {"order": "newest"}):
        refusal(api.ask(PAYMENTS, "FN", cursor=cursor, **said), 422, "VALIDATION_FAILED")
    refusal(api.ask("/v1/console/payments", NORTHERN, cursor=cursor + "AA"), 422, "VALIDATION_FAILED")


def test_the_same_rows_need_not_be_sent_again(api: Api) -> None:
    """Whatever else has happened: only these rows count."""
    first = api.ask(PAYMENTS, NORTHERN)
    pay(api.chain, "pay_elsewhere")
    api.fold()
    again = api.ask(PAYMENTS, NORTHERN, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert int(again.headers["X-As-Of-Seq"]) == int(first.headers["X-As-Of-Seq"]) + 1
    pay(api.chain, "pay_n2", "appt_north")
    api.fold()
    assert ids(api.ask(PAYMENTS, NORTHERN, If_None_Match=first.headers["ETag"]))[-1] == "pay_n2"


def test_one_reads_what_one_has_written_or_is_told_to_wait(api: Api) -> None:
    body = {"patient_id": "pat_asha", "branch_id": "brn_north", "appointment_id": "appt_north"}
    body |= {"purpose": "balance", "amount_paise": 5, "mode": "card", "channel": "pos"}
    sent = api.send(
        "record-counter-payment",
        body | {"amount_paise": 5, "mode": "card", "channel": "pos"},
        X_Aggregate_Id="pay_mine",
    )
    seq = sent.json()["last_seq"]
    problem = refusal(api.ask(PAYMENTS, "FN", after_seq=seq, wait_ms=20), 503, "NOT_YET_VISIBLE")
    assert problem["retryable"] and problem["details"] == {
        "view": "payments_summary",
        "after_seq": seq,
        "as_of_seq": seq - 1,
    }
    api.fold()
    answer = api.ask(PAYMENTS, "FN", after_seq=seq, payment_id="pay_mine", wait_ms=0)
    assert ids(answer) == ["pay_mine"] and answer.json()["as_of_seq"] >= seq


def test_names_are_there_for_whoever_may_see_them(api: Api) -> None:
    answer = api.ask(PAYMENTS, NORTHERN, include="names", payment_id="pay_n0")
    assert answer.headers["Cache-Control"] == "no-store" and "ETag" not in answer.headers
    (row,) = answer.json()["items"]
    assert (row["patient_id"], row["patient_display"], row["patient_phone"]) == ("pat_asha", "Asha", "+919812345678")
    for nobody in ("EN", PROGRAM):
        assert "patient_display" not in api.ask(PAYMENTS, nobody).text
        refusal(api.ask(PAYMENTS, nobody, include="names"), 403, "FORBIDDEN")


def test_an_auditor_says_why_and_leaves_a_trace(api: Api) -> None:
    """R-AUTH-6."""
    before = api.chain.head()
    problem = refusal(api.ask(PAYMENTS, AUDITOR, include="names"), 422, "VALIDATION_FAILED")
    assert problem["details"] == {"field": "justification"} and api.chain.head() == before
    assert ids(api.ask(PAYMENTS, AUDITOR, payment_id="pay_n0")) == ["pay_n0"] and api.chain.head() == before
    said: dict[str, Any] = {"X_Justification": "complaint 12", "payment_id": "pay_n0"}
    (row,) = api.ask(PAYMENTS, AUDITOR, include="names", **said).json()["items"]
    assert row["patient_display"] == "Asha"
    (access,) = api.chain.store.feed.read("ten_test", before)
    assert access.patient_id == "pat_asha"
    assert access.event == PiiAccessed(
        actor_id="stf_audit", fields=("name", "phone_e164"), justification="complaint 12"
    )


def test_a_stranger_learns_nothing(api: Api) -> None:
    refusal(api.client.get(PAYMENTS), 401, "UNAUTHENTICATED")
    refusal(api.client.get("/v1/console/nothing"), 404, "NOT_FOUND")
    assert api.client.post(PAYMENTS).headers["Allow"] == "GET"


def test_the_document_describes_rows_and_shows_one(api: Api) -> None:
    document = api.client.get("/schema/openapi.json").json()
    operation = document["paths"][PAYMENTS]["get"]
    shown = operation["responses"]["200"]["content"]["application/json"]
    assert shown["examples"]
    (row,) = [name for name in document["components"]["schemas"] if name.endswith("ListPaymentsRow")]
    described = document["components"]["schemas"][row]["properties"]
    wanted = {field.name for field in msgspec.structs.fields(PAYMENTS_SUMMARY.row)} - {"tenant_id"}
    laid_over = {"expected_settlement_on", "settled_state"}
    assert set(described) == wanted | laid_over | {"patient_display", "patient_phone"}
    assert BALA.patient_id not in str(operation)
