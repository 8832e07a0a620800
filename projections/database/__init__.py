"""The read database: every read model of every tenant, in a SQLite file or a PostgreSQL schema of its own."""

from projections.database.access import ReadDatabase, Reader, Writer
from projections.database.open import open_read_database

__all__ = ["ReadDatabase", "Reader", "Writer", "open_read_database"]
