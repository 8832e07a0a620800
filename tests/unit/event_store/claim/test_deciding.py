"""Queries, decisions and asking again (C108 to C111, INV-C1)."""

from __future__ import annotations

import pytest

from event_store.aggregates.claim.events import (
    ClaimAdjudicated,
    ClaimQueried,
    ClaimQueryAnswered,
    ClaimReprocessRequested,
    Disallowance,
    QueryPii,
)
from tests.scenario import Scenario
from tests.unit.event_store.claim.ward import (
    CLERK,
    PAYER,
    TOTAL,
    after,
    answer,
    cancel,
    claimed,
    close,
    covered,
    decided,
    paid,
    preauthorised,
    query,
    reprocess,
    status,
    sums,
    told,
)
from tests.unit.event_store.clinic import DESK, FINANCE, ist, refused


def test_the_payer_asks_and_waits_until_a_day() -> None:
    world = claimed()
    assert told(world, query()) == ClaimQueried(
        query_id="qry_1",
        stage="claim",
        due_at=ist(9, "18:00"),
        pii=QueryPii(text="send the discharge summary"),
    )
    assert (status(world), world.state("claim", "clm_1").query_due_at) == ("claim_queried", ist(9, "18:00"))


def test_an_answer_sends_the_claim_back_to_the_payer() -> None:
    world = after(claimed(), query())
    assert told(world, answer()) == ClaimQueryAnswered(query_id="qry_1", documents_n=2, pii=QueryPii(text="attached"))
    assert (status(world), world.state("claim", "clm_1").query_due_at) == ("claim_submitted", None)
    assert refused(world, answer(), DESK).code == "INVALID_STATE"


def test_the_last_answer_counts_and_the_first_day() -> None:
    world = after(claimed(), query("qry_1", day=9), query("qry_2", day=7))
    assert world.state("claim", "clm_1").query_due_at == ist(7, "18:00")
    after(world, answer("qry_2"))
    assert (status(world), world.state("claim", "clm_1").query_due_at) == ("claim_queried", ist(9, "18:00"))
    assert status(after(world, answer("qry_1"))) == "claim_submitted"


def test_a_query_that_comes_twice() -> None:
    world = after(claimed(), query())
    assert world.when(query(), actor=PAYER) == []
    assert refused(world, query(day=10), PAYER).code == "ALREADY_EXISTS"


def test_nobody_answers_what_was_not_asked() -> None:
    assert refused(claimed(), answer(), DESK).code == "NOT_FOUND"


def test_a_query_out_of_turn_r_cmd_7() -> None:
    for world in (preauthorised(), after(claimed(), decided(TOTAL))):
        before = status(world)
        assert refused(world, query(), CLERK).code == "INVALID_STATE"
        assert told(world, query()).flags == ("unexpected_state",)
        assert (status(world), world.state("claim", "clm_1").query_due_at) == (before, ist(9, "18:00"))
        assert status(after(world, answer())) == before


def test_a_reprocessed_claim_is_queried_and_comes_back() -> None:
    world = after(claimed(), decided(0, TOTAL), reprocess(1000), query())
    assert status(world) == "claim_queried"
    assert status(after(world, answer())) == "reprocess_requested"


def test_approved_whole_inv_c1() -> None:
    world = claimed()
    assert told(world, decided(TOTAL)) == ClaimAdjudicated(outcome="approved", approved_paise=TOTAL, disallowed_paise=0)
    assert (status(world), sums(world)) == ("approved", (TOTAL, 0, 0))


def test_approved_in_part_inv_c1() -> None:
    world = claimed()
    event = told(world, decided(4_850_000, 150_000))
    assert event.reasons == (Disallowance(code="10.2 (a)", amount_paise=150_000),)
    assert (status(world), sums(world)) == ("partially_approved", (4_850_000, 150_000, 0))


def test_rejected_inv_c1() -> None:
    world = after(claimed(), decided(0, TOTAL))
    assert (status(world), sums(world)) == ("rejected", (0, TOTAL, 0))


@pytest.mark.parametrize(
    "wrong",
    [
        decided(TOTAL, outcome="rejected"),
        decided(0, TOTAL, outcome="approved"),
        decided(1, TOTAL - 1, outcome="approved"),
        decided(0, TOTAL, outcome="partially_approved"),
        decided(0, 0),
        decided(1, TOTAL - 1, reasons=()),
        decided(1, TOTAL - 1, reasons=(Disallowance(code="X", amount_paise=1),)),
    ],
)
def test_a_decision_that_contradicts_itself(wrong: object) -> None:
    assert refused(claimed(), wrong, PAYER).code == "VALIDATION_FAILED"  # type: ignore[arg-type]


