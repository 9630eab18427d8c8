"""The equations of the model as pure functions of JAX arrays (model.md); no labels, no files.

Vectors have the axes country × sector with the sector last. The equations sum over the last axis only, so
that the same code serves the world (N × J) and a single economy with all others held (J).
"""

import os

# Small matrices are factorised many at a time: threads of their own only wait for each other (seen: up to thirty times slower
# when the machine is busy). Read when SciPy is first loaded, hence above JAX; a user who has set it keeps it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import jax
from jax.version import __version_info__

jax.config.update("jax_enable_x64", True)

# A batched factorisation waits, on a thread of XLA's pool, for other threads of the same pool: as many programs at once as the
# pool has threads wait for ever. JAX reads the size of its pool when it first computes; a user who has set it keeps it.
POOL = int(os.environ.setdefault("PJRT_NPROC", str(2 * (os.cpu_count() or 1) + 4)))
"""Threads of XLA's pool; at most one program less may run at once (`solve.batch.SLOTS`)."""


# XLA's newer way to fuse loops, and its second level of optimisation, compile these programs a half longer and do not run them
# faster. A flag that a release does not know ends the process, hence only for releases tried; one that the user has set counts.
FLAGS = {"--xla_cpu_use_fusion_emitters": "false", "--xla_backend_optimization_level": "1"}
TRIED = (0, 7) <= __version_info__[:2] <= (0, 10)
if TRIED:
    given = os.environ.get("XLA_FLAGS", "")
    added = (f"{name}={value}" for name, value in FLAGS.items() if name not in given)
    os.environ["XLA_FLAGS"] = " ".join([given, *added]).strip()
