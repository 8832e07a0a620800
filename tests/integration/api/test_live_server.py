"""docs/how-to/read-the-live-views.md, line by line, against a server whose worker keeps the views by itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path

from tests.integration.api.two_branches import AUDITOR
from tests.serving import Home, serving
from tests.unit.event_store.clinic import DESK, DOCTOR, PATIENT

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "read-the-live-views.md"


def test_every_line_of_the_page_is_answered(tmp_path: Path) -> None:
    lines = re.findall(r"^curl .*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == 13
    with serving(tmp_path / "home") as home:
        assert home.client is not None
        desk = home.token(DESK)
        booked = home.send("book-appointment", booking(home), desk, X_Aggregate_Id="appt_1")
        seq = booked.json()["last_seq"]
        # Kept by the server's own worker: what was written is read, and no later than asked.
        signed = {"Authorization": f"Bearer {desk}"}
        calendar = home.client.get("/v1/console/calendar", params={"after_seq": seq, "wait_ms": 10_000}, headers=signed)
        assert [row["appointment_id"] for row in calendar.json()["items"]] == ["appt_1"]
        days = home.client.get("/v1/phone/schedule", params={"limit": 500}, headers=bearer(home.token(DOCTOR)))
        environment = {
            **os.environ,
            "URL": str(home.client.base_url).rstrip("/"),
            **{name: home.token(one) for name, one in (("DESK", DESK), ("DOCTOR", DOCTOR), ("PATIENT", PATIENT))},
            "AUDITOR": home.token(AUDITOR),
            "SINCE": days.json()["changes_cursor"],
        }
        for line in lines:
            done = subprocess.run(
                ["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, check=False, text=True
            )
            if "/stream" in line:
                assert ": nothing new" in done.stdout, line
            elif ">" not in line:
                assert "items" in json.loads(done.stdout), (line, done.stdout)
        assert json.loads((tmp_path / "days.json").read_text())["items"]
        assert home.events("PiiAccessed") == []  # there was no payment, so nobody to be named
        home.stop()
        assert "Traceback" not in home.output()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def booking(home: Home) -> dict[str, object]:
    return {
        "patient_id": "pat_asha",
        "slot_id": home.slot(after=timedelta(hours=6)),
        "service_id": "svc_consult",
        "visit_type": "new",
        "quoted_price_paise": 80_000,
        "channel": "phone",
        "deposit_waiver_reason": "known to the doctor",
    }
