"""The truth: commands in, events kept once, the feed out."""
