"""A trial under way: what happened so far in, the next step with its reasons out."""
