"""What becomes of a record: its plan priced, paid and booked, undone, cleared, closed. Each inside the
transaction of the message that brought it."""
