"""The ways through a claim's life that no rule is about: which status each decision of a payer leads to."""

from __future__ import annotations

import pytest

from mymedic.messages import Command
from tests.unit.event_store.claim.ward import (
    TOTAL,
    a_hospital,
    after,
    answer,
    cancel,
    check_coverage,
    claimed,
    close,
    covered,
    decided,
    enhance,
    granted,
    paid,
    preauth,
    preauthorised,
    query,
    refused_preauth,
    reprocess,
    status,
)

ASKED_BACK = query(stage="preauth")


@pytest.mark.parametrize(("decision", "then"), [(granted(10), "approved"), (refused_preauth(), "rejected")])
def test_a_preauthorisation_is_decided_in_spite_of_a_query(decision: Command, then: str) -> None:
    assert status(after(covered(), preauth(), ASKED_BACK, decision)) == f"preauth_{then}"


@pytest.mark.parametrize(
    ("decision", "then"), [(decided(10, TOTAL - 10), "partially_approved"), (decided(0, TOTAL), "rejected")]
)
def test_a_claim_is_decided_in_spite_of_a_query(decision: Command, then: str) -> None:
    assert status(after(claimed(), query(), decision)) == then


@pytest.mark.parametrize("queries", [(), (query(),)])
@pytest.mark.parametrize(("gross", "then"), [(10, "partially_settled"), (TOTAL, "settled")])
def test_a_decision_after_the_money(queries: tuple[Command, ...], gross: int, then: str) -> None:
    assert status(after(claimed(), paid(gross), *queries, decided(TOTAL))) == then


def test_a_second_decision_after_the_money() -> None:
    assert status(after(claimed(), decided(10, TOTAL - 10), reprocess(5), paid(10), decided(5))) == "partially_settled"


@pytest.mark.parametrize(("gross", "then"), [(10, "partially_settled"), (TOTAL, "settled")])
def test_an_approved_claim_is_paid(gross: int, then: str) -> None:
    assert status(after(claimed(), decided(TOTAL), paid(gross))) == then


def test_what_was_disallowed_may_be_asked_for_after_an_answer_too() -> None:
    world = after(claimed(), decided(10, TOTAL - 10), reprocess(5), query(), answer(), decided(5))
    assert status(world) == "partially_approved"
    assert status(after(world, paid(15), close())) == "closed"


def test_a_claim_is_cancelled_wherever_it_stands_before_money_came() -> None:
    for world in (
        after(a_hospital(), check_coverage()),
        covered(),
        after(covered(), preauth(), ASKED_BACK),
        after(covered(), preauth(), refused_preauth()),
        after(preauthorised(), enhance(10)),
        after(claimed(), decided(TOTAL)),
        after(claimed(), decided(0, TOTAL), reprocess(10)),
    ):
        assert status(after(world, cancel())) == "cancelled"
