"""The fixture `board` of the product itself."""

pytest_plugins = ["sim.board.pytest_plugin"]
