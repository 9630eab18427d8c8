"""Exact derivatives of the equilibrium, and what is made of them."""
