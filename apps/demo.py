"""What `mymedic demo` does: simulate, build, export, and gather what a finance person looks at first."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

from apps.samples import write_samples
from apps.tieout import TieOut, tie_out
from event_store.store import Store, open_store
from exports.finance.read import EVERYTHING, Period, extract
from exports.finance.run import run_export
from exports.finance.surfaces import EXCEPTIONS
from exports.warehouse import opened
from mymedic.errors import Refused
from mymedic.settings import Settings
from pipelines.build import Line, build_shard
from simulator.run import simulate

TOP = 10
SHARD = "demo"


@dataclass(slots=True)
class DemoReport:
    tenants: list[str]
    tenant_id: str  # the largest, which the screen is about
    events: int
    appointments: int
    tie_out: TieOut
    exceptions: list[dict[str, Any]]
    files: list[Path]
    next_commands: list[str]
    seconds: dict[str, float]


def run_demo(
    settings: Settings,
    profile: str,
    seed: int | None,
    faults: str,
    console: Console,
    line_of: Callable[[Settings, Store], Line],
) -> DemoReport:
    """Make the demo's world unless the home already holds it, and build everything that is shown of it."""
    seconds: dict[str, float] = {}
    began = time.perf_counter()
    _simulate_once(settings, profile, seed, faults, console)
    seconds["simulate"] = time.perf_counter() - began
    began = time.perf_counter()
    with open_store(settings) as store:
        line = line_of(settings, store)
        heads = {tenant_id: store.feed.head(tenant_id) for tenant_id in store.feed.tenants()}
        with console.status("build: starting") as status:
            # Together, unlike large chains: most of what so small a build costs is paid once.
            build_shard(line, SHARD, list(heads), on_step=partial(_say, status))
    seconds["build"] = time.perf_counter() - began
    tenant_id = max(heads, key=lambda one: heads[one])
    warehouse = line.published_path(tenant_id)
    month = _last_full_month(warehouse)
    files = [
        run_export(
            warehouse, settings.exports_dir, tenant_id, surface, period=month, formats=("xlsx", "csv", "parquet")
        ).path("xlsx")
        for surface in ("settlement", "variance", "leakage")
    ]
    samples = write_samples(warehouse, settings.resolved_home / "samples" / tenant_id)
    return DemoReport(
        tenants=list(heads),
        tenant_id=tenant_id,
        events=sum(heads.values()),
        appointments=sum(_appointments(line.published_path(one)) for one in heads),
        tie_out=tie_out(warehouse),
        exceptions=extract(warehouse, tenant_id, EXCEPTIONS, EVERYTHING).table.slice(0, TOP).to_pylist(),
        files=[*files, samples.settlement, samples.bank],
        next_commands=_next_commands(settings, tenant_id, month, samples.settlement, samples.bank),
        seconds=seconds,
    )


def _say(status: Status, step: str) -> None:
    status.update(f"build: {step}")


def _simulate_once(settings: Settings, profile: str, seed: int | None, faults: str, console: Console) -> None:
    """A home holds one world: the same one is not made twice, another one is refused."""
    marker = settings.resolved_home / "simulation.json"
    wanted = {"profile": profile, "seed": seed, "faults": faults}
    if marker.exists():
        found = json.loads(marker.read_text())
        if found != wanted:
            raise Refused(
                "ALREADY_EXISTS", f"{settings.home} holds another world; choose another --home", holds=str(found)
            )
        return
    with open_store(settings) as store:
        if store.feed.tenants():
            raise Refused("ALREADY_EXISTS", f"{settings.home} is not empty; choose another --home")
    simulate(profile, settings, seed=seed, faults="all" if faults == "default" else faults, console=console)
    marker.write_text(json.dumps(wanted))


def _appointments(warehouse: Path) -> int:
    with opened(warehouse) as connection:
        found = connection.execute("SELECT count(*) FROM fct_appointment").fetchone()
    return int(found[0]) if found else 0


def _last_full_month(warehouse: Path) -> Period:
    """The newest month with settlements that is over; the newest of all where none is."""
    with opened(warehouse) as connection:
        months: list[date] = [
            month
            for (month,) in connection.execute(
                "SELECT DISTINCT date_trunc('month', settled_on)::DATE FROM mart_settlement_report"
                " WHERE settled_on IS NOT NULL ORDER BY 1 DESC LIMIT 2"
            ).fetchall()
        ]
    if not months:
        return EVERYTHING
    first = months[-1]
    return Period(first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1))


def _next_commands(settings: Settings, tenant_id: str, month: Period, settlement: Path, bank: Path) -> list[str]:
    home = "" if settings.home == Path("var") else f" --home {settings.home}"
    label = f"{month.from_on:%Y-%m}" if month.from_on else "2026-09"
    program = ".venv/bin/mymedic"
    about = f" --tenant {tenant_id}{home}"
    return [
        f"{program} report settlement --month {label}{about}",
        f"{program} report exceptions{about}",
        f"{program} report variance --month {label} --format csv{about}",
        f'{program} query "SELECT leakage_type, sum(amount_paise) FROM mart_leakage_metrics GROUP BY 1"{about}',
        f"{program} ingest settlement {settlement} --format razorpay_recon_csv_v1 --check{about}",
        f"{program} ingest bank {bank} --format bank_csv_v1 --check{about}",
        f"{program} verify{home}",
        "make serve, make dagster",
    ]
