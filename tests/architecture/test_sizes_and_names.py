"""How large a file may be, and what it may be called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.product import ROOT, committed, modules

PYTHON_STOP, SQL_STOP = 400, 150
FORBIDDEN_STEMS = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "base", "core"}
FORBIDDEN_ENDINGS = re.compile(r"_(v\d+|new|old|copy|final|tmp)$")
PROVIDERS = re.compile(r"razorpay|cashfree|payu|billdesk|ccavenue|stripe|hdfc|icici|axis")
LAYER_OF_FOLDER = {"staging": "stg", "projections": "proj", "dimensions": "dim", "facts": "fct", "marts": "mart"}
MODELS = ROOT / "dbt_project" / "models"


@pytest.mark.parametrize(("suffix", "stop"), [(".py", PYTHON_STOP), (".sql", SQL_STOP)])
def test_no_file_is_longer_than_its_stop(suffix: str, stop: int) -> None:
    long = {
        f"{path.relative_to(ROOT)}: {lines}"
        for path in committed()
        if path.suffix == suffix and (lines := len(path.read_text(encoding="utf-8").splitlines())) > stop
    }
    assert not long


def test_no_file_has_a_name_that_says_nothing() -> None:
    empty = {
        str(path.relative_to(ROOT))
        for path in committed()
        if path.stem in FORBIDDEN_STEMS or FORBIDDEN_ENDINGS.search(path.stem)
    }
    assert not empty


def test_an_aggregate_is_always_the_same_four() -> None:
    wanted = {"__init__", "events", "commands", "state", "decide"}
    odd = {
        folder.name: sorted(parts ^ wanted)
        for folder in sorted((ROOT / "event_store" / "aggregates").iterdir())
        if folder.is_dir()
        and folder.name != "__pycache__"
        and (parts := {part.stem for part in folder.iterdir() if part.name != "__pycache__"}) != wanted
    }
    assert not odd


@pytest.mark.parametrize("folder", sorted(LAYER_OF_FOLDER))
def test_a_model_is_named_after_its_layer(folder: str) -> None:
    prefix = LAYER_OF_FOLDER[folder]
    name = re.compile(rf"{prefix}_[a-z][a-z0-9]*(_+[a-z0-9]+)*")
    odd = {path.stem for path in (MODELS / folder).rglob("*.sql") if not name.fullmatch(path.stem)}
    assert not odd


def test_no_model_is_named_after_a_provider_or_a_version() -> None:
    odd = {
        path.stem
        for path in MODELS.rglob("*.sql")
        if PROVIDERS.search(path.stem) or FORBIDDEN_ENDINGS.search(path.stem)
    }
    assert not odd


def test_a_folder_is_a_package_or_holds_no_modules() -> None:
    """A folder of Python files without `__init__.py` would be left out of the distribution in silence."""
    lost = {module.path for module in modules() if not (ROOT / Path(module.path).parent / "__init__.py").exists()}
    assert not lost
