"""DOMAIN §13: the legs of the worked example, day by day, and what they leave at the end of the week."""

from __future__ import annotations

from tests.e2e.conftest import Weeks
from tests.unit.event_store.clinic import ist

SUNDAY = ist(8, "23:59")
# (November, account, side): paise, as the table of the example gives them.
LEGS = {
    (2, "1200", "D"): 40_000,
    (2, "2100", "C"): 40_000,
    (3, "2100", "D"): 20_000 + 20_000,
    (3, "4200", "C"): 20_000,
    (3, "2200", "C"): 20_000,
    (4, "2200", "D"): 20_000,
    (4, "1200", "C"): 20_000 + 40_000,
    (4, "1230", "D"): 40_000,
    (4, "1300", "D"): 40_000,
    (4, "1230", "C"): 40_000,
    (4, "1400", "D"): 250_000,
    (4, "4100", "C"): 250_000,
    (4, "1200", "D"): 250_000,
    (4, "2100", "C"): 250_000,
    (4, "2100", "D"): 250_000,
    (4, "1400", "C"): 250_000,
    (6, "1230", "D"): 244_100,
    (6, "5100", "D"): 5_000,
    (6, "5110", "D"): 900,
    (6, "1200", "C"): 250_000,
    (6, "1200", "D"): 20_000,
    (6, "1230", "C"): 20_000 + 224_100,
    (6, "1300", "D"): 224_100,
}
CLOSING = {"1300": 264_100, "4100": -250_000, "4200": -20_000, "5100": 5_000, "5110": 900}


def test_every_leg_of_the_week_is_posted(weeks: Weeks) -> None:
    query = (
        "SELECT extract(day FROM business_date)::INT AS day, account, side, sum(amount_paise)::BIGINT AS paise"
        " FROM fct_ledger_entry GROUP BY ALL"
    )
    legs = weeks.rows("ten_example", SUNDAY, query)
    assert {(leg["day"], leg["account"], leg["side"]): leg["paise"] for leg in legs} == LEGS


def test_the_week_closes_in_the_trial_balance(weeks: Weeks) -> None:
    query = "SELECT account, sum(balance_paise)::BIGINT AS paise FROM mart_trial_balance GROUP BY account"
    balances = {row["account"]: row["paise"] for row in weeks.rows("ten_example", SUNDAY, query)}
    assert {account: paise for account, paise in balances.items() if paise} == CLOSING
    assert sum(balances.values()) == 0


def test_a_line_that_never_came_stays_with_the_gateway(weeks: Weeks) -> None:
    """F01: the card's money is still at the gateway, the refund has been taken, and the debt waits in clearing."""
    query = (
        "SELECT account, sum(balance_paise)::BIGINT AS paise FROM mart_trial_balance"
        " WHERE account IN ('1200', '1230', '1300') GROUP BY account"
    )
    balances = {row["account"]: row["paise"] for row in weeks.rows("ten_f01", SUNDAY, query)}
    assert balances == {"1200": 250_000, "1230": -20_000, "1300": 40_000}
