"""Messages to patients: what their provider tells us about them."""
