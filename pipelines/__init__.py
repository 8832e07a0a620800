"""The line from the log to the published warehouse."""
