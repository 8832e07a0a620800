"""Closing a month: what was computed goes into the log, people decide, and the figures are signed."""
