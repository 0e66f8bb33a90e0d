"""Evidence for items of the standard: what somebody can show, and what their markers say of it."""
