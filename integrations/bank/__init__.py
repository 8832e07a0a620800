"""The bank's door: account statements in."""
