"""Open a ledger by URL, bringing its tables up to date first."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, inspect, text

from event_store.ledger.postgres import PostgresLedger
from event_store.ledger.session import Ledger
from event_store.ledger.sqlite import SqliteLedger
from mymedic.errors import Refused

SCHEMA_VERSION = "0005"


def open_ledger(url: str) -> Ledger:
    """`sqlite:////absolute/file` or `postgresql://…`; a database made by a newer program is refused."""
    ledger: Ledger
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        ledger = SqliteLedger(path)
        with ledger.file.exclusive():
            migrate(url)
    elif url.startswith(("postgresql://", "postgres://")):
        migrate(url)
        ledger = PostgresLedger(url)
    else:
        raise Refused("STORE_UNAVAILABLE", "the ledger's URL must begin with sqlite:/// or postgresql://", url=url)
    return ledger


def migrate(url: str) -> None:
    """Apply the migrations that the database lacks."""
    if url.startswith("postgres"):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if inspect(connection).has_table("ledger_version"):
                found = connection.execute(text("SELECT version_num FROM ledger_version")).scalar()
                if found == SCHEMA_VERSION:
                    return
                if found is not None and found > SCHEMA_VERSION:
                    raise Refused("STORE_UNAVAILABLE", f"the ledger has schema {found}, this program knows less")
            from alembic import command
            from alembic.config import Config

            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.set_main_option("path_separator", "os")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
