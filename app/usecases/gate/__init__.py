"""The gate: core paths wait for people. No model is asked."""
