"""The search page: requests, what was said on them, people, roles, access and rules, as far as the reader may read."""
