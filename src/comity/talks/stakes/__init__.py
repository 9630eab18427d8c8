"""Shares of enterprises: what they pay, what they cost, what they do to trust."""
