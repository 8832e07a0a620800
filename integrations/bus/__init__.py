"""The event bus for others: a copy of the log on NATS JetStream. Everything also works without it."""
