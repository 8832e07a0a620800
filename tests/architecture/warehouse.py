"""The dbt project as dbt itself reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from dbt.cli.main import dbtRunner

from tests.architecture.product import ROOT

LAYERS = {"stg": "staging", "proj": "projections", "dim": "dimensions", "fct": "facts", "mart": "marts"}


class Model(NamedTuple):
    name: str
    layer: str
    description: str
    columns: dict[str, str]  # name -> description, in the order of the YAML
    untyped: frozenset[str]  # columns whose type the YAML does not say
    has_contract: bool
    is_built: bool  # not part of the models that read it
    is_table: bool
    is_thrown_away: bool  # it lies in the database of the workings, which no reader gets
    sql: str
    reads: tuple[str, ...]  # unique ids of models, seeds and sources
    tests: frozenset[str]  # names of the generic tests on it
    unit_tests: int


class Project(NamedTuple):
    models: tuple[Model, ...]
    layer_of: dict[str, str]  # unique id -> layer, `seed` or `source`
    checks: dict[str, tuple[str, str]]  # name of a data test -> its severity, and what makes it an error
    consumers: dict[str, frozenset[str]]  # name of an exposure -> names of the models that it reads

    def of(self, *layers: str) -> list[Model]:
        return [model for model in self.models if model.layer in layers]


def parsed(work_dir: Path) -> Project:
    """Parse the project with dbt, whose own files go to `work_dir`."""
    folder = str(ROOT / "dbt_project")
    outcome = dbtRunner().invoke(
        ["parse", "--project-dir", folder, "--profiles-dir", folder, "--target-path", str(work_dir / "target"),
         "--log-path", str(work_dir / "logs"), "--quiet", "--log-level-file", "none"]
    )  # fmt: skip
    assert outcome.success, outcome.exception
    manifest: Any = outcome.result
    nodes = list(manifest.nodes.values())
    tests: dict[str, set[str]] = {}
    for node in nodes:
        if node.resource_type == "test" and getattr(node, "attached_node", None):  # a test of several models has none
            tests.setdefault(node.attached_node, set()).add(node.test_metadata.name)
    unit_tested = [test.model for test in manifest.unit_tests.values()]
    models = [
        Model(
            name=node.name,
            layer=node.name.partition("_")[0],
            description=node.description,
            columns={name: column.description for name, column in node.columns.items()},
            untyped=frozenset(name for name, column in node.columns.items() if not column.data_type),
            has_contract=node.config.contract.enforced,
            is_built=node.config.materialized != "ephemeral",
            is_table=node.config.materialized == "table",
            is_thrown_away=node.database == "workings",
            sql=node.raw_code,
            reads=tuple(node.depends_on.nodes),
            tests=frozenset(tests.get(node.unique_id, ())),
            unit_tests=unit_tested.count(node.name),
        )
        for node in nodes
        if node.resource_type == "model"
    ]
    layer_of = {
        node.unique_id: "seed" if node.resource_type == "seed" else node.name.partition("_")[0] for node in nodes
    }
    layer_of.update({unique_id: "source" for unique_id in manifest.sources})
    checks = {
        node.name: (str(node.config.severity).lower(), str(node.config.error_if))
        for node in nodes
        if node.resource_type == "test"
    }
    consumers = {
        exposure.name: frozenset(read.rpartition(".")[2] for read in exposure.depends_on.nodes)
        for exposure in manifest.exposures.values()
    }
    return Project(tuple(sorted(models)), layer_of, checks, consumers)
