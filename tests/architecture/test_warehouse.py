"""Layers, grain, tenants and money of the dbt project."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from exports.finance.surfaces import REPORTS, SURFACES
from pipelines.publish import is_published
from tests.architecture.warehouse import LAYERS, Project

# One process parses the project for all of these.
MAY_READ = {
    "stg": {"source", "stg"},
    "proj": {"stg", "proj", "seed"},
    "dim": {"stg", "proj", "seed"},
    "fct": {"stg", "proj", "dim", "fct"},
    "mart": {"dim", "fct", "mart"},
}
# Relations that are the same for every tenant: (model, relation).
WITHOUT_TENANT = {
    ("dim_date", "days"),
    ("proj_tenants", "time_zones"),
    ("proj_retention_ledger", "classes"),
    ("proj_retention_patients", "retention_classes"),
    ("proj_retention_streams", "retention_classes"),
}
_CLAUSE_ENDS = re.compile(
    r"\b(?:left join|inner join|right join|full join|full outer join|cross join|join|where|group by|order by|union"
    r"|select|qualify|window|limit)\b|\{\{ join_bank_day_after"
)
_JOIN = re.compile(r"\b(?:left|inner|right|full|full outer) join\s+")
_COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}", re.DOTALL)
_FLOATS = r"(?:double(?: precision)?|float\d?|real|decimal|numeric)"


def test_every_model_stands_in_a_layer(project: Project) -> None:
    assert {model.layer for model in project.models} == LAYERS.keys()


@pytest.mark.parametrize("layer", sorted(MAY_READ))
def test_a_layer_reads_what_it_may(project: Project, layer: str) -> None:
    strays = {
        f"{model.name} reads {read.rpartition('.')[2]}"
        for model in project.of(layer)
        for read in model.reads
        if project.layer_of[read] not in MAY_READ[layer]
    }
    assert not strays


def test_every_model_says_what_one_row_is(project: Project) -> None:
    silent = {model.name for model in project.models if not model.description.startswith("One row per ")}
    assert not silent


def test_every_documented_column_says_what_it_holds(project: Project) -> None:
    silent = {
        f"{model.name}.{column}" for model in project.models for column, about in model.columns.items() if not about
    }
    assert not silent


def test_every_model_lists_its_columns_with_the_tenant(project: Project) -> None:
    odd = {model.name for model in project.models if "tenant_id" not in model.columns}
    assert not odd


def test_every_built_model_has_a_contract(project: Project) -> None:
    """Its columns and their types are promised, and a build that does not keep the promise stops."""
    loose = {
        model.name
        for model in project.of("proj", "dim", "fct", "mart")
        if model.is_built and (not model.has_contract or model.untyped)
    }
    assert not loose


# Tables that are read several times within a build, and by nobody afterwards.
STEPS = {"fct_posting_bank", "fct_posting_settlement", "fct_recon_standing"}


def test_what_readers_get_lies_apart_from_what_it_is_made_of(project: Project) -> None:
    """The database of a tenant's own build becomes its published file."""
    kept = {model.name for model in project.models if model.is_built and not model.is_thrown_away}
    assert kept == {model.name for model in project.models if model.is_table and is_published(model.name)} - STEPS


def test_every_mart_has_a_consumer(project: Project) -> None:
    used = frozenset().union(*project.consumers.values())
    assert {model.name for model in project.of("mart")} <= used
    assert {surface.mart for surface in REPORTS.values()} <= project.consumers["reports"]
    assert {surface.mart for surface in SURFACES.values()} <= project.consumers["monthly_files"]


def test_every_published_grain_is_tested(project: Project) -> None:
    """'One row per …' is a claim: the key that it names is unique within the tenant."""
    untested = {model.name for model in project.of("dim", "fct", "mart") if "tenant_unique" not in model.tests}
    assert not untested


