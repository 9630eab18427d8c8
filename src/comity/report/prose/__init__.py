"""Numbers in words: sentences of the brief that follow from the results, and from nothing else."""
