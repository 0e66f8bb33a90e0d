"""People: who they are, their wiki accounts, roles, capacities, absences and sign-ins."""
