"""The versioned mentoring standard, and people's scores against one version of it."""
