"""What may be asked of a schedule."""
