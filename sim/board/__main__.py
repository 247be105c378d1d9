"""`python -m sim.board --pty-link PATH`: one simulated controller until it is stopped."""

from sim.board.serve import main

main()
