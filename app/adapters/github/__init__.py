"""GitHub: webhooks in, REST calls out."""
