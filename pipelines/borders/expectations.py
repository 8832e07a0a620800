"""Holds a pandas frame to expectations. Nothing else in the product knows Great Expectations."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

from pipelines.borders.result import BorderResult


@cache
def library() -> Any:
    """Great Expectations, imported when first needed: that takes some 5 s."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations

    return great_expectations


@cache
def _frames() -> Any:
    context = library().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context.data_sources.add_pandas("frames")


def hold(
    subject: str,
    frame: pd.DataFrame,
    rules: Mapping[str, Sequence[Any]],
    *,
    known_by: Sequence[str] = (),
    seen: int | None = None,
) -> list[BorderResult]:
    """A rule is a name and the expectations that must all hold; the results stand in the rules' order.

    `known_by`: columns that tell a person which row is wrong; `seen`: the rows that `frame` stands for, when it carries
    only their columns' names. An expectation that could not be evaluated counts as failed: Great Expectations says so
    in `exception_info` only.
    """
    asset = _frames().add_dataframe_asset(subject)
    try:
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        form = {"result_format": "SUMMARY", "unexpected_index_column_names": list(known_by)}
        outcomes = batch.validate(_suite(rules), result_format=form if known_by else "SUMMARY").results
    finally:
        _frames().delete_asset(subject)
    problems: dict[str, dict[str, None]] = {name: {} for name in rules}
    for outcome in outcomes:
        for name in outcome.expectation_config.meta["rules"]:
            problems[name].update(dict.fromkeys(_problems(outcome)))
    count = len(frame) if seen is None else seen
    return [BorderResult(subject, name, not found, count, "; ".join(found)) for name, found in problems.items()]


def _suite(rules: Mapping[str, Sequence[Any]]) -> Any:
    """A suite keeps equal expectations once: such a one carries the names of all its rules."""
    names: dict[str, list[str]] = {}
    expectations: dict[str, Any] = {}
    for rule, wanted in rules.items():
        for expectation in wanted:
            names.setdefault(repr(expectation), []).append(rule)
            expectations[repr(expectation)] = expectation
    suite = library().ExpectationSuite(name="border")
    for text, expectation in expectations.items():
        expectation.meta = {"rules": names[text]}
        suite.add_expectation(expectation)
    return suite


def _problems(outcome: Any) -> Iterator[str]:
    about = outcome.expectation_config.kwargs.get("column") or outcome.expectation_config.type
    raised = list(_raised(outcome.exception_info or {}))
    if raised:
        yield f"{about} could not be checked: {raised[0]}"
    elif not outcome.success:
        yield f"{about}: {_found(outcome.result)}"


def _found(result: Mapping[str, Any]) -> str:
    rows = result.get("partial_unexpected_index_list") or result.get("partial_unexpected_list")
    if rows:
        shown = "; ".join(_row(row) if isinstance(row, dict) else str(row) for row in rows[:3])
        return f"{result['unexpected_count']} of {result['element_count']}, such as {shown}"
    return f"{result.get('details') or result.get('observed_value')}"


def _row(row: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items())


def _raised(info: Mapping[str, Any]) -> Iterator[str]:
    """The messages in an `exception_info`: flat for an expectation, one level deeper for each failed metric."""
    if info.get("raised_exception"):
        yield str(info.get("exception_message"))
    for inner in info.values():
        if isinstance(inner, dict):
            yield from _raised(inner)
