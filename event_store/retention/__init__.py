"""Keys of personal data, and later the policies and the destruction that rest on them."""
