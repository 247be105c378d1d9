"""What surrounds the owner task: clock, inbox, waiting calls, log lines, watchdog."""
