"""The equations of the model as pure functions of JAX arrays (model.md); no labels, no files.

Vectors have the axes country × sector with the sector last. The equations sum over the last axis only, so
that the same code serves the world (N × J) and a single economy with all others held (J).
"""

import jax

jax.config.update("jax_enable_x64", True)
