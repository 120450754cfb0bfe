"""The gate: which changes wait for which people, who has approved, and whom to ask. No model has a say here.

entries, policy, CODEOWNERS -> requirements -> decide (with reviews and facts) -> candidates, reading_list
"""
