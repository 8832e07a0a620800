"""Time comes from the clock that is handed in, settings from one place, money is whole paise."""

from __future__ import annotations

import ast

from tests.architecture.product import ROOT, modules, within

# The one place that reads the environment, and those that must hand something on through it.
ENVIRONMENT = {
    "mymedic.settings": "the settings themselves",
    "apps.cli.serving": "hands Dagster, another program, its home",
    "pipelines.transform": "hands dbt's profile the file to build in",
    "pipelines.borders.expectations": "turns Great Expectations' telemetry off before it is imported",
}
WALL_CLOCKS = {
    "date.today",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "dt.datetime.now",
    "time.ctime",
    "time.gmtime",
    "time.localtime",
    "time.time",
    "time.time_ns",
}
# Loops that must outlive a bug in what they look after: they log it with its traceback and try again.
SUPERVISORS = {"apps.server", "event_store.subscriptions.subscription", "event_store.subscriptions.worker"}
CHANCE = ("random", "secrets", "uuid")
# Who may draw lots: keys, nonces, tokens, new ids, when to try again; and the simulator, whose dice come from its seed.
CHANCE_IN = (
    "event_store.retention.keys",
    "event_store.subscriptions.backoff",
    "event_store.api.api_keys",
    "integrations.webhooks.signature",
    "mymedic.ids",
    "simulator.draws",
)


def test_the_environment_is_read_in_one_place() -> None:
    readers = {
        module.name
        for module in modules()
        for name in ({one.module for one in module.chains()} | {one.module for one in module.imports()})
        if within(name, "os.environ", "os.getenv", "os.putenv", "os.environb")
    }
    assert readers <= ENVIRONMENT.keys()


def test_only_the_clock_reads_the_clock() -> None:
    """perf_counter and monotonic measure how long something took; they never say when it was."""
    readers = {
        f"{module.path}:{one.line} {one.module}"
        for module in modules()
        if module.name != "mymedic.clock"
        for one in [*module.chains(), *module.imports()]
        if one.module in WALL_CLOCKS
    }
    assert not readers


def test_chance_stays_where_it_is_needed() -> None:
    """A replay, a rebuild or a simulation that draws its own lots would differ from the last one."""
    strays = {
        f"{module.path}:{one.line} {one.module}"
        for module in modules()
        if not within(module.name, *CHANCE_IN)
        for one in [*module.imports(), *module.chains()]
        if within(one.module, *CHANCE, "os.urandom")
    }
    assert not strays


def test_money_is_never_a_float() -> None:
    """No field, argument or variable named in paise is typed as anything but whole numbers."""
    strays = set()
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name | ast.Attribute):
                name = node.target.id if isinstance(node.target, ast.Name) else node.target.attr
                annotation: ast.expr | None = node.annotation
            elif isinstance(node, ast.arg):
                name, annotation = node.arg, node.annotation
            else:
                continue
            if name.endswith("_paise") and annotation is not None:
                words = {one.id for one in ast.walk(annotation) if isinstance(one, ast.Name)}
                if words & {"float", "Decimal"}:
                    strays.add(f"{module.path}:{node.lineno} {name}")
    assert not strays


def test_no_module_swallows_what_it_does_not_know() -> None:
    """A broad except that returns less makes partial data look true; one that raises or hands the error on is fine."""
    strays = set()
    for module in modules():
        if module.name in SUPERVISORS:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node) and not _passes_on(node):
                strays.add(f"{module.path}:{node.lineno}")
    assert not strays


def _is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def _passes_on(handler: ast.ExceptHandler) -> bool:
    """It raises, or it does something with the very error."""
    return any(
        isinstance(node, ast.Raise) or (isinstance(node, ast.Name) and node.id == handler.name)
        for statement in handler.body
        for node in ast.walk(statement)
    )


def test_the_rules_see_the_whole_product() -> None:
    """A rule over no files holds always: every room that exists must be among those read."""
    rooms = {module.room for module in modules()}
    packaged = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert rooms == packaged
