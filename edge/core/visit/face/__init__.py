"""The look: lamps, gestures, and when faces rest."""
