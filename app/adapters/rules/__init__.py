"""Review rules and the policy file, read strictly from bytes into values."""
