"""The simulated board (sim/board.py): wired like a Pico, so that the pins of the reference board
are what is tested."""

from firmware.boards.pico import (
    BUTTONS,
    BUZZER_PIN,
    LINK_BAUD,
    LINK_RX,
    LINK_TX,
    LINK_UART,
    READER_BAUD,
    READER_RX,
    READER_TX,
    READER_UART,
    RING_LEDS,
    RING_LEFT,
    RING_PIN,
    WATCHDOG_MS,
)

NAME = "sim"

__all__ = [
    "BUTTONS",
    "BUZZER_PIN",
    "LINK_BAUD",
    "LINK_RX",
    "LINK_TX",
    "LINK_UART",
    "READER_BAUD",
    "READER_RX",
    "READER_TX",
    "READER_UART",
    "RING_LEDS",
    "RING_LEFT",
    "RING_PIN",
    "WATCHDOG_MS",
    "NAME",
]
