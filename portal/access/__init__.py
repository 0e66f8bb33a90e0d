"""Access people hold: grants, their steps, and the register "Who has access to what"."""