def test_models_that_decide_or_look_around_have_given_rows(project: Project) -> None:
    """A branch of a `case` and the neighbours of a row in a window are said by example."""
    untested = {
        model.name
        for model in project.of("proj", "dim", "fct", "mart")
        if re.search(r"\bcase\b|\bover \(", _without_comments(model.sql)) and not model.unit_tests
    }
    assert not untested


def test_every_check_keeps_a_build_from_being_published(project: Project) -> None:
    """One row that breaks a check suffices, whichever check it is."""
    assert len(project.checks) > 100
    assert {name for name, strictness in project.checks.items() if strictness != ("error", "!= 0")} == set()


def test_every_invariant_of_the_books_is_a_check(project: Project) -> None:
    """INV-R3, INV-R7 and INV-R8 are identities of rows and of builds: the others are checks that carry their number."""
    numbered = {found[1] for name in project.checks if (found := re.match(r"inv_(r\d+)_", name))}
    assert numbered >= {"r1", "r2", "r4", "r5", "r6", "r9", "r10"}
    assert {"recon_variance_is_right_less_left", "recon_matches_no_more_than_either_side"} <= project.checks.keys()


def test_every_join_carries_the_tenant(project: Project) -> None:
    strays = set()
    for model in project.models:
        sql = _without_comments(model.sql)
        for found in _JOIN.finditer(sql):
            rest = sql[found.end() :]
            end = _CLAUSE_ENDS.search(_blanked(rest))
            clause = rest[: end.start()] if end else rest
            relation = re.sub(r"[{}()'\" ]|ref", "", clause.split(" as ")[0].split("\n")[0].split(" on ")[0])
            if "tenant_id" not in clause and (model.name, relation) not in WITHOUT_TENANT:
                strays.add((model.name, relation))
    assert not strays


def test_every_window_stays_within_the_tenant(project: Project) -> None:
    strays = set()
    for model in project.models:
        sql = _without_comments(model.sql)
        for name, text in re.findall(r"\{% ?-? ?set (\w+) = '([^']*)'", sql):
            sql = sql.replace(f"{{{{ {name} }}}}", text)
        for found in chain(re.finditer(r"partition by\s+([^)]*)", sql), re.finditer(r"over \(\s*(order by[^)]*)", sql)):
            if "tenant_id" not in found[1]:
                strays.add(f"{model.name}: {found[1].strip()[:60]}")
    assert not strays


def test_money_stays_whole_paise(project: Project) -> None:
    to_float = re.compile(rf"cast\([^()]*_paise[^()]*\bas {_FLOATS}|_paise\s*::\s*{_FLOATS}", re.IGNORECASE)
    divided = re.compile(r"[^\n]*(?: / |\brate\()[^\n]*\bas \w+_paise\b")
    strays = {
        f"{model.name}: {found[0].strip()}"
        for model in project.models
        for found in chain(
            to_float.finditer(_without_comments(model.sql)), divided.finditer(_without_comments(model.sql))
        )
    }
    assert not strays


def test_no_model_reads_the_clock_or_draws_lots(project: Project) -> None:
    """Two builds of the same events must give the same rows: the present is `as_of`."""
    clock = re.compile(
        r"\b(?:now\(\)|current_timestamp|current_date|today\(\)|random\(\)|uuid\(\)|gen_random_uuid|run_started_at)",
        re.IGNORECASE,
    )
    strays = {model.name for model in project.models if clock.search(_without_comments(model.sql))}
    assert not strays


def _without_comments(sql: str) -> str:
    return _COMMENT.sub("", sql)


def _blanked(sql: str) -> str:
    """The same text with nested brackets blanked, so that a clause's end is looked for on its own level."""
    depth, out = 0, []
    for char in sql:
        depth += char == "("
        out.append(" " if depth > 0 else char)
        depth -= char == ")"
        if depth < 0:
            return "".join(out[:-1]) + " where " + " " * len(sql)
    return "".join(out)
