"""The words of `mymedic`. Exit 0 fine, 1 a check failed, or it could not be done or told, 2 wrong use; `--json` prints
one object and nothing else.
"""

from __future__ import annotations

import importlib
import sys
from itertools import pairwise

import typer

from apps.cli.console import explain
from apps.cli.machine import in_utf8, refusal_of
from apps.cli.output import looked_after
from mymedic.errors import Refused

# Each word and the module that knows it. Only the module of the word that was said is imported: a query must not
# wait for the simulator, nor a report for the web server.
WORDS = {
    "demo": "demo",
    "import": "intake",
    "ingest": "intake",
    "build": "line",
    "verify": "line",
    "tenants": "line",
    "query": "asking",
    "report": "reporting",
    "reconcile": "closing",
    "resolve": "closing",
    "reopen": "closing",
    "close": "closing",
    "statement": "stating",
    "trace": "tracing",
    "certificate": "certifying",
    "audit": "auditing",
    "docs": "documenting",
    "serve": "serving",
    "work": "serving",
    "dagster": "serving",
    "token": "access",
    "key": "access",
    "parked": "parking",
    "webhooks": "webhooks",
    "processes": "processing",
    "replay": "replaying",
}


def run() -> None:
    """Everything that MyMedic refuses ends as one clear line and an exit code."""
    with looked_after() as output:
        try:
            in_utf8(sys.argv[1:])
            program(sys.argv[1:])()
        except Refused as refusal:
            sys.exit(explain(refusal, is_json=wants_json(sys.argv)))
        except OSError as error:
            if output is not None and output.failure is not None:
                raise
            sys.exit(explain(refusal_of(error), is_json=wants_json(sys.argv)))


def program(arguments: list[str]) -> typer.Typer:
    """The words that these arguments need: one module's, or all of them where no word is said."""
    app = typer.Typer(
        name="mymedic",
        help="The data-flow platform of a clinic chain: commands in, events kept, everything else rebuilt from them.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        result_callback=_exit_with,
    )
    app.callback()(lambda: None)  # or Typer takes an only word for the program itself
    said = arguments[0] if arguments else ""
    for module in dict.fromkeys([WORDS[said]] if said in WORDS else WORDS.values()):
        importlib.import_module(f"apps.cli.{module}").register(app)
    return app


def wants_json(arguments: list[str]) -> bool:
    """Whether the caller is a program: then a refusal is a JSON object too."""
    formats = [after for before, after in pairwise(arguments) if before == "--format"]
    return "--json" in arguments or "json" in formats or "--format=json" in arguments


def _exit_with(code: int | None) -> None:
    """A command's return value is the exit code."""
    raise typer.Exit(code or 0)
