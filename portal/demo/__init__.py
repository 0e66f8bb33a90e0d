"""People and requests to try the portal with, for development only."""
