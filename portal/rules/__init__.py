"""Rule values in force: the organisation's default or the newest recorded change; the page "How decisions are made"."""
