"""The doors: bytes from outside become commands, events become bytes for outside."""
