"""What may be asked of a encounter."""
