"""One folder per kind of stream: events, commands, state, decide."""
