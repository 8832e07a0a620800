"""The two borders that Great Expectations guards: what lands, and what leaves."""
