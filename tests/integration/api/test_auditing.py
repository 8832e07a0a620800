"""`GET /v1/audit/…`: who may ask, what is said, and how a question goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.audit.questions import QUESTIONS
from tests.integration.api.conftest import Api, refusal


def ask(api: Api, word: str, role: str = "CM", *, tenant: str | None = None, **query: str) -> Any:
    headers = {"Authorization": f"Bearer {api.token(role, tenant or api.chain.tenant_id)}"}
    return api.client.get(f"/v1/audit/{word}", params=query, headers=headers)


@pytest.mark.parametrize("word", QUESTIONS)
def test_every_question_is_answered(api: Api, word: str) -> None:
    answer = ask(api, word, patient_id="pat_asha")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["tenant_id"] == "ten_test" and body["subject"] == {"kind": "patient", "id": "pat_asha"}
    assert body["head"]["seq"] == api.chain.head() and len(body["head"]["event_hash"]) == 64
    assert answer.headers["Cache-Control"] == "no-store" and "Asha" not in answer.text


def test_pages_follow_each_other(api: Api) -> None:
    first = ask(api, "timeline", patient_id="pat_asha", limit="1").json()
    second = ask(api, "timeline", patient_id="pat_asha", limit="1", page=first["next"]).json()
    assert [first["rows"][0]["event_type"], second["rows"][0]["event_type"]] == ["PatientRegistered", "ConsentRecorded"]
    narrowed = ask(api, "events", patient_id="pat_asha", types="ConsentRecorded,PatientUpdated").json()["rows"]
    assert [row["event_type"] for row in narrowed] == ["ConsentRecorded"]
    nothing = ask(api, "timeline", patient_id="pat_asha", **{"from": "2027-01-01T00:00:00Z"}).json()
    assert nothing["rows"] == [] and nothing["withheld"] == 0


def test_a_role_sees_its_part(api: Api) -> None:
    assert ask(api, "timeline", "FN", patient_id="pat_asha").json()["withheld"] == 2
    masked = ask(api, "events", "EN", patient_id="pat_asha").json()["rows"]
    assert {row["payload"] for row in masked} == {"[masked]"}
    refusal(ask(api, "refunds", "EN", patient_id="pat_asha"), 403, "FORBIDDEN")
    for role in ("FD", "DR", "PP", "SY"):
        refusal(ask(api, "timeline", role, patient_id="pat_asha"), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 422, "VALIDATION_FAILED"),
        ({"patient_id": "pat_asha", "payment_id": "pay_1"}, 422, "VALIDATION_FAILED"),
        ({"patient_id": "pat_none"}, 404, "NOT_FOUND"),
        ({"patient_id": "p"}, 422, "VALIDATION_FAILED"),
        ({"patient_id": "pat_asha", "as_of": "yesterday"}, 422, "VALIDATION_FAILED"),
        ({"patient_id": "pat_asha", "types": "Nonsense"}, 422, "VALIDATION_FAILED"),
        ({"patient_id": "pat_asha", "page": "2"}, 422, "VALIDATION_FAILED"),
        ({"patient_id": "pat_asha", "limit": "501"}, 422, "VALIDATION_FAILED"),
        ({"stream_id": "rumour-1"}, 404, "NOT_FOUND"),
        ({"patient_id": "pat_asha", "type": "ConsentRecorded"}, 422, "VALIDATION_FAILED"),
    ],
)
def test_a_wrong_question_is_refused(api: Api, query: dict[str, str], status: int, code: str) -> None:
    refusal(ask(api, "timeline", **query), status, code)


def test_a_sum_is_not_narrowed(api: Api) -> None:
    for name in ("from", "to", "types", "limit"):
        answer = ask(api, "payments", patient_id="pat_asha", **{name: "1"})
        assert refusal(answer, 422, "VALIDATION_FAILED")["details"]["field"] == name


def test_nothing_is_told_of_another_tenant(api: Api) -> None:
    other = ask(api, "timeline", tenant="ten_other", patient_id="pat_asha").json()
    assert other["tenant_id"] == "ten_other"
    answer = api.client.get("/v1/audit/timeline", params={"patient_id": "pat_asha"})
    refusal(answer, 401, "UNAUTHENTICATED")


def test_only_reading(api: Api) -> None:
    answer = api.client.post("/v1/audit/timeline", json={})
    refusal(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "GET"
