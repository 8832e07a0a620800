"""How fast another system's history comes in: every row through authorise, decide and append."""

from __future__ import annotations

import csv
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measure import Reading
from bench.place import Engine, Place
from integrations.history.inbound import import_appointments
from integrations.history.mapping import load_mapping

MAPPING = Path(__file__).parent.parent / "docs" / "how-to" / "import-appointments" / "noshow.toml"
COLUMNS = ("AppointmentID", "PatientId", "Neighbourhood", "ScheduledDay", "AppointmentDay", "No-show", "Age")
FIRST = datetime(2016, 5, 1, 8, tzinfo=UTC)
BRANCHES = 80


class Import:
    """A file of appointments as the no-show data set has them."""

    def __init__(self, place: Place, engine: Engine, rows: int) -> None:
        self._place, self._engine, self._rows = place, engine, rows
        self._mapping = load_mapping(MAPPING)
        self._file = place.folder / "appointments.csv"
        with self._file.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for number in range(rows):
                booked = FIRST + timedelta(minutes=number % 10_000)
                day = booked.date() + timedelta(days=number % 30)
                outcome = "Yes" if number % 5 == 0 else "No"
                branch = f"Neighbourhood {number % BRANCHES}"
                times = (f"{booked:%Y-%m-%dT%H:%M:%SZ}", f"{day}T00:00:00Z")
                writer.writerow((number, number // 2, branch, *times, outcome, number % 90))

    def read(self) -> Reading:
        """Rows per second into an empty store."""
        with self._place.store(self._engine) as store:
            cpu, began = time.process_time(), time.perf_counter()
            report = import_appointments(store.handler, self._file, self._mapping, self._place.folder / "findings")
            wall, spent = time.perf_counter() - began, time.process_time() - cpu
        assert report.accepted == report.read == self._rows, report
        return Reading(per_s=report.read / wall, cpu_us=spent / report.read * 1e6)
