"""The controller's program: one pure machine (`app`, `link`, `player`), thin `io`, pins only in
`boards`."""
