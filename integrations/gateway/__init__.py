"""The payment gateway's door: settlement files and webhooks in."""
