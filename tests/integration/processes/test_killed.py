"""kill -9 at any step of a drain, and again of whoever takes over: nothing is done twice, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# Every ninth step: the whole of them, by hand, is `python -m tests.integration.processes.killed FOLDER 1`.
STRIDE = 9


def test_a_worker_killed_at_any_step_leaves_what_an_undisturbed_one_leaves(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.processes.killed", str(tmp_path), str(STRIDE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["steps"] > 100
    assert (found["deaths"], found["differing"]) == (len(range(1, found["steps"] + 1, STRIDE)), [])
