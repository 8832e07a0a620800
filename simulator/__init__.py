"""A make-believe clinic chain: it asks for all that people, gateway and bank would ask, and keeps its own books."""
