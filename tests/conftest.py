"""What every test may ask for: the fixture `board` of the simulator, as its users load it."""

pytest_plugins = ["sim.board.pytest_plugin"]
