"""The generated pages of docs/reference: `python -m apps.reference` writes them from the code."""
