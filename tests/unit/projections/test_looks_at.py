"""Each projection says which aggregates its folds ask for, no fewer and no more: events of others are not decoded."""

from __future__ import annotations

import ast
import inspect
import sys
from types import ModuleType

import pytest

from event_store.catalogue import AGGREGATES
from projections import places, practitioners, visits
from projections.catalogue import PROJECTIONS
from projections.projection import Projection

HELPERS = (places, practitioners, visits)


def asked_in(module: ModuleType) -> set[str]:
    """The aggregates that the folds of a module ask a view for; its business days are those of the tenant."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.Call(func=ast.Attribute(attr="state"), args=[ast.Constant(value=str(name)), _]):
                found.add(name)
            case ast.Attribute(value=ast.Name(id="view"), attr="day" | "tz"):
                found.add("tenant")
            case ast.ImportFrom(module=str(name)) if sys.modules.get(name) in HELPERS:
                found |= asked_in(sys.modules[name])
    return found


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.name)
def test_a_projection_looks_at_what_its_folds_ask_for(projection: Projection) -> None:
    assert projection.looks_at == asked_in(sys.modules[f"projections.{projection.name}"])
    assert projection.looks_at <= AGGREGATES.keys()
