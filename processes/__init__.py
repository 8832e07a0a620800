"""Reactions: what must follow from an event without anybody asking. They read the feed and send commands."""
