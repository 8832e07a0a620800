"""Runs in the peer's own environment: one measurement for each line on stdin, so that its rounds lie between ours.

Arguments: the folder of the peer's script, a work folder, libpq keywords or "", commands and events of one measurement.
A line is `<engine> command <threads>`, `<engine> cached <threads>`, `<engine> replay`, `<engine> projection` or
`<engine> driver <name>`; the answer is the script's own row as JSON.
"""

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

SCRIPTS, FOLDER, KEYWORDS, COMMANDS, EVENTS = sys.argv[1:]
sys.path.insert(0, SCRIPTS)
peer = importlib.import_module("bench_eventsourcing")
CEILINGS = {"sqlite": peer.ceil_sqlite, "postgres": peer.ceil_pg}


def main() -> None:
    Path(FOLDER).mkdir(parents=True, exist_ok=True)
    cfg = argparse.Namespace(
        dir=FOLDER,
        pg=KEYWORDS,
        pgd=dict(word.split("=", 1) for word in KEYWORDS.split()),
        n_agg=100,
        n_cmd=int(COMMANDS),
        n_raw=int(COMMANDS),
        n_raw_batch=int(COMMANDS),
        n_replay=int(EVENTS),
        n_proj=int(EVENTS) // 10,
    )
    registered = {}
    for line in sys.stdin:
        engine, what, *more = line.split()
        if what in ("command", "cached"):
            row = peer.sec_a(cfg, engine, int(more[0]), what == "cached")()
        elif what == "projection":
            row = peer.sec_d(cfg, engine)()
        else:
            if (engine, what) not in registered:
                peer.TASKS.clear()
                (peer.sec_c if what == "replay" else lambda cfg, kind: CEILINGS[kind](cfg))(cfg, engine)
                registered[engine, what] = {path[-1]: task for path, task in peer.TASKS}
            name = more[0] if more else "c_replay_domain_events"
            row = registered[engine, what][name]()
        print(json.dumps(row), flush=True)
    os._exit(0)  # the peer's pool threads need not be joined


main()
