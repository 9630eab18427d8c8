"""Whether it is kept: trust, escape clauses, what would lower the patience that is needed."""
