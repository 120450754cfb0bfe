"""Ed25519 keys that sign receipts: where they are kept, and what they sign."""