def test_people_decide_exactly_what_is_under_adjudication() -> None:
    assert refused(claimed(), decided(TOTAL + 1), CLERK).code == "DECISION_EXCEEDS_CLAIM"
    assert refused(claimed(), decided(TOTAL - 1), CLERK).code == "VALIDATION_FAILED"
    assert refused(preauthorised(), decided(1), CLERK).code == "INVALID_STATE"
    assert refused(after(claimed(), query()), decided(TOTAL), CLERK).code == "INVALID_STATE"


@pytest.mark.parametrize(
    ("approved", "disallowed", "counted", "excess"),
    [
        (TOTAL + 1, 0, (TOTAL, 0), (1, None)),
        (TOTAL, 5, (TOTAL, 0), (None, 5)),
        (TOTAL - 5, 7, (TOTAL - 5, 5), (None, 2)),
        (0, TOTAL + 9, (0, TOTAL), (None, 9)),
        (TOTAL + 3, 4, (TOTAL, 0), (3, 4)),
    ],
)
def test_a_payer_that_decides_too_much_is_recorded_and_flagged_r_cmd_7(
    approved: int, disallowed: int, counted: tuple[int, int], excess: tuple[int | None, int | None]
) -> None:
    world = claimed()
    event = told(world, decided(approved, disallowed))
    assert (event.approved_paise, event.disallowed_paise) == counted
    assert (event.excess_approved_paise, event.excess_disallowed_paise) == excess
    assert event.flags == ("exceeds_claim",)
    assert sums(world) == (*counted, 0)


def test_a_payer_that_decides_a_part_leaves_the_rest_open_r_cmd_7() -> None:
    world = claimed()
    assert told(world, decided(2_000_000)).flags == ("amount_mismatch",)
    assert (status(world), sums(world)) == ("claim_submitted", (2_000_000, 0, TOTAL - 2_000_000))
    assert told(world, decided(0, TOTAL - 2_000_000)).flags == ()
    assert (status(world), sums(world)) == ("partially_approved", (2_000_000, TOTAL - 2_000_000, 0))


def test_a_decision_in_spite_of_an_open_query_counts_r_cmd_7() -> None:
    world = after(claimed(), query())
    assert told(world, decided(TOTAL)).flags == ("unexpected_state",)
    assert (status(world), world.state("claim", "clm_1").query_due_at) == ("approved", None)


def test_a_decision_that_nobody_waits_for_changes_no_sum_r_cmd_7() -> None:
    for world in (covered(), after(claimed(), decided(TOTAL)), after(claimed(), cancel())):
        before = status(world), sums(world)
        event = told(world, decided(0, 70))
        assert event.flags == ("unexpected_state", "exceeds_claim")
        assert (event.disallowed_paise, event.excess_disallowed_paise) == (0, 70)
        assert (status(world), sums(world)) == before
        assert world.when(decided(0, 70), actor=PAYER) == []


def test_the_same_decision_again_is_nothing_new() -> None:
    world = after(claimed(), decided(4_000_000, 1_000_000))
    assert world.when(decided(4_000_000, 1_000_000), actor=PAYER) == []


def partly() -> Scenario:
    return after(claimed(), decided(4_000_000, 1_000_000))


def test_what_is_reprocessed_is_under_adjudication_again_inv_c1() -> None:
    world = partly()
    assert told(world, reprocess(600_000)) == ClaimReprocessRequested(
        amount_paise=600_000, grounds_code="documents_found"
    )
    assert (status(world), sums(world)) == ("reprocess_requested", (4_000_000, 400_000, 600_000))
    after(world, decided(500_000, 100_000))
    assert (status(world), sums(world)) == ("partially_approved", (4_500_000, 500_000, 0))


def test_the_status_is_that_of_all_decisions_together() -> None:
    assert status(after(partly(), reprocess(1_000_000), decided(0, 1_000_000))) == "partially_approved"
    assert status(after(partly(), reprocess(1_000_000), decided(1_000_000))) == "approved"
    rejected = after(claimed(), decided(0, TOTAL))
    assert status(after(rejected, reprocess(1), decided(0, 1))) == "rejected"


def test_asking_again_as_often_as_something_is_disallowed() -> None:
    world = partly()
    assert refused(world, reprocess(1_000_001), FINANCE).code == "INVALID_STATE"
    after(world, reprocess(1_000_000), decided(0, 1_000_000), reprocess(1_000_000))
    assert refused(world, reprocess(1), FINANCE).code == "INVALID_STATE"
    for other in (claimed(), after(claimed(), decided(TOTAL)), after(partly(), paid(4_000_000))):
        assert refused(other, reprocess(1), FINANCE).code == "INVALID_STATE"


def test_nothing_is_asked_of_a_claim_that_is_over() -> None:
    for world in (after(claimed(), cancel()), after(claimed(), decided(0, TOTAL), close())):
        for command in (reprocess(1), cancel(), close()):
            assert refused(world, command, FINANCE).code == "INVALID_STATE"
