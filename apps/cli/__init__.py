"""The command `mymedic`. Exit 0 fine, 1 a check failed, 2 wrong use; `--json` prints one object and nothing else."""

from __future__ import annotations

import sys

import click
import typer

from apps.cli import asking, demo, intake, line, serving, tracing
from apps.cli.console import explain
from mymedic.errors import Refused

app = typer.Typer(
    name="mymedic",
    help="The data-flow platform of a clinic chain: commands in, events kept, everything else rebuilt from them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
demo.register(app)
intake.register(app)
line.register(app)
asking.register(app)
tracing.register(app)
serving.register(app)


def main() -> None:
    """The entry point: everything that MyMedic refuses ends as one clear line and an exit code."""
    is_json = "--json" in sys.argv or ("--format" in sys.argv and "json" in sys.argv)
    try:
        code = app(standalone_mode=False)
    except Refused as refusal:
        code = explain(refusal, is_json=is_json)
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = 2
    sys.exit(code if isinstance(code, int) else 0)
