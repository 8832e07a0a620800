"""What may be asked of a policy."""
