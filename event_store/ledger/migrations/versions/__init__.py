"""The steps by which a ledger grows, in order."""
