"""Everything the portal keeps about one person, for that person to take along."""
