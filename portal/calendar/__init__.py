"""When discussions can end and who is away, for calendar programs (iCalendar)."""
