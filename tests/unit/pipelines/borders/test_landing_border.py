"""Each rule of the landing border, over a frame that breaks it alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from event_store.catalogue import AGGREGATES
from mymedic.messages import Event, SignedPaise
from pipelines.borders.landing import (
    GUARDED,
    LANDING_RULES,
    PERSONAL,
    SIGNED,
    check_landing_border,
    columns_of,
    hold_landed,
    newest,
)
from pipelines.landing.schema import tables

# One process imports Great Expectations for all of these.
TENANT = "ten_skin"
COLUMNS = [column.name for column in tables()["payment"].all_columns]


def payments() -> pd.DataFrame:
    """Three payments as `newest` gives them."""
    return pd.DataFrame(
        {
            "tenant_id": [TENANT] * 3,
            "folder": [TENANT] * 3,
            "seq": [4, 7, 9],
            "event_type": ["PaymentInitiated", "PaymentCaptured", "PaymentFailed"],
            "recorded_at": pd.to_datetime(["2026-11-02T04:30Z", "2026-11-02T04:31Z", "2026-11-02T04:31Z"]),
            "seq_step": [None, 3, 2],
            "recorded_at_step": [None, 60_000_000, 0],
            "amount_paise": [80_000, 80_000, None],
        }
    )


def broken(frame: pd.DataFrame, columns: list[str] = COLUMNS) -> dict[str, str]:
    """Rule -> what it found, of the rules that do not hold."""
    return {one.name: one.detail for one in hold_landed("payment", frame, columns) if not one.passed}


def test_sound_rows_pass_every_rule() -> None:
    results = hold_landed("payment", payments(), COLUMNS)
    assert tuple(result.name for result in results) == LANDING_RULES
    assert all(result.passed and result.seen == 3 for result in results)


def test_an_aggregate_without_rows_passes() -> None:
    results = hold_landed("payment", pd.DataFrame(), COLUMNS)
    assert tuple(result.name for result in results) == LANDING_RULES
    assert all(result.passed and result.seen == 0 for result in results)


BREAKS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "seq_is_unique_and_never_null": lambda frame: frame.assign(seq=[4, 7, 7]),
    "rows_are_of_their_tenant": lambda frame: frame.assign(tenant_id=[TENANT, "ten_other", TENANT]),
    "event_types_are_catalogued": lambda frame: frame.assign(
        event_type=["PaymentInitiated", "PaymentGuessed", "PaymentFailed"]
    ),
    "recorded_at_never_decreases": lambda frame: frame.assign(recorded_at_step=[None, -1, 0]),
    "amounts_are_within_bounds": lambda frame: frame.assign(amount_paise=[80_000, -1, None]),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_a_rule_names_the_row_that_breaks_it(rule: str) -> None:
    found = broken(BREAKS[rule](payments()))
    assert list(found) == [rule]
    assert f"folder={TENANT} seq=7" in found[rule]


def test_an_amount_beyond_the_bound_is_found() -> None:
    assert list(broken(payments().assign(amount_paise=[0, 10**14, 10**14 + 1]))) == ["amounts_are_within_bounds"]


def test_a_missing_value_is_found() -> None:
    frame = payments()
    frame.loc[1, ["seq", "tenant_id", "event_type", "recorded_at"]] = [None, None, None, pd.NaT]
    assert set(broken(frame)) == set(BREAKS) - {"amounts_are_within_bounds"}


@pytest.mark.parametrize("name", ["patient_phone", "email", "name", "dob", "patient_id", "vpa"])
def test_a_personal_column_is_found(name: str) -> None:
    assert list(broken(payments(), [*COLUMNS, name])) == ["no_column_is_personal"]


def test_what_cannot_be_checked_has_failed() -> None:
    """Great Expectations reports an expectation that raised in `exception_info` only."""
    found = broken(payments().drop(columns="recorded_at"))
    assert "could not be checked" in found["recorded_at_never_decreases"]


def test_no_guarded_table_has_a_personal_column() -> None:
    names = [column.name for name in GUARDED for column in tables()[name].all_columns]
    assert [name for name in names if PERSONAL.search(name)] == []


def test_the_amounts_below_zero_are_the_signed_ones_of_the_events() -> None:
    def allows_below_zero(event: type[Event], name: str) -> bool:
        hint = event.__annotations__.get(name)
        return SignedPaise in (hint, *get_args(hint))

    events = [event for name in GUARDED for event in AGGREGATES[name].events]
    signed = {name for event in events for name in event.__struct_fields__ if allows_below_zero(event, name)}
    assert signed == SIGNED


def test_only_the_newest_rows_are_read(tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("first.parquet", "second.parquet"))
    landed(first, [1, 2, 3])
    landed(second, [4, 5])
    frame = newest({TENANT: [first, second]}, 3)
    assert list(frame["seq"]) == [3, 4, 5]
    assert list(frame["recorded_at_step"].iloc[1:]) == [60_000_000, 60_000_000]
    assert columns_of([first, second]) == ["tenant_id", "seq", "event_type", "recorded_at", "amount_paise"]


def test_a_tenant_that_never_landed_passes(tmp_path: Path) -> None:
    results = check_landing_border(tmp_path, TENANT)
    assert len(results) == len(GUARDED) * len(LANDING_RULES)
    assert all(result.passed for result in results)


def landed(path: Path, seqs: list[int]) -> None:
    table = pa.table(
        {
            "tenant_id": [TENANT] * len(seqs),
            "seq": seqs,
            "event_type": ["PaymentCaptured"] * len(seqs),
            "recorded_at": [pd.Timestamp("2026-11-02T04:30Z") + pd.Timedelta(minutes=seq) for seq in seqs],
            "amount_paise": [100] * len(seqs),
        }
    )
    pq.write_table(table, path)
