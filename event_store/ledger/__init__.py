"""The ledger: the only SQL of the write side. `open_ledger(url)` gives one on SQLite or PostgreSQL."""

from event_store.ledger.open import open_ledger
from event_store.ledger.reads import Head
from event_store.ledger.session import Ledger, Session

__all__ = ["Head", "Ledger", "Session", "open_ledger"]
