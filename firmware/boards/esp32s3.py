"""ESP32-S3-DevKitC-1 (N8R2). Not run on hardware.

What differs: UART0 is the USB bridge of the boot ROM, so the link is on UART1 and the reader on
UART2; pins 26-32 belong to the flash, 33-37 to the PSRAM of some modules, 0, 3, 45 and 46 are read at
start: none is used. The ADC is ADC1 (pins 1-10), because ADC2 is the radio's. There is no supply divider
on the board (fit 2 x 100k to pin 2) and no temperature on the ADC. `machine.WDT` takes any time.
"""

NAME = "esp32s3"
LINK_UART, LINK_TX, LINK_RX, LINK_BAUD = 1, 17, 18, 460800
READER_UART, READER_TX, READER_RX, READER_BAUD = 2, 15, 16, 115200
RING_PIN, RING_LEDS = 4, 12
RING_LEFT = (6, 7, 8, 9, 10, 11)
BUZZER_PIN = 5
BUTTONS = (
    ("face", 6),
    ("qr", 7),
    ("card", 8),
    ("confirm", 9),
    ("cancel", 10),
    ("other_way", 11),
    ("done", 12),
)  # to ground
SYNC_PIN = 13
INFRARED_PIN = 14  # gate of the emitter, pulled down outside
WHITE_PIN = 21
TAMPER_PINS = (38, 39)  # as frame.SWITCHES; closed = to ground
PROXIMITY_PIN = 1
SUPPLY_PIN, SUPPLY_DIVIDER = 2, 2
TEMPERATURE_CHANNEL, TEMPERATURE_MV, TEMPERATURE_UV = None, 0, 1
WATCHDOG_MS = 5000
