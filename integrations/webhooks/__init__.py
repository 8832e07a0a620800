"""Webhooks that go out: tenants are told of their events over HTTP, as Standard Webhooks has it."""
