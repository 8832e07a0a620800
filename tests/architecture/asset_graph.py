"""The asset graph as text: `python -m tests.architecture.asset_graph` writes it anew after a deliberate change."""

from __future__ import annotations

from pathlib import Path

from apps.closing.recording import NightlyReconciler
from mymedic.settings import Settings
from pipelines.definitions import definitions_of
from pipelines.orchestration.installation import Installation
from tests.parsed_project import parsed_project

SNAPSHOT = Path(__file__).with_name("asset_graph.txt")


def asset_graph() -> str:
    """A line for every asset (group and key), then jobs, schedules and sensors."""
    settings = Settings()
    definitions = definitions_of(Installation(settings), parsed_project(), NightlyReconciler(settings))
    repository = definitions.get_repository_def()
    graph = repository.asset_graph
    assets = [f"{graph.get(key).group_name} {key.to_user_string()}" for key in graph.get_all_asset_keys()]
    jobs = [f"job {name}" for name in repository.job_names if not name.startswith("__")]
    schedules = [f"schedule {schedule.name}" for schedule in repository.schedule_defs]
    sensors = [f"sensor {sensor.name}" for sensor in repository.sensor_defs]
    return "\n".join([*sorted(assets), *sorted([*jobs, *schedules, *sensors])]) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(asset_graph())
