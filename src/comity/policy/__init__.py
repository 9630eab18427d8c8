"""Policy writes a scenario: who changes what, in words, and what that is in arrays."""
