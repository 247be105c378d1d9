"""The simulated board (sim/board): wired like a Pico, so that the pins of the reference board
are what is tested."""

from firmware.boards.pico import *

NAME = "sim"
