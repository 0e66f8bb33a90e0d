"""The heart: team requests, their discussion and their decision."""
