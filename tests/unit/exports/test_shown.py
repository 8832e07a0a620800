"""A report as a person sees it: groups, sums, ratios of sums, a chart that needs nothing else."""

from __future__ import annotations

import re
from datetime import date

import pyarrow as pa
import pytest

from exports.finance.chart import bar_chart
from exports.finance.page import html_page
from exports.finance.read import EVERYTHING, Extract
from exports.finance.shown import Bar, shown
from exports.finance.surface import Bars, Column, Surface, View, count, key, money, rate
from mymedic.money import in_rupees

VIEW = View(
    columns=(
        key("branch", "branch_name"),
        count("visits", "visits_n"),
        money("billed", "billed_paise"),
        rate("kept", "kept_n", "visits_n"),
    ),
    order_by="branch_name",
    bars=Bars("Billed", "branch_name", "sum(billed_paise)", "money"),
    note="A < B",
)


def extract_of(rows: list[dict[str, object]], view: View = VIEW) -> Extract:
    surface = Surface("t", "Title & more", "mart_t", "", "business_date", ("branch_name",), view)
    schema = {"branch_name": pa.string(), "visits_n": pa.int64(), "kept_n": pa.int64(), "billed_paise": pa.int64()}
    return Extract(surface, "ten_a", EVERYTHING, {}, None, 7, pa.Table.from_pylist(rows, pa.schema(schema)))


ROWS: list[dict[str, object]] = [
    {"branch_name": "<b>Pune</b>", "visits_n": 90, "kept_n": 90, "billed_paise": 1_234_567_50},
    {"branch_name": "Indore", "visits_n": 5, "kept_n": 0, "billed_paise": -100},
    {"branch_name": "Indore", "visits_n": 5, "kept_n": 0, "billed_paise": -200},
]


def test_rows_are_grouped_and_the_total_has_the_ratio_of_sums() -> None:
    view = shown(extract_of(ROWS))
    assert view.rows == [
        ["<b>Pune</b>", "90", "₹12,34,567.50", "100.00 %"],
        ["Indore", "10", "-₹3.00", "0.00 %"],
    ]
    assert view.total == ["total", "100", "₹12,34,564.50", "90.00 %"]
    assert view.is_right == (False, True, True, True)


def test_nothing_is_nothing_and_not_zero_percent() -> None:
    view = shown(extract_of([]))
    assert (view.rows, view.total, view.bars) == ([], ["total", "0", "₹0.00", "-"], [])


def test_a_page_escapes_what_people_typed_and_is_the_same_twice() -> None:
    page = html_page(extract_of(ROWS), "0" * 64)
    assert "<b>Pune" not in page and "&lt;b&gt;Pune&lt;/b&gt;" in page and "A &lt; B" in page
    assert "Title &amp; more" in page and page == html_page(extract_of(ROWS), "0" * 64)
    assert not re.findall(r"<script|https?://(?!www\.w3\.org/2000/svg)|<link", page)


def test_bars_start_at_a_common_zero_and_losses_go_to_the_left() -> None:
    drawn = bar_chart("t", [Bar("gain", 30.0, "30"), Bar("loss", -10.0, "-10")])
    found = re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="\d+" class="([^"]+)"', drawn)
    (gain_x, gain_w, gain), (loss_x, loss_w, loss) = [(float(x), float(w), kind) for x, w, kind in found]
    assert loss_x + loss_w == pytest.approx(gain_x, abs=0.2)
    assert gain_w == pytest.approx(3 * loss_w, abs=0.2)
    assert (gain, loss) == ("bar", "bar below")


@pytest.mark.parametrize(
    ("metric", "expected"), [("noshow_rate", "12.50 %"), ("revenue_per_available_hour", "₹1,250.00"), ("x", "12.50 %")]
)
def test_the_unit_of_a_value_follows_its_metric(metric: str, expected: str) -> None:
    value = 125000.0 if metric.startswith("revenue") else 0.125
    table = pa.table({"metric": [metric], "value": [value], "on_day": [date(2026, 11, 2)]})
    view = View((key("metric", "metric"), Column("value", "max(value)", "value")), "metric", has_total=False)
    surface = Surface("t", "T", "mart_t", "", "on_day", ("metric",), view)
    assert shown(Extract(surface, "ten_a", EVERYTHING, {}, None, 7, table)).rows == [[metric, expected]]


def test_paise_in_a_sentence_become_rupees() -> None:
    assert in_rupees("short by 123456 paise, not -5 paise") == "short by ₹1,234.56, not -₹0.05"
