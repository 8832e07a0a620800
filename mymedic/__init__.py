"""The floor: what every room uses and what uses no room."""
