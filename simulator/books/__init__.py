"""The simulator's own books: what the marts must say, kept without looking at events, SQL or reconciliation code."""
