"""Run a make-believe world from founding to the last settlement, and write down what is true of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
from rich.console import Console

from event_store.store import Store, open_store
from mymedic.clock import Clock, ManualClock
from mymedic.errors import Refused
from mymedic.garbage import uncollected
from mymedic.ids import DerivedIds, IdFactory
from mymedic.settings import Settings
from processes.runner import Runner
from simulator.agenda import Agenda
from simulator.books.truth import write_faults, write_truth
from simulator.calendar import DAY, local
from simulator.desk import Desk, SimulationError
from simulator.draws import Draws
from simulator.faults import chosen
from simulator.founding import Founder, founding_moment
from simulator.play import Play
from simulator.price_list import PriceList
from simulator.profile import Profile, load
from simulator.progress import day_bar
from simulator.stage import Stage

LAST_SECOND = "23:59:59"
# After so many days without new visits everything that can settle has settled.
LONGEST_TAIL = 39
SETTLED_AFTER = 40
# A commit a week instead of a day saves a tenth of the time: index pages are written once and not seven times.
COMMIT_DAYS = 7
Opener = Callable[[Settings, Clock, IdFactory], Store]


@dataclass(slots=True)
class SimulationReport:
    """What a run left behind. `as_of_points` by name, UTC; `paths` of the truth by tenant."""

    profile: str
    seed: int
    tenants: list[str]
    as_of_points: dict[str, datetime]
    counts: dict[str, int]
    paths: dict[str, Path] = field(default_factory=dict)


def simulate(
    profile: str | Profile,
    settings: Settings,
    *,
    seed: int | None = None,
    faults: str | Iterable[str] = "all",
    console: Console | None = None,
    opener: Opener = open_store,
) -> SimulationReport:
    """Fill an empty store with a profile's world; the truth goes to `<home>/truth/<tenant>/`.

    `faults`: `all`, `none`, or names like `F01,F05`. A progress bar is drawn when a console is given.
    """
    profile = load(profile) if isinstance(profile, str) else profile
    seed = profile.seed if seed is None else seed
    enabled = chosen(faults) if isinstance(faults, str) else frozenset(faults)
    clock = ManualClock(founding_moment(profile))
    with unheard(), opener(settings, clock, DerivedIds()) as store:
        return _World(profile, seed, enabled, store, clock, settings, console).run()


@contextmanager
def unheard() -> Iterator[None]:
    """What people of a make-believe world leave undone for too long alarms nobody."""
    processes = logging.getLogger("processes")
    before = processes.level
    processes.setLevel(logging.ERROR)
    try:
        yield
    finally:
        processes.setLevel(before)


class _World:
    def __init__(
        self,
        profile: Profile,
        seed: int,
        enabled: frozenset[str],
        store: Store,
        clock: ManualClock,
        settings: Settings,
        console: Console | None,
    ) -> None:
        self._profile = profile
        self._enabled = enabled
        self._store = store
        self._clock = clock
        self._console = console
        self._runner = Runner(store.handler)
        desk = Desk(clock, self._runner)
        self._stage = Stage(profile, Draws(seed), Agenda(), desk)
        self._plays: list[Play] = []
        self._truth = settings.resolved_home / "truth"
        self._report = SimulationReport(profile.name, seed, [], {}, {})

    def run(self) -> SimulationReport:
        self._check_empty()
        days = self._profile.days
        with day_bar(self._console, days, self._stage.desk) as advance:
            self._commit(self._found)
            for first in range(0, days, COMMIT_DAYS):
                week = range(first, min(first + COMMIT_DAYS, days))
                self._commit(partial(self._live_through, week, advance))
            self._write_truth("end", self._stage.last_day)
            self._commit(self._wind_up)
        self._conclude()
        return self._report

    def _check_empty(self) -> None:
        there = sorted(set(self._store.feed.tenants()) & {row.id for row in self._profile.tenant})
        if there:
            raise Refused("ALREADY_EXISTS", f"{', '.join(there)} is in this home already; choose an empty one")

    def _found(self) -> None:
        prices = PriceList(self._profile, self._stage.desk)
        founder = Founder(self._profile, self._stage.desk, self._stage.draws, prices)
        for index, row in enumerate(self._profile.tenant):
            self._store.vault.adopt_simulated(row.id, f"{self._profile.name}:{self._stage.draws.seed}")
            tenant = founder.found(row, index)
            self._stage.tenants.append(tenant)
            self._plays.append(Play(self._stage, tenant, self._enabled, prices))
            self._report.tenants.append(tenant.id)

    def _commit(self, act: Callable[[], None]) -> None:
        """Do something in one durable commit."""
        with uncollected(), self._store.handler.batch() as batch:
            self._stage.desk.open(batch)
            act()
            for tenant in [play.tenant.id for play in self._plays]:
                self._runner.mark(tenant, batch)
            self._stage.desk.shut()

    def _live_through(self, days: Iterable[int], advance: Callable[[], None]) -> None:
        for day in days:
            on = self._profile.start_on + day * DAY
            self._live(on, is_open=True)
            if day + 1 == self._profile.midpoint_day:
                self._write_truth("midpoint", on)
            advance()

    def _live(self, on: date, is_open: bool) -> None:
        for play in self._plays:
            play.plan_day(on, is_open)
        for at, action in self._stage.agenda.until(local(on + DAY, "00:00")):
            self._clock.move_to(at)
            action()

    def _wind_up(self) -> None:
        """No more visits; gateway, acquirer and bank go on until nothing is on its way any more."""
        on = self._stage.last_day
        for _ in range(LONGEST_TAIL):
            on += DAY
            self._live(on, is_open=False)
            if not len(self._stage.agenda) and all(play.is_settled() for play in self._plays):
                break
        else:
            raise SimulationError(f"money is still on its way {LONGEST_TAIL} days after the end")
        last = self._stage.last_day + timedelta(days=SETTLED_AFTER)
        self._write_truth("settled", last)

    def _write_truth(self, name: str, on: date) -> None:
        as_of = self._report.as_of_points[name] = local(on, LAST_SECOND)
        for play in self._plays:
            write_truth(self._truth / play.tenant.id / name, play.house, play.doors, as_of)

    def _conclude(self) -> None:
        counts = self._report.counts
        for play in self._plays:
            play.check()
            folder = self._report.paths[play.tenant.id] = self._truth / play.tenant.id
            write_faults(folder, play.house)
            for name, count in play.counts().items():
                counts[name] = counts.get(name, 0) + count
        points = {name: as_of.isoformat() for name, as_of in self._report.as_of_points.items()}
        (self._truth / "points.json").write_bytes(msgspec.json.encode(points))
        counts["commands"], counts["events"] = self._stage.desk.commands, self._stage.desk.events
