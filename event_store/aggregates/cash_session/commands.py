"""What may be asked of a cash session."""
