"""`serve`, `dagster`, `token`: the programs that stay up, on loopback only."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from apps.cli.console import OUT, print_json
from apps.cli.options import HomeOption, JsonOption, settings_of
from apps.cli.place import store_of, the_tenant
from apps.server import run_server, tokens_of
from mymedic.errors import Refused
from mymedic.messages import Actor

ROLES = ("PP", "DR", "FD", "FN", "CM", "AU", "EN", "IN")


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(dagster)
    app.command()(token)


def serve(
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8080,
    home: HomeOption = None,
) -> None:
    """The command API with its reactions and timers, on 127.0.0.1."""
    run_server(settings_of(home), port)


def dagster(
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 3000,
    home: HomeOption = None,
) -> None:
    """The pipeline's own screen, on 127.0.0.1."""
    from pipelines.orchestration.instance import prepare_dagster_home

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
        "pipelines.definitions",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    os.execve(sys.executable, command, environment)


def token(
    role: Annotated[list[str], typer.Option("--role", help="PP, DR, FD, FN, CM, AU, EN or IN; may be repeated.")],
    actor: Annotated[
        str,
        typer.Option("--actor", help="Whose token it is: the id of a staff member, patient, practitioner or system."),
    ],
    branch: Annotated[list[str] | None, typer.Option("--branch", help="Only for these branches.")] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Tenant id; it may be one that is yet to be made.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Issue a bearer token bound to a tenant and an actor. It is shown once."""
    unknown = [one for one in role if one not in ROLES]
    if unknown:
        raise Refused("VALIDATION_FAILED", f"there is no role {unknown[0]}", field="role", known=", ".join(ROLES))
    with store_of(home) as (settings, store):
        tenant_id = tenant or the_tenant(store.feed, tenant)
    kind = "integration" if "IN" in role else "patient" if role == ["PP"] else "user"
    who = Actor(
        type=kind,  # type: ignore[arg-type]
        id=actor,
        roles=tuple(role),  # type: ignore[arg-type]
        branch_scope=tuple(branch) if branch else "*",
        patient_id=actor if "PP" in role else None,
        practitioner_id=actor if "DR" in role else None,
    )
    issued = tokens_of(settings).issue(tenant_id, who)
    if json:
        print_json({"tenant_id": tenant_id, "token": issued})
    else:
        OUT.print(issued, highlight=False, soft_wrap=True)
