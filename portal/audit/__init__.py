"""The timeline: append-only, hash-chained, verifiable; and the texts it points to by salted hash."""
