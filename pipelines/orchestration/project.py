"""What Dagster knows of the dbt project: its models and seeds as assets, its tests as checks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
import msgspec
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from pipelines.orchestration.shard import shard_check
from pipelines.transform import PROJECT, write_manifest


def manifest(folder: Path) -> dict[str, Any]:
    """The parsed project. It is parsed (5 s) into `folder` once for every state of its files."""
    path = folder / f"manifest-{_state_of_project()}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as scratch:
            os.replace(write_manifest(Path(scratch)), path)
        for old in folder.glob("manifest-*.json"):
            if old != path:
                old.unlink(missing_ok=True)
    parsed: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return parsed


def _state_of_project() -> str:
    digest = hashlib.sha256()
    for path in sorted(PROJECT.rglob("*")):
        if path.is_file() and path.suffix in (".sql", ".yml", ".csv"):
            digest.update(f"{path.relative_to(PROJECT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


class Translator(DagsterDbtTranslator):
    """Groups are the project's folders: seeds, staging, projections, dimensions, facts and marts."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "model":
            return str(dbt_resource_props["fqn"][1])
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else None


@dataclass(frozen=True)
class Project:
    """The project of one manifest, in Dagster's words."""

    manifest: Mapping[str, Any]
    translator: DagsterDbtTranslator = field(
        default_factory=lambda: Translator(DagsterDbtTranslatorSettings(enable_source_metadata=False))
    )

    @cached_property
    def keys(self) -> dict[str, dg.AssetKey]:
        """dbt's unique id -> asset key, of every seed, model and source; an ephemeral model is part of its readers."""
        nodes = {**self.manifest["nodes"], **self.manifest["sources"]}
        return {
            unique_id: self.translator.get_asset_key(node)
            for unique_id, node in nodes.items()
            if node["resource_type"] in ("seed", "model", "source")
            and node["config"].get("materialized") != "ephemeral"
        }

    @cached_property
    def assets(self) -> list[dg.AssetSpec]:
        return [
            self.translator.get_asset_spec(self.manifest, unique_id, None)
            for unique_id in self.keys
            if unique_id in self.manifest["nodes"]
        ]

    @cached_property
    def checks(self) -> dict[str, dg.AssetCheckSpec]:
        """dbt's unique id -> check, of every test."""
        return {
            unique_id: shard_check(
                node["name"],
                self.keys[self._subject(unique_id)],
                description=node.get("description") or None,
                blocking=str(node["config"].get("severity") or "error").lower() == "error",
            )
            for unique_id, node in self.manifest["nodes"].items()
            if node["resource_type"] == "test"
        }

    def _subject(self, test_id: str) -> str:
        """What a test is about: the node it stands under, else the one that is built last of those it reads."""
        attached = self.manifest["nodes"][test_id].get("attached_node")
        return str(attached) if attached in self.keys else max(self._read_by(test_id), key=self._order.__getitem__)

    def _read_by(self, unique_id: str) -> set[str]:
        """The assets that a node reads, itself or through ephemeral models."""
        parents = self.manifest["parent_map"][unique_id]
        return {one for parent in parents for one in ([parent] if parent in self.keys else self._read_by(parent))}

    @cached_property
    def _order(self) -> dict[str, int]:
        """Place of every node in an order in which the project can be built."""
        order = TopologicalSorter(self.manifest["parent_map"]).static_order()
        return {unique_id: place for place, unique_id in enumerate(order)}
