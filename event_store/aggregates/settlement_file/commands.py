"""What may be asked of a settlement file."""
