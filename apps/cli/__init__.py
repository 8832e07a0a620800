"""The command `mymedic`. Exit 0 fine, 1 a check failed, 2 wrong use; `--json` prints one object and nothing else."""

from __future__ import annotations

import sys
from itertools import pairwise

import typer

from apps.cli import asking, demo, intake, line, serving, tracing
from apps.cli.console import explain
from mymedic.errors import Refused


def _exit_with(code: int | None) -> None:
    """A command's return value is the exit code."""
    raise typer.Exit(code or 0)


app = typer.Typer(
    name="mymedic",
    help="The data-flow platform of a clinic chain: commands in, events kept, everything else rebuilt from them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    result_callback=_exit_with,
)
demo.register(app)
intake.register(app)
line.register(app)
asking.register(app)
tracing.register(app)
serving.register(app)


def main() -> None:
    """The entry point: everything that MyMedic refuses ends as one clear line and an exit code."""
    try:
        app()
    except Refused as refusal:
        sys.exit(explain(refusal, is_json=wants_json(sys.argv)))


def wants_json(arguments: list[str]) -> bool:
    """Whether the caller is a program: then a refusal is a JSON object too."""
    formats = [after for before, after in pairwise(arguments) if before == "--format"]
    return "--json" in arguments or "json" in formats or "--format=json" in arguments
