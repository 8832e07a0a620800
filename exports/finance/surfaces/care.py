"""Reports of care: who came, who cancelled, who came again, who took what was advised."""

from __future__ import annotations

from exports.finance.surface import (
    PLACE_NAMES,
    PLACES_THEN,
    Bars,
    Surface,
    View,
    count,
    key,
    money,
    of_mart,
    rate,
)

NOSHOW = Surface(
    name="noshow",
    title="No-shows",
    mart="mart_noshow_patterns",
    query=(
        f"SELECT mart.tenant_id, mart.business_date, mart.city_id, {PLACE_NAMES}, mart.branch_id, mart.specialty_id,"
        " coalesce(specialty.name, 'unknown') AS specialty_name, mart.practitioner_id, mart.department_id,"
        " sum(mart.n)::BIGINT AS appointments_n,"
        " sum(mart.kept_n)::BIGINT AS kept_n, sum(mart.noshow_n)::BIGINT AS noshow_n,"
        " sum(mart.decided_n)::BIGINT AS decided_n, sum(mart.cancelled_n)::BIGINT AS cancelled_n,"
        " sum(mart.noshow_n) / nullif(sum(mart.decided_n), 0) AS noshow_rate"
        f" FROM mart_noshow_patterns mart {PLACES_THEN}"
        " LEFT JOIN dim_specialty specialty ON specialty.tenant_id = mart.tenant_id"
        " AND specialty.specialty_id = mart.specialty_id GROUP BY ALL"
    ),
    period_on="business_date",
    key=("business_date", "branch_id", "specialty_id", "practitioner_id", "department_id"),
    view=View(
        columns=(
            key("branch", "branch_name"),
            key("specialty", "specialty_name"),
            count("appointments", "appointments_n"),
            count("kept", "kept_n"),
            count("no-shows", "noshow_n"),
            rate("rate", "noshow_n", "decided_n"),
        ),
        order_by="branch_name, specialty_name",
        bars=Bars("Rate by specialty", "specialty_name", "sum(noshow_n) / nullif(sum(decided_n), 0)", "rate"),
    ),
)

CANCELLATIONS = Surface(
    name="cancellations",
    title="What cancellations and no-shows cost",
    mart="mart_cancellation_leakage",
    query=of_mart("mart_cancellation_leakage", "practitioner_id", "specialty_id", "service_id"),
    period_on="business_date",
    key=(
        *("business_date", "branch_id", "practitioner_id", "specialty_id", "department_id", "service_id"),
        *("initiator", "outcome"),
    ),
    view=View(
        columns=(
            key("branch", "branch_name"),
            key("specialty", "specialty_name"),
            count("appointments", "n"),
            money("scheduled", "scheduled_value_paise"),
            money("lost", "lost_value_paise"),
            money("filled again", "backfill_value_paise"),
            money("forfeits", "forfeit_net_paise"),
            money("leakage", "leakage_paise"),
            rate("of scheduled", "leakage_paise", "scheduled_value_paise"),
            money("after rebooking", "leakage_after_rebook_paise"),
        ),
        order_by="branch_name, specialty_name",
        bars=Bars("Leakage by specialty", "specialty_name", "sum(leakage_paise)", "money"),
    ),
)

FOLLOWUP = Surface(
    name="followup",
    title="Follow-ups",
    mart="mart_followup_adherence",
    query=of_mart("mart_followup_adherence", "practitioner_id", "specialty_id"),
    period_on="due_on",
    key=("due_on", "branch_id", "practitioner_id", "specialty_id", "department_id"),
    view=View(
        columns=(
            key("branch", "branch_name"),
            key("specialty", "specialty_name"),
            count("due", "due_n"),
            count("in the window", "adherent_n"),
            count("early", "early_n"),
            count("late", "late_n"),
            count("lapsed", "lapsed_n"),
            count("declined", "declined_n"),
            count("open", "open_n"),
            rate("adherence", "adherent_n", "due_n"),
            money("revenue at risk", "revenue_at_risk_paise"),
        ),
        order_by="branch_name, specialty_name",
        bars=Bars("Adherence by specialty", "specialty_name", "sum(adherent_n) / nullif(sum(due_n), 0)", "rate"),
    ),
)

CONVERSION = Surface(
    name="conversion",
    title="Advised procedures",
    mart="mart_procedure_conversion",
    query=of_mart("mart_procedure_conversion", "practitioner_id", "specialty_id", "service_id"),
    period_on="advised_on",
    key=("advised_on", "branch_id", "practitioner_id", "specialty_id", "department_id", "service_id"),
    view=View(
        columns=(
            key("branch", "branch_name"),
            key("service", "service_name"),
            count("advised", "advised_n"),
            count("decided", "matured_n"),
            count("done in time", "converted_n"),
            count("done late", "late_converted_n"),
            rate("conversion", "converted_n", "matured_n"),
            rate("accepted", "accepted_n", "accepted_n + declined_n"),
            money("advised value", "advised_value_paise"),
            money("billed", "converted_value_paise"),
        ),
        order_by="branch_name, service_name",
        bars=Bars("Conversion by service", "service_name", "sum(converted_n) / nullif(sum(matured_n), 0)", "rate"),
    ),
)

RETENTION = Surface(
    name="retention",
    title="What need not be kept any more",
    mart="mart_retention_due",
    query=of_mart("mart_retention_due", has_city=False),
    period_on="due_month",
    key=("due_month", "retention_class", "branch_id"),
    view=View(
        columns=(
            key("month", "due_month"),
            key("kept as", "retention_class"),
            key("branch", "branch_name"),
            count("events", "events_n"),
            count("of people", "subjects_n"),
            count("on hold", "on_hold_n"),
        ),
        order_by="due_month, retention_class, branch_name",
        note="Nothing is destroyed by falling due: an erasure is asked for and approved by two people.",
    ),
)
