"""What the portal costs: run by hand, never as a timed test. See README.md in this folder."""
