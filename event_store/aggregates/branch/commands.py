"""What may be asked of a branch."""
