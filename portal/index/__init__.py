"""The index of words: what people wrote and what things are called, found by words on both databases alike."""
