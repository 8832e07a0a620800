"""`replay`: live views from the log again: as they are, as they were, or of one patient alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from apps.cli.console import ERR, OUT, print_json, table
from apps.cli.options import HomeOption, JsonOption, TenantOption, instant
from apps.cli.place import line_of, store_of, the_tenant
from event_store.partial import PartOfLog, about, known_at, true_at
from event_store.past import Pasts
from event_store.store import Store
from mymedic.errors import Refused
from mymedic.settings import Settings
from pipelines.build import build_shard
from projections.aside import Folded, fold_aside
from projections.catalogue import BY_NAME
from projections.generations import OnProgress, Rebuilt
from projections.worker import Live, open_live

PatientOption = Annotated[str | None, typer.Option("--patient", help="Only what concerns this patient.")]
AdmissionOption = Annotated[str | None, typer.Option("--admission", help="Only what concerns this admission.")]
ClaimOption = Annotated[str | None, typer.Option("--claim", help="Only what concerns this claim.")]


def register(app: typer.Typer) -> None:
    app.command()(replay)


def replay(
    projection: Annotated[
        list[str] | None, typer.Option("--projection", help="Which to rebuild; all without it. May be given again.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Aside: what was known at this instant.")] = None,
    valid_at: Annotated[str | None, typer.Option("--valid-at", help="Aside: what had happened by then.")] = None,
    patient: PatientOption = None,
    admission: AdmissionOption = None,
    claim: ClaimOption = None,
    warehouse: Annotated[
        bool, typer.Option("--warehouse", help="Aside: build the warehouse of that part as well.")
    ] = False,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Fold the log again. Without an aside, beside what is read, compared with it, and then swapped in.

    Commands, messages and payments are never sent by a replay.
    """
    unknown = [name for name in projection or () if name not in BY_NAME]
    if unknown:
        raise Refused("NOT_FOUND", f"there is no projection {unknown[0]}", known=", ".join(BY_NAME))
    with store_of(home) as (settings, store):
        tenant_id = the_tenant(store.feed, tenant)
        part = _part(store, tenant_id, as_of, valid_at, {"patient": patient, "admission": admission, "claim": claim})
        if part is not None:
            if projection:
                raise Refused(
                    "VALIDATION_FAILED", "an aside has every view; leave --projection out", field="projection"
                )
            _aside(settings, store, tenant_id, *part, warehouse=warehouse, json=json)
            return
        if warehouse:
            raise Refused("VALIDATION_FAILED", "`mymedic build --full` builds the warehouse of all", field="warehouse")
        with ExitStack() as opened, _progress(f"{tenant_id} from seq 1") as on_progress:
            live = open_live(settings, store, opened)
            _catch_up(live, tenant_id, on_progress)
            done = live.rebuild(tenant_id, projection or (), on_progress)
            _catch_up(live, tenant_id, on_progress)  # with what has come since, and what an older version kept
    _show_rebuilt(done, json)


def _catch_up(live: Live, tenant_id: str, on_progress: OnProgress) -> None:
    """Fold what is new, where no worker does so: a rebuild is compared with what is kept now."""
    keeper = live.keeper()
    while (step := keeper.advance(tenant_id)).events:
        on_progress(step.seq, live.feed.head(tenant_id))


def _part(
    store: Store, tenant_id: str, as_of: str | None, valid_at: str | None, keys: dict[str, str | None]
) -> tuple[str, PartOfLog] | None:
    """The part of the log that is meant, with a name for it; None: all of it."""
    pasts = Pasts(store.ledger, store.vault.keyed_hash)
    given = [(key, id) for key, id in keys.items() if id is not None]
    known, true = instant(as_of), instant(valid_at, "valid-at")
    if len(given) > 1:
        raise Refused("VALIDATION_FAILED", "say one of --patient, --admission, --claim", field="patient")
    names = [id for _, id in given]
    part: PartOfLog | None = None
    if true is not None:
        part = true_at(store.ledger, pasts, tenant_id, true, known)
        names.append(f"valid_at_{_stamp(true)}")
    elif known is not None:
        part = known_at(store.ledger, pasts, tenant_id, known)
    if known is not None:
        names.append(f"as_of_{_stamp(known)}")
    for key, id in given:
        part = about(store.ledger, pasts, tenant_id, key, id, part)  # type: ignore[arg-type]
    return None if part is None else ("_".join(names), part)


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S%fZ}"


def _aside(
    settings: Settings, store: Store, tenant_id: str, name: str, part: PartOfLog, *, warehouse: bool, json: bool
) -> None:
    folder = settings.aside_dir / tenant_id / name
    with ExitStack() as opened:
        left_out = open_live(settings, store, opened).parking.left_out
        with _progress(name) as on_progress:
            folded = fold_aside(part, tenant_id, folder / "read.sqlite", store.handler.clock, left_out, on_progress)
    published = _warehouse(settings, store, tenant_id, folder, part) if warehouse else None
    if json:
        print_json(
            {"part": name, "folder": folder, "read_models": [one._asdict() for one in folded], "warehouse": published}
        )
        return
    _show_folded(name, folded)
    OUT.print(f"in {folder / 'read.sqlite'}", highlight=False, soft_wrap=True)
    if published is not None:
        OUT.print(f"and its warehouse in {published}", highlight=False, soft_wrap=True)


def _warehouse(settings: Settings, store: Store, tenant_id: str, folder: Path, part: PartOfLog) -> Path:
    """The warehouse of a part, landed and built in its own folder."""
    line = replace(
        line_of(settings, store), feed=part, landing_dir=folder / "landing", warehouse_dir=folder / "warehouse"
    )
    with ERR.status("building the warehouse of this part"):
        report = build_shard(line, tenant_id, [tenant_id], full=True, is_part=True)
    return report.published[tenant_id].path


def _show_folded(name: str, folded: list[Folded]) -> None:
    rows = [[one.table, f"{one.rows:,}", one.content_hash[:16]] for one in folded]
    OUT.print(table(name, ["read model", "rows", "hash"], rows, right=["rows"]))


def _show_rebuilt(done: list[Rebuilt], json: bool) -> None:
    if json:
        found = [{**one._asdict(), "differences": [each._asdict() for each in one.differences]} for one in done]
        print_json({"rebuilt": found})
        return
    rows = [
        [one.projection, one.generation, f"{one.seq:,}", d.table, f"{d.added:,}", f"{d.removed:,}", f"{d.changed:,}"]
        for one in done
        for d in one.differences
    ]
    numbers = ["generation", "seq", "added", "removed", "changed"]
    OUT.print(
        table("Rebuilt and swapped in", ["projection", *numbers[:2], "read model", *numbers[2:]], rows, right=numbers)
    )
    for one in done:
        for difference in one.differences:
            for example in difference.examples:
                OUT.print(f"  {difference.table}: {example}", highlight=False, markup=False)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f} events/s")


@contextmanager
def _progress(what: str) -> Iterator[OnProgress]:
    """A bar with rate and time left, on stderr; nothing where nobody watches."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=ERR, disable=not ERR.is_terminal) as progress:
        task = progress.add_task(what)
        yield lambda seq, until: progress.update(task, completed=seq, total=until)
