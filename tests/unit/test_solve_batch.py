"""Many at once, whatever the number of threads."""

from __future__ import annotations

import os
import subprocess
import sys

FACTORISATIONS = """
import jax, jax.numpy as jnp
from comity.solve.batch import in_parallel

factor = jax.jit(lambda a: jax.lax.fori_loop(0, 20, lambda i, s: s + jax.scipy.linalg.lu_factor(a + i)[0].sum(), 0.0))
blocks = jnp.ones((81, 60, 60)) + 9 * jnp.eye(60)
print(sum(in_parallel(lambda k: float(factor(blocks + k)), range(40), workers={workers})))
"""


def test_as_many_threads_as_processors_never_wait_for_each_other() -> None:
    """Batched factorisations wait inside XLA's pool; with as many at once as it has threads they used to wait for ever."""
    said = set()
    for workers in (1, os.cpu_count() or 1, 64):
        done = subprocess.run(
            [sys.executable, "-c", FACTORISATIONS.replace("{workers}", str(workers))],
            capture_output=True,
            text=True,
            timeout=240,
            check=True,
        )
        said.add(done.stdout)
    assert len(said) == 1
