"""A token speaks for one actor of one tenant, and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from mymedic.messages import Actor
from tests.integration.api.conftest import Api, refusal

CHECK_IN = "/v1/commands/check-in-patient"


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer mmt_guessed", "Basic c3RmX2Rlc2s6", "mmt_guessed", "Bearer \xe9"],
)
def test_without_a_token_nothing_is_answered(api: Api, authorization: str | None) -> None:
    """Not even whether the body would have been one."""
    headers: Any = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    for body in (b"{}", b"not json", b'{"appointment_id":"appt_1"}'):
        answer = api.client.post(CHECK_IN, content=body, headers=headers)
        refusal(answer, 401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_role_that_may_not_ask_is_told_who_may(api: Api) -> None:
    problem = refusal(api.send("define-specialty", {"name": "Neurology"}, "FD"), 403, "FORBIDDEN")
    assert "CM" in problem["detail"]


def test_an_id_of_another_tenant_is_an_id_of_nobody(api: Api) -> None:
    """The same words as for an id that was never given: a caller learns nothing of the other tenant."""
    api.other.book("appt_theirs", 3, "18:00")
    theirs, never = (
        refusal(api.send("mark-no-show", {"appointment_id": id}), 404, "NOT_FOUND")
        for id in ("appt_theirs", "appt_none")
    )
    assert theirs["detail"].replace("appt_theirs", "appt_none") == never["detail"]
    at_home = api.send("mark-no-show", {"appointment_id": "appt_theirs"}, tenant="ten_other")
    refusal(at_home, 409, "NOSHOW_TOO_EARLY")


def test_two_tenants_may_use_one_key(api: Api) -> None:
    body = {"name": "Orthopaedics"}
    before = (api.chain.head(), api.other.head())
    answers = [
        api.send("define-specialty", body, "CM", tenant=tenant, Idempotency_Key="key_shared").json()
        for tenant in ("ten_test", "ten_other")
    ]
    assert [ack["status"] for ack in answers] == ["accepted", "accepted"]
    assert (api.chain.head(), api.other.head()) == (before[0] + 1, before[1] + 1)


def test_a_token_of_a_tenant_yet_to_be_makes_it(api: Api) -> None:
    name = {"name": "New", "kind": "clinic", "state_code": "MH"}
    refusal(api.send("define-specialty", {"name": "X-ray"}, "CM", tenant="ten_new"), 404, "NOT_FOUND")
    ack = api.send("register-tenant", name, "EN", tenant="ten_new").json()
    assert ack["stream_id"] == "tenant-ten_new"
    refusal(api.send("register-tenant", name, "EN", tenant="ten_new"), 409, "ALREADY_EXISTS")


def test_a_branch_scope_is_kept(api: Api) -> None:
    elsewhere = Actor(type="user", id="stf_north", roles=("FD",), branch_scope=("brn_north",))
    token = api.tokens.issue("ten_test", elsewhere)
    answer = api.client.post(
        "/v1/commands/open-cash-session",
        json={"branch_id": "brn_south", "drawer_id": "drw_1", "opening_float_paise": 0},
        headers={"Authorization": f"Bearer {token}"},
    )
    refusal(answer, 403, "FORBIDDEN_BRANCH")
