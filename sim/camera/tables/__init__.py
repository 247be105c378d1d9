"""Tables that the core carries, and what they say, measured from sets of visits: a command each."""
