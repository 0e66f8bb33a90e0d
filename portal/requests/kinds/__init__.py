"""One small module per kind of request: its form, its items, its amount, what approval does."""
