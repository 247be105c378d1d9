"""Who it is: the ways of identification, whom they may be served for, the password."""
