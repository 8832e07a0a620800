"""C87 to C90: a run, its items, and the close of a period (DOMAIN §2.6, §6.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
import pytest

from event_store.aggregates.recon_case.commands import (
    CloseFinancialPeriod,
    ReopenReconItem,
    ResolveReconItem,
    RunReconciliation,
)
from event_store.aggregates.recon_case.events import (
    ClassTotal,
    FinancialPeriodClosed,
    OpenItem,
    ReconciliationRun,
    ReconItemReopened,
    ReconItemResolved,
    RunScope,
)
from event_store.aggregates.recon_case.state import case_id, last_day
from event_store.aggregates.tenant.events import SettingsPatch, TenantSettingsChanged
from mymedic.errors import Refused
from mymedic.messages import Actor, Command
from tests.scenario import Scenario
from tests.unit.event_store.clinic import FINANCE, MANAGER, TENANT, TIMER, a_clinic, ist

SECOND = Actor(type="user", id="stf_books2", roles=("FN",))
ITEM = "L1:payment:pay_1"
SEEN, CHANGED = "a" * 32, "b" * 32
NOVEMBER = RunScope(from_=date(2026, 11, 1), to=date(2026, 11, 30))


def an_item(item_hash: str = SEEN, opened_on: date = date(2026, 11, 20), open_paise: int = 300_000) -> OpenItem:
    return OpenItem(recon_item_id=ITEM, item_hash=item_hash, opened_on=opened_on, open_paise=open_paise)


def a_run(run_id: str = "run_1", **changes: Any) -> RunReconciliation:
    fields: dict[str, Any] = {
        "run_id": run_id,
        "as_of": ist(1, "06:00", month=12),
        "scope": NOVEMBER,
        "input_seq": 900,
        "input_hash": "1" * 64,
        "output_hash": "2" * 64,
        "totals": (
            ClassTotal(leg="L1", class_="matched", count=9, left_paise=700_000, right_paise=700_000),
            ClassTotal(leg="L1", class_="missing_settlement", count=1, left_paise=300_000, right_paise=0),
        ),
        "debits_paise": 5_000_000,
        "credits_paise": 5_000_000,
        "trial_balance_hash": "3" * 64,
        "open_items": (an_item(),),
    }
    return RunReconciliation(**{**fields, **changes})


def resolve(item_hash: str = SEEN, **changes: Any) -> ResolveReconItem:
    fields: dict[str, Any] = {
        "recon_item_id": ITEM,
        "item_hash": item_hash,
        "resolution": "write_off",
        "amount_paise": 300_000,
        "note": "the gateway says no",
    }
    return ResolveReconItem(**{**fields, **changes})


REOPEN = ReopenReconItem(recon_item_id=ITEM, reason="the money came after all")
CLOSE = CloseFinancialPeriod(yyyymm="202611")


@dataclass
class Books:
    """A clinic on the first of December, whose November may have been run."""

    world: Scenario

    def does(self, command: Command, actor: Actor = FINANCE, cosigner: Actor | None = None) -> Any:
        (event,) = self.world.when(command, actor=actor, cosigner=cosigner)
        return event

    def refuses(self, command: Command, actor: Actor = FINANCE, cosigner: Actor | None = None) -> str:
        before = len(self.world.log)
        with pytest.raises(Refused) as refusal:
            self.world.when(command, actor=actor, cosigner=cosigner)
        assert len(self.world.log) == before
        return refusal.value.code

    def at(self, moment: datetime) -> Books:
        self.world.at(moment)
        return self


@pytest.fixture
def books() -> Books:
    return Books(a_clinic()).at(ist(1, "10:00", month=12))


@pytest.fixture
def run_books(books: Books) -> Books:
    books.does(a_run(), TIMER)
    return books


def test_a_run_is_recorded_in_the_period_that_its_scope_ends_in(books: Books) -> None:
    event = books.does(a_run(), TIMER)
    assert isinstance(event, ReconciliationRun)
    assert (event.run_id, event.input_seq, event.output_hash) == ("run_1", 900, "2" * 64)
    assert event.totals == a_run().totals
    assert books.world.state("recon_case", "period-202611").run == event
    assert books.refuses(a_run(), TIMER) == "ALREADY_EXISTS"  # the same run twice


def test_inv_r4_a_run_whose_trial_balance_is_not_zero_is_refused(books: Books) -> None:
    assert books.refuses(a_run(credits_paise=4_999_999)) == "RECON_NOT_BALANCED"


def test_inv_r3_a_run_whose_matched_sides_differ_is_refused(books: Books) -> None:
    totals = (ClassTotal(leg="L5", class_="qr_matched", count=1, left_paise=100, right_paise=99),)
    assert books.refuses(a_run(totals=totals)) == "RECON_NOT_BALANCED"


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": RunScope(from_=date(2026, 12, 1), to=date(2026, 11, 30))},
        {"as_of": ist(2, "06:00", month=12)},
        {"open_items": (an_item(), an_item(CHANGED))},
        {"totals": a_run().totals + a_run().totals},
    ],
    ids=["scope", "as_of", "open_items", "totals"],
)
def test_a_run_that_makes_no_sense_is_refused(books: Books, changes: dict[str, Any]) -> None:
    assert books.refuses(a_run(**changes)) == "VALIDATION_FAILED"


def test_an_item_is_resolved_as_it_was_seen(run_books: Books) -> None:
    event = run_books.does(resolve())
    assert isinstance(event, ReconItemResolved)
    assert (event.item_hash, event.amount_paise, event.resolved_on) == (SEEN, 300_000, date(2026, 12, 1))
    assert event.cosigned_by is None
    assert run_books.world.state("recon_case", case_id(ITEM)).settles(SEEN)


def test_an_item_that_no_run_has_named_is_resolved_by_what_the_person_saw(books: Books) -> None:
    assert books.does(resolve()).item_hash == SEEN


def test_an_item_that_has_changed_since_is_stale(run_books: Books) -> None:
    run_books.does(a_run("run_2", open_items=(an_item(CHANGED),)), TIMER)
    assert run_books.refuses(resolve(SEEN)) == "RECON_ITEM_STALE"
    assert run_books.does(resolve(CHANGED)).item_hash == CHANGED


def test_an_item_that_somebody_has_resolved_since_is_stale(run_books: Books) -> None:
    run_books.does(resolve())
    assert run_books.refuses(resolve(), SECOND) == "RECON_ITEM_STALE"


def test_an_item_resolved_before_it_changed_is_open_again_and_never_resolved_as_it_was(books: Books) -> None:
    books.does(resolve(SEEN))
    books.does(resolve(CHANGED))
    assert books.refuses(resolve(SEEN)) == "RECON_ITEM_STALE"


def test_chasing_the_gateway_leaves_an_item_open(run_books: Books) -> None:
    run_books.does(resolve(resolution="chase_gateway", amount_paise=0))
    assert run_books.does(resolve()).resolution == "write_off"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"resolution": "link"}, "VALIDATION_FAILED"),
        ({"resolution": "correct_entry"}, "VALIDATION_FAILED"),
        ({"amount_paise": 0}, "AMOUNT_INVALID"),
        ({"amount_paise": 300_001}, "AMOUNT_INVALID"),
    ],
)
def test_a_resolution_that_could_not_be_posted_is_refused(run_books: Books, changes: dict[str, Any], code: str) -> None:
    assert run_books.refuses(resolve(**changes)) == code


def test_r_auth_4_above_the_limit_two_sign(run_books: Books) -> None:
    patch = SettingsPatch(recon_limit_paise=299_999)
    run_books.world.given("tenant", TENANT, TenantSettingsChanged(patch=patch))
    assert run_books.refuses(resolve()) == "FOUR_EYES_REQUIRED"
    assert run_books.refuses(resolve(), FINANCE, FINANCE) == "FOUR_EYES_REQUIRED"
    assert run_books.does(resolve(), FINANCE, SECOND).cosigned_by == SECOND.id


@pytest.mark.parametrize("resolution", ["accept_variance", "write_off", "correct_entry", "ignore_test"])
def test_r_auth_4_a_small_amount_does_not_take_a_large_item_off_the_list(run_books: Books, resolution: str) -> None:
    patch = SettingsPatch(recon_limit_paise=299_999)
    run_books.world.given("tenant", TENANT, TenantSettingsChanged(patch=patch))
    understated = resolve(resolution=resolution, amount_paise=1, target_ref="cmd_1")
    assert run_books.refuses(understated) == "FOUR_EYES_REQUIRED"
    assert run_books.does(understated, FINANCE, SECOND).cosigned_by == SECOND.id


def test_chasing_the_gateway_for_a_large_item_takes_one(run_books: Books) -> None:
    patch = SettingsPatch(recon_limit_paise=299_999)
    run_books.world.given("tenant", TENANT, TenantSettingsChanged(patch=patch))
    assert run_books.does(resolve(resolution="chase_gateway", amount_paise=0)).cosigned_by is None


def test_money_that_only_the_outside_knows_becomes_income_with_two_signatures(books: Books) -> None:
    orphan = resolve(recon_item_id="L1:line:sline_9", amount_paise=100)
    assert books.refuses(orphan) == "FOUR_EYES_REQUIRED"
    assert books.does(orphan, FINANCE, MANAGER).cosigned_by == MANAGER.id


def test_an_item_is_reopened_by_finance_and_the_manager_together(run_books: Books) -> None:
    assert run_books.refuses(REOPEN, FINANCE, MANAGER) == "NOT_FOUND"
    run_books.does(resolve())
    assert run_books.refuses(REOPEN) == "FOUR_EYES_REQUIRED"
    assert run_books.refuses(REOPEN, FINANCE, SECOND) == "FOUR_EYES_REQUIRED"
    event = run_books.does(REOPEN, MANAGER, FINANCE)
    assert event == ReconItemReopened(recon_item_id=ITEM, reason=REOPEN.reason)
    assert run_books.refuses(REOPEN, MANAGER, FINANCE) == "INVALID_STATE"
    assert run_books.does(resolve()).item_hash == SEEN  # the same item, resolved another time


def test_a_period_is_closed_on_its_last_run(run_books: Books) -> None:
    run_books.does(a_run("run_2", trial_balance_hash="4" * 64), TIMER)
    assert run_books.refuses(CLOSE) == "FOUR_EYES_REQUIRED"
    event = run_books.does(CLOSE, FINANCE, MANAGER)
    assert event == FinancialPeriodClosed(
        yyyymm="202611", trial_balance_hash="4" * 64, closed_by=(FINANCE.id, MANAGER.id)
    )
    assert run_books.refuses(CLOSE, FINANCE, MANAGER) == "PERIOD_CLOSED"


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": RunScope(from_=date(2026, 11, 2), to=date(2026, 11, 30))},
        {"scope": RunScope(from_=date(2026, 11, 1), to=date(2026, 11, 29))},
        {"scope": RunScope(gateway="razorpay", from_=date(2026, 11, 1), to=date(2026, 11, 30))},
        {"as_of": ist(30, "23:00")},
    ],
    ids=["begins late", "ends early", "one gateway", "before the end"],
)
def test_a_period_is_not_closed_on_a_run_over_less(books: Books, changes: dict[str, Any]) -> None:
    assert books.refuses(CLOSE, FINANCE, MANAGER) == "RECON_NOT_BALANCED"
    books.does(a_run(**changes), TIMER)
    assert books.refuses(CLOSE, FINANCE, MANAGER) == "RECON_NOT_BALANCED"


def test_a_period_is_not_closed_over_items_beyond_the_carry_limit(books: Books) -> None:
    old = an_item(opened_on=date(2026, 10, 31))  # 31 days before the run
    books.does(a_run(open_items=(old,)), TIMER)
    assert books.refuses(CLOSE, FINANCE, MANAGER) == "RECON_NOT_BALANCED"
    books.does(resolve())
    assert books.does(CLOSE, FINANCE, MANAGER).yyyymm == "202611"


def test_nothing_is_posted_into_or_taken_out_of_a_closed_period(run_books: Books) -> None:
    run_books.at(ist(30, "18:00")).does(resolve())
    run_books.at(ist(1, "10:00", month=12)).does(CLOSE, FINANCE, MANAGER)
    assert run_books.refuses(REOPEN, FINANCE, MANAGER) == "PERIOD_CLOSED"
    late = resolve(recon_item_id="L1:payment:pay_2")
    assert run_books.at(ist(30, "23:00")).refuses(late) == "PERIOD_CLOSED"
    assert run_books.at(ist(1, "10:00", month=12)).does(late).resolved_on == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("yyyymm", "day"), [("202611", date(2026, 11, 30)), ("202612", date(2026, 12, 31)), ("202802", date(2028, 2, 29))]
)
def test_a_month_ends_where_the_calendar_says(yyyymm: str, day: date) -> None:
    assert last_day(yyyymm) == day


def test_r_auth_2_finance_of_one_branch_does_not_close_the_books_of_all(run_books: Books) -> None:
    south = msgspec.structs.replace(FINANCE, branch_scope=("brn_south",))
    assert run_books.refuses(CLOSE, south, MANAGER) == "FORBIDDEN_BRANCH"
    assert run_books.refuses(resolve(), south) == "FORBIDDEN_BRANCH"
    assert run_books.does(CLOSE, FINANCE, MANAGER)


def test_r_auth_4_a_patient_does_not_sign_for_finance(books: Books) -> None:
    orphan = resolve(recon_item_id="L1:line:sline_9", amount_paise=100)
    patient = Actor(type="patient", id="pat_asha", roles=("PP",), patient_id="pat_asha")
    assert books.refuses(orphan, FINANCE, patient) == "FOUR_EYES_REQUIRED"
