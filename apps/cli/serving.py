"""`serve`, `work`, `dagster`: the programs that stay up, on loopback only."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from apps.cli.options import HomeOption
from apps.ports import require_free
from apps.server import run_server
from apps.worker import run_worker
from mymedic.settings import settings_of


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(work)
    app.command()(dagster)


def serve(
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8080,
    grpc_port: Annotated[
        int | None, typer.Option("--grpc-port", min=1, max=65535, help="Also over gRPC; see commands.proto.")
    ] = None,
    home: HomeOption = None,
) -> int:
    """The command API with its reactions and timers, on 127.0.0.1."""
    return run_server(settings_of(home), port, grpc_port)


def work(home: HomeOption = None) -> None:
    """A worker without an API: reactions and timers, the bus and webhooks. Several share the tenants."""
    run_worker(settings_of(home))


def dagster(
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 3000,
    home: HomeOption = None,
) -> None:
    """The pipeline's own screen, on 127.0.0.1."""
    from pipelines.orchestration.instance import prepare_dagster_home

    require_free(port)
    settings = settings_of(home)
    environment = dict(os.environ)
    environment["MYMEDIC_HOME"] = str(settings.resolved_home)
    environment["DAGSTER_HOME"] = str(prepare_dagster_home(settings))
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-m",
        "apps.line",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    os.execve(sys.executable, command, environment)
