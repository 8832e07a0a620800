"""Reconciliation items over HTTP: who may read them, pages, and what people have said of them since the build."""

from __future__ import annotations

from typing import Any

import pytest

from mymedic.messages import Actor
from tests.integration.api.conftest import Api, refusal

ITEMS = "/v1/console/reconciliation"
NORTHERN = Actor(type="user", id="stf_books_north", roles=("FN",), branch_scope=("brn_north",))


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["recon_item_id"].removeprefix("L1:payment:pay_") for row in answer.json()["items"]]


def test_finance_sees_items_with_their_age(api: Api) -> None:
    api.fold()
    answer = api.ask(ITEMS, "FN")
    assert ids(answer) == list("0123456") and answer.json()["as_of_seq"] == api.chain.head()
    first = answer.json()["items"][0]
    assert (first["class"], first["hyper_status"], first["open_paise"]) == ("missing_in_settlement", "mismatched", 500)
    assert (first["age_days"], first["resolution"]) == (13, None)
    assert api.ask(ITEMS, "FN", If_None_Match=answer.headers["ETag"]).status_code == 304


@pytest.mark.parametrize("role", ["FD", "DR", "PP"])
def test_others_do_not(api: Api, role: str) -> None:
    refusal(api.ask(ITEMS, role), 403, "FORBIDDEN")


def test_a_branch_keeps_to_itself(api: Api) -> None:
    assert ids(api.ask(ITEMS, NORTHERN)) == ["0", "2", "4", "6"]
    assert ids(api.ask(ITEMS, "CM", branch_id="brn_south")) == ["1", "3", "5"]
    for other in ("brn_south", "brn_none"):
        refusal(api.ask(ITEMS, NORTHERN, branch_id=["brn_north", other]), 403, "FORBIDDEN_BRANCH")
    refusal(api.ask(ITEMS, "FN", tenant="ten_other"), 404, "NOT_FOUND")


def test_pages_end_and_belong_to_their_question(api: Api) -> None:
    found, cursor = [], {}
    while True:
        answer = api.ask(ITEMS, "FN", limit=3, **cursor)
        found += ids(answer)
        if (following := answer.json()["next_cursor"]) is None:
            break
        cursor = {"cursor": following}
    assert found == list("0123456")
    refusal(api.ask(ITEMS, "FN", status="mismatched", **cursor), 422, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"class_": "x"}, "class_"),
        ({"class": "x y"}, "class"),
        ({"status": "lost"}, "status"),
        ({"cursor": "x"}, "cursor"),
    ],
)
def test_a_parameter_that_is_none_is_named(api: Api, said: dict[str, Any], field: str) -> None:
    problem = refusal(api.ask(ITEMS, "FN", **said), 422, "VALIDATION_FAILED")
    assert problem["details"]["field"].partition("[")[0] == field


def test_what_is_said_is_laid_over_at_once(api: Api) -> None:
    """Without a new build of the warehouse."""
    resolve = {
        "recon_item_id": "L1:payment:pay_3",
        "item_hash": "0" * 64,
        "resolution": "chase_gateway",
        "amount_paise": 500,
        "note": "asked",
    }
    answer = api.send("resolve-recon-item", resolve, "FN")
    assert answer.status_code == 200, answer.text
    api.fold()
    (row,) = [row for row in api.ask(ITEMS, "FN").json()["items"] if row["recon_item_id"] == "L1:payment:pay_3"]
    assert (row["resolution_state"], row["hyper_status"], row["open_paise"]) == ("chased", "mismatched", 500)
