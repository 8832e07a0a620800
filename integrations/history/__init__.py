"""Another system's past, brought in as events that say where they come from."""
