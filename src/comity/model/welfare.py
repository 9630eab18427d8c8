"""What the equilibrium means for people (model.md, "What is reported")."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def real_income(income_cf: jax.Array, deficit_cf: jax.Array, income: jax.Array, deficit: jax.Array, lnP: jax.Array) -> jax.Array:
    """V̂_n = [(I′−D′)/(I−D)]_n / P̂_n: what a nation earns at its own prices, the headline (model.md; ours); country."""
    return (income_cf - deficit_cf) / (income - deficit) * jnp.exp(-lnP)


def welfare(income_cf: jax.Array, income: jax.Array, lnP: jax.Array) -> jax.Array:
    """Ŵ_n = Î_n / P̂_n: consumption, the papers' number (Caliendo & Parro 2015); country."""
    return income_cf / income * jnp.exp(-lnP)


def equivalent_variation(V: jax.Array, income: jax.Array, deficit: jax.Array) -> jax.Array:
    """EV_n = (I−D)_n (V̂_n − 1), USD mn of the benchmark year (model.md; ours); country."""
    return (income - deficit) * (V - 1)


def real_wage(lnw: jax.Array, lnP: jax.Array) -> jax.Array:
    """Wages at own prices, ŵ_n / P̂_n (Caliendo & Parro 2015, Table 2); country."""
    return jnp.exp(lnw - lnP)
