"""Raspberry Pi Pico (RP2040): the reference board. GP numbers; the left half of the ring is as
the patient sees it."""

NAME = "pico"
LINK_UART, LINK_TX, LINK_RX, LINK_BAUD = 0, 0, 1, 460800
READER_UART, READER_TX, READER_RX, READER_BAUD = 1, 4, 5, 115200
RING_PIN, RING_LEDS = 2, 12
RING_LEFT = (6, 7, 8, 9, 10, 11)
BUZZER_PIN = 3
BUTTONS = (
    ("face", 6),
    ("qr", 7),
    ("card", 8),
    ("confirm", 9),
    ("cancel", 10),
    ("other_way", 11),
    ("done", 12),
)  # to ground
WATCHDOG_MS = 5000  # the RP2040 allows 8388
