"""A drawer from opening to the bank (C79 to C83)."""

from __future__ import annotations

import pytest

from event_store.aggregates.cash_session import commands as c
from event_store.aggregates.cash_session import events as e
from event_store.aggregates.tenant.events import SettingsPatch, TenantSettingsChanged
from mymedic.errors import Refused
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, FINANCE, TENANT, a_clinic, ist
from tests.unit.event_store.payment.till import code_of

OPEN = c.OpenCashSession(branch_id="brn_south", drawer_id="drw_1", opening_float_paise=50_000)
BOTH = Actor(type="user", id=DESK.id, roles=("FD", "FN"))


def opened(float_paise: int = 50_000) -> Scenario:
    event = e.CashSessionOpened(branch_id="brn_south", drawer_id="drw_1", opening_float_paise=float_paise)
    return a_clinic().given("cash_session", "cash_1", event)


def counted(paise: int, by: str = DESK.id) -> e.CashDrawerCounted:
    return e.CashDrawerCounted(denominations={"100": paise // 100}, counted_paise=paise, attempt=1, counted_by=by)


def move(kind: str, amount: int) -> c.RecordCashMovement:
    return c.RecordCashMovement(
        cash_session_id="cash_1",
        kind=kind,  # type: ignore[arg-type]
        amount_paise=amount,
        reference="slip 7",
    )


def close(drop: int, retained: int, cash_session_id: str = "cash_1") -> c.CloseCashSession:
    return c.CloseCashSession(cash_session_id=cash_session_id, retained_float_paise=retained, drop_paise=drop)


def deposit(amount: int, *cash_session_ids: str) -> c.RecordCashDeposit:
    return c.RecordCashDeposit(
        cash_session_ids=cash_session_ids or ("cash_1",),
        bank_account_id="bank_main",
        deposit_slip_no="S-1",
        amount_paise=amount,
        deposited_on=ist(3, "11:00").date(),
    )


def test_a_drawer_opens_once() -> None:
    world = a_clinic()
    assert world.when(OPEN, actor=DESK, id="cash_1") == [
        e.CashSessionOpened(branch_id="brn_south", drawer_id="drw_1", opening_float_paise=50_000)
    ]
    assert world.state("cash_session", "cash_1").expected_paise == 50_000
    assert code_of(world, OPEN, DESK) == "CASH_SESSION_OPEN"
    second = c.OpenCashSession(branch_id="brn_south", drawer_id="drw_2", opening_float_paise=0)
    assert len(world.when(second, actor=DESK)) == 1
    nowhere = c.OpenCashSession(branch_id="brn_west", drawer_id="drw_1", opening_float_paise=0)
    assert code_of(world, nowhere, DESK) == "NOT_FOUND"


@pytest.mark.parametrize(("found", "flags"), [(20_000, ()), (19_900, ("float_mismatch",))])
def test_the_float_should_be_what_the_last_session_left(found: int, flags: tuple[str, ...]) -> None:
    world = opened().given("cash_session", "cash_1", counted(50_000))
    world.when(close(drop=30_000, retained=20_000), actor=DESK)
    again = c.OpenCashSession(branch_id="brn_south", drawer_id="drw_1", opening_float_paise=found)
    (event,) = world.when(again, actor=DESK, id="cash_2")
    assert isinstance(event, e.CashSessionOpened)
    assert (event.previous_retained_paise, event.flags) == (20_000, flags)


def test_expected_cash_follows_every_movement() -> None:
    world = opened()
    for kind, amount in (("float_in", 10_000), ("petty_expense", 3000), ("bank_drop", 40_000)):
        (event,) = world.when(move(kind, amount), actor=DESK)
        assert event == e.CashMovementRecorded(kind=kind, amount_paise=amount, reference="slip 7")  # type: ignore[arg-type]
    assert world.state("cash_session", "cash_1").expected_paise == 17_000


def test_no_more_leaves_the_drawer_than_is_in_it() -> None:
    world = opened()
    assert code_of(world, move("bank_drop", 50_001), DESK) == "CASH_INSUFFICIENT"
    assert code_of(world, move("petty_expense", 50_001), FINANCE) == "CASH_INSUFFICIENT"
    assert len(world.when(move("bank_drop", 50_000), actor=DESK)) == 1


def test_notes_and_coins_are_counted_and_may_be_counted_again() -> None:
    world = opened()
    for attempt, ones in ((1, 9), (2, 10)):
        faces = {"20000": 2, "5000": 1, "2000": 2, "100": ones}
        command = c.CountCashDrawer(cash_session_id="cash_1", denominations=faces)  # type: ignore[arg-type]
        (event,) = world.when(command, actor=DESK)
        assert event == e.CashDrawerCounted(
            denominations=faces,  # type: ignore[arg-type]
            counted_paise=49_000 + ones * 100,
            attempt=attempt,
            counted_by=DESK.id,
        )
    assert code_of(world, move("float_in", 100), DESK) == "INVALID_STATE"


def test_a_counted_drawer_closes_with_its_difference() -> None:
    world = opened().given("cash_session", "cash_1", counted(49_000))
    assert world.when(close(drop=29_000, retained=20_000), actor=DESK) == [
        e.CashSessionClosed(
            expected_paise=50_000,
            counted_paise=49_000,
            variance_paise=-1000,
            drop_paise=29_000,
            retained_float_paise=20_000,
        )
    ]
    state = world.state("cash_session", "cash_1")
    assert (state.status, state.undeposited_paise) == ("closed", 29_000)


def test_counting_comes_first_and_everything_counted_goes_somewhere() -> None:
    assert code_of(opened(), close(30_000, 20_000), DESK) == "INVALID_STATE"
    world = opened().given("cash_session", "cash_1", counted(50_000))
    assert code_of(world, close(30_000, 19_999), DESK) == "AMOUNT_MISMATCH"
    world.when(close(30_000, 20_000), actor=DESK)
    assert code_of(world, close(30_000, 20_000), DESK) == "INVALID_STATE"
    assert code_of(world, c.CountCashDrawer(cash_session_id="cash_1", denominations={}), DESK) == "INVALID_STATE"


@pytest.mark.parametrize("paise", [50_000 - 10_001, 50_000 + 10_001])
def test_a_large_difference_needs_a_second_person_from_finance(paise: int) -> None:
    world = opened().given("cash_session", "cash_1", counted(paise))
    assert code_of(world, close(0, paise), DESK) == "FOUR_EYES_REQUIRED"
    assert code_of(world, close(0, paise), BOTH) == "FOUR_EYES_REQUIRED"
    (event,) = world.when(close(0, paise), actor=FINANCE)
    assert isinstance(event, e.CashSessionClosed)
    assert (event.variance_paise, event.cosigned_by) == (paise - 50_000, FINANCE.id)


def test_finance_may_sign_beside_the_desk() -> None:
    world = opened().given("cash_session", "cash_1", counted(30_000))
    for nobody in (DESK, BOTH, Actor(type="user", id="stf_two", roles=("FD",))):
        with pytest.raises(Refused) as refusal:
            world.when(close(0, 30_000), actor=DESK, cosigner=nobody)
        assert refusal.value.code == "FOUR_EYES_REQUIRED"
    (event,) = world.when(close(0, 30_000), actor=DESK, cosigner=FINANCE)
    assert isinstance(event, e.CashSessionClosed)
    assert (event.variance_paise, event.cosigned_by) == (-20_000, FINANCE.id)


def test_who_counted_does_not_sign_for_it() -> None:
    other = Actor(type="user", id="stf_two", roles=("FD",))
    world = opened().given("cash_session", "cash_1", counted(30_000, by=FINANCE.id))
    with pytest.raises(Refused) as refusal:
        world.when(close(0, 30_000), actor=other, cosigner=FINANCE)
    assert refusal.value.code == "FOUR_EYES_REQUIRED"


def test_how_large_is_the_tenants_choice() -> None:
    world = opened().given("cash_session", "cash_1", counted(49_999))
    strict = TenantSettingsChanged(patch=SettingsPatch(cash_tolerance_paise=0))
    world.given("tenant", TENANT, strict)
    assert code_of(world, close(0, 49_999), DESK) == "FOUR_EYES_REQUIRED"


def test_a_deposit_takes_every_drop_of_its_sessions_once() -> None:
    world = opened()
    world.given("cash_session", "cash_1", e.CashMovementRecorded(kind="bank_drop", amount_paise=10_000))
    other = e.CashSessionOpened(branch_id="brn_south", drawer_id="drw_2", opening_float_paise=0)
    dropped = e.CashSessionClosed(
        expected_paise=7000, counted_paise=7000, variance_paise=0, drop_paise=7000, retained_float_paise=0
    )
    world.given("cash_session", "cash_2", other, dropped)
    assert code_of(world, deposit(16_999, "cash_1", "cash_2"), FINANCE) == "AMOUNT_MISMATCH"
    assert code_of(world, deposit(20_000, "cash_1", "cash_1"), FINANCE) == "VALIDATION_FAILED"
    assert code_of(world, deposit(10_000, "cash_1", "cash_9"), FINANCE) == "NOT_FOUND"
    events = world.when(deposit(17_000, "cash_1", "cash_2"), actor=FINANCE)
    assert [(event.amount_paise, event.cash_session_ids) for event in events if isinstance(event, e.CashDeposited)] == [
        (10_000, ("cash_1", "cash_2")),
        (7000, ("cash_1", "cash_2")),
    ]
    assert [world.state("cash_session", id).undeposited_paise for id in ("cash_1", "cash_2")] == [0, 0]
    assert code_of(world, deposit(17_000, "cash_1", "cash_2"), FINANCE) == "AMOUNT_MISMATCH"


def test_what_is_dropped_after_a_deposit_goes_on_the_next_slip() -> None:
    world = opened()
    for _ in range(2):
        world.when(move("bank_drop", 10_000), actor=DESK)
        assert len(world.when(deposit(10_000), actor=FINANCE)) == 1
    assert world.state("cash_session", "cash_1").deposited_paise == 20_000
