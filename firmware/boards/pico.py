"""Raspberry Pi Pico (RP2040): the reference board; run in emulation (tier 2), not run on hardware.
GP numbers; the left half of the ring is as the patient sees it."""

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
SYNC_PIN = 13  # changes with each colour of a challenge
INFRARED_PIN = 14  # gate of the emitter, pulled down outside
WHITE_PIN = 15
TAMPER_PINS = (16, 17)  # as frame.SWITCHES; closed = to ground
PROXIMITY_PIN = 26
SUPPLY_PIN, SUPPLY_DIVIDER = 29, 3  # VSYS by three
TEMPERATURE_CHANNEL, TEMPERATURE_MV, TEMPERATURE_UV = 4, 706, 1721  # RP2040 data sheet 4.9.5
WATCHDOG_MS = 5000  # the RP2040 allows 8388
