"""What can be held before a terminal: one file each (`sim.camera.visit.Species` is the surface)."""
