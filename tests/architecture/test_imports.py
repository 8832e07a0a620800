"""Which room may know which: the contract of pyproject.toml, and what it cannot say."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.product import ROOT, modules, within

# One library, one room: import name -> where it may be imported.
ROOM_OF_LIBRARY = {
    "alembic": ("event_store.ledger",),
    "argon2": ("event_store.api",),
    "cryptography": ("event_store.retention",),
    "dagster": ("pipelines",),
    "dagster_dbt": ("pipelines",),
    "dbt": ("pipelines",),
    "duckdb": ("pipelines", "exports", "apps"),
    "great_expectations": ("pipelines.borders",),
    "google.protobuf": ("event_store.api.rpc",),
    "grpc": ("event_store.api.rpc",),
    "httpx": ("integrations.webhooks",),
    "joserfc": ("event_store.api",),
    "jsonpatch": ("event_store.audit.patch",),
    "litestar": ("event_store.api", "projections.api", "apps"),
    "lxml": ("integrations.bank.camt",),
    "mt940": ("integrations.bank.mt940",),
    "nats": ("integrations.bus.jetstream",),
    "opentelemetry": ("event_store.api",),
    "pandas": ("pipelines.borders",),
    "prometheus_client": ("event_store.api.watching",),
    "psycopg": ("event_store.ledger", "event_store.retention", "projections"),
    "pyarrow": ("pipelines", "exports", "event_store.ledger", "event_store.raw"),
    "pydantic_settings": ("mymedic.settings",),
    "rich": ("apps", "simulator"),
    "sqlalchemy": ("event_store.ledger", "event_store.retention", "projections"),
    "structlog": ("apps.logs",),
    "sqlite3": ("event_store.ledger", "event_store.retention", "projections"),
    "typer": ("apps.cli",),
    "uvicorn": ("apps",),
    "xlsxwriter": ("exports",),
    "yaml": ("apps",),
}
NETWORK = ("socket", "ssl", "http", "urllib.request", "httpx", "requests", "asyncio")
MAY_SEE = {"events": {"events"}, "commands": {"events", "commands"}, "state": {"events", "commands", "state"}}
OPENERS = {"open", "sqlite3.connect", "duckdb.connect", "create_engine", "open_store", "open_ledger", "Settings"}


def test_the_import_contract_is_kept() -> None:
    # In a process of its own: import-linter silences every logger of the one it runs in.
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("library", sorted(ROOM_OF_LIBRARY))
def test_a_library_stays_in_its_room(library: str) -> None:
    strays = {
        f"{module.path}:{one.line}"
        for module in modules()
        for one in module.imports()
        if within(one.module, library) and not within(module.name, *ROOM_OF_LIBRARY[library])
    }
    assert not strays, f"{library} is for {', '.join(ROOM_OF_LIBRARY[library])}"


def test_an_aggregate_knows_the_floor_and_itself() -> None:
    strays = []
    for module in modules():
        if not module.name.startswith("event_store.aggregates."):
            continue
        own = ".".join(module.name.split(".")[:3])
        for one in module.imports():
            if within(one.module, "event_store") and not within(one.module, own):
                strays.append(f"{module.path}:{one.line} {one.module}")
    assert not strays


def test_messages_and_state_do_not_know_decisions() -> None:
    """decide -> state, commands, events, and never the other way."""
    strays = []
    for module in modules():
        parts = module.name.split(".")
        if parts[:2] != ["event_store", "aggregates"] or len(parts) < 4 or parts[3] not in MAY_SEE:
            continue
        own = ".".join(parts[:3])
        for one in module.imports():
            if within(one.module, own) and one.module != own:
                sibling = one.module.removeprefix(f"{own}.").partition(".")[0]
                if sibling not in MAY_SEE[parts[3]]:
                    strays.append(f"{module.path}:{one.line} {one.module}")
    assert not strays


def test_pipelines_see_of_the_truth_only_feed_catalogue_and_retention() -> None:
    allowed = ("event_store.feed", "event_store.catalogue", "event_store.retention")
    strays = {
        f"{module.path}:{one.line} {one.module}"
        for module in modules()
        if module.room == "pipelines"
        for one in module.imports()
        if within(one.module, "event_store") and not within(one.module, *allowed)
    }
    assert not strays


def test_only_the_handler_appends() -> None:
    users = {
        module.name for module in modules() for one in module.imports() if within(one.module, "event_store.appending")
    }
    assert users == {"event_store.handle"}


def test_translations_are_pure() -> None:
    """Bytes in, lines or commands out: whatever fetches them is somebody else."""
    strays = {
        f"{module.path}:{one.line} {one.module}"
        for module in modules()
        if module.room == "integrations" and module.name.rpartition(".")[2].startswith("translate")
        for one in module.imports()
        if within(one.module, *NETWORK, "event_store.handle", "event_store.feed", "event_store.ledger")
    }
    assert not strays


def test_importing_a_module_opens_nothing() -> None:
    """Work at import is work in every program that only wanted a name from the module."""
    opened = {
        f"{module.path}:{call.lineno} {ast.unparse(call.func)}"
        for module in modules()
        for statement in module.tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr)
        for call in ast.walk(statement)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in OPENERS
    }
    assert not opened


def test_every_module_says_why_it_exists() -> None:
    """`__init__.py` may leave it to the folder's name."""
    silent = {
        module.path
        for module in modules()
        if not module.path.endswith("__init__.py") and ast.get_docstring(module.tree) is None
    }
    assert not silent
