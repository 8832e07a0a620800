"""What leaves for finance and hospitals. Everything here is read from a published warehouse."""
