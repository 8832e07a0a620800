"""Reports of the books: the trial balance and the chain's months."""

from __future__ import annotations

from exports.finance.surface import Bars, Surface, View, key, money, of_mart

TRIAL_BALANCE = Surface(
    name="trialbalance",
    title="Trial balance",
    mart="mart_trial_balance",
    query=of_mart("mart_trial_balance", has_city=False),
    period_on="as_of_month",
    key=("as_of_month", "branch_id", "account"),
    view=View(
        columns=(
            key("month", "as_of_month"),
            key("account", "account"),
            key("name", "account_name"),
            money("debit", "debit_paise"),
            money("credit", "credit_paise"),
            money("balance", "balance_paise"),
        ),
        only="as_of_month = (SELECT max(as_of_month) FROM extracted)",
        order_by="as_of_month, account",
        note="Up to the end of the last month, over all branches; the files show each. Balances add up to zero.",
    ),
)

FINANCIAL = Surface(
    name="financial",
    title="The chain's months",
    mart="mart_chain_financial",
    query=of_mart("mart_chain_financial"),
    period_on="month",
    key=("month", "level", "city_id", "branch_id"),
    view=View(
        columns=(
            key("month", "month"),
            key("branch", "branch_name"),
            money("billed", "gross_billed_paise"),
            money("discounts", "discounts_paise"),
            money("credit notes", "credit_notes_paise"),
            money("net revenue", "net_revenue_paise"),
            money("forfeits", "forfeit_income_paise"),
            money("refunds", "refunds_paise"),
            money("fees", "gateway_fees_paise"),
            money("to the bank", "net_settled_to_bank_paise"),
        ),
        only="level = 'branch'",
        order_by="month, branch_name",
        bars=Bars("Net revenue by branch", "branch_name", "sum(net_revenue_paise)", "money"),
    ),
)
