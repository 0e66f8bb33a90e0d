"""Who is told what: the table, deliveries, the inbox, channels, whose turn it is."""
