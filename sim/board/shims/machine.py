"""`machine` of the simulated board: what the firmware uses of it, with the physics of the real
thing.

A pin reads what it is stuck at, else what it drives itself, else what the world drives, else its
pull, else 0. The watchdog lives outside and kills; nothing stops it. What is not here raises
AttributeError, as an unknown name does on a board.
"""

import io
import os
import sys

import _hub

PWRON_RESET, WDT_RESET = 1, 3
_POLL, _FILENO = 3, 10
_UART_MAX = 4096


class Pin:
    IN, OUT, OPEN_DRAIN, ALT = 0, 1, 2, 3
    PULL_UP, PULL_DOWN = 1, 2

    def __init__(self, id, mode=-1, pull=-1, value=None, alt=-1):
        self.id, self.mode, self.pull, self._level = id, 0, None, 0
        self.init(mode, pull, value)

    def init(self, mode=-1, pull=-1, value=None, alt=-1):
        if mode != -1:
            self.mode = mode
        if pull != -1:
            self.pull = pull
        if value is not None:
            self._level = 1 if value else 0
        if mode != -1 or pull != -1:
            drive = self.mode | (self.pull or 0) << 4
            _hub.tell(_hub.CONF, self.id, drive | self._level << 8)

    def value(self, level=None):
        if level is None:
            return self._read()
        level = 1 if level else 0
        self._level = level
        _hub.tell(_hub.PIN, self.id, level)

    __call__ = value

    def _read(self):
        _hub.drain()
        outside = _hub.levels.get(self.id)
        if outside is not None and outside > 2:
            return outside - 3
        if self.mode == self.OUT or (self.mode == self.OPEN_DRAIN and not self._level):
            return self._level
        if outside is not None:
            return outside
        return 1 if self.pull == self.PULL_UP else 0

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    high, low = on, off

    def toggle(self):
        self.value(0 if self._level else 1)


class PWM:
    def __init__(self, pin, freq=0, duty_u16=0, duty_ns=-1):
        self._pin, self._freq, self._duty = pin, freq, duty_u16
        if freq and (duty_u16 or duty_ns >= 0):
            if duty_ns >= 0:
                self.duty_ns(duty_ns)
            else:
                self._tell()

    def _tell(self):
        _hub.tell(_hub.PWM, self._pin.id, self._duty if self._freq else 0, b"%d" % self._freq)

    def freq(self, hz=None):
        if hz is None:
            return self._freq
        if not 8 <= hz <= 62500000:
            raise ValueError("freq too small" if hz < 8 else "freq too large")
        self._freq = hz
        if self._duty:
            self._tell()

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        self._duty = max(0, min(65535, duty))
        self._tell()

    def duty_ns(self, ns=None):
        if ns is None:
            return self._duty * 1000000000 // (self._freq * 65535) if self._freq else 0
        self.duty_u16(ns * self._freq * 65535 // 1000000000)

    def deinit(self):
        self._duty = 0
        self._tell()


class ADC:
    CORE_TEMP = 4

    def __init__(self, id):
        pin = getattr(id, "id", id)
        self._channel = pin - 26 if pin >= 26 else pin

    def read_u16(self):
        _hub.drain()
        return _hub.analog.get(self._channel, 0)


class UART(io.IOBase):
    sim_uart = True
    INV_TX, INV_RX = 1, 2

    def __init__(self, id, baudrate=115200, **options):
        self.id = id
        self.init(baudrate, **options)

    def init(self, baudrate=115200, rxbuf=256, timeout=0, **options):
        self._timeout = timeout
        _hub.room[self.id] = rxbuf
        _hub.rx.setdefault(self.id, bytearray())
        _hub.tell(_hub.CONF, 256 + self.id, baudrate)

    def deinit(self):
        _hub.rx.pop(self.id, None)

    def any(self):
        _hub.drain()
        return len(_hub.rx[self.id])

    def _get(self, count):
        held = _hub.rx[self.id]
        if self._timeout and not self.any():
            _hub.wait(self._timeout * 1000, True)
        _hub.drain()
        got = bytes(held[:count])
        _hub.rx[self.id] = held[count:]
        return got

    def read(self, count=-1):
        return self._get(count if count >= 0 else 1 << 20) or None

    def readline(self):
        _hub.drain()
        end = _hub.rx[self.id].find(b"\n")
        return self._get(end + 1 if end >= 0 else 1 << 20) or None

    def readinto(self, buf, count=None):
        got = self._get(min(len(buf), count) if count is not None else len(buf))
        if not got:
            return None
        buf[: len(got)] = got
        return len(got)

    def write(self, data):
        data = bytes(data)
        for at in range(0, len(data), _UART_MAX):
            _hub.tell(_hub.UART, self.id, 0, data[at : at + _UART_MAX])
        return len(data)

    def flush(self):
        pass

    def txdone(self):
        return True

    def ioctl(self, op, arg):
        if op == _POLL:
            return (arg & 4) | (1 if arg & 1 and self.any() else 0)
        return 0


class WDT:
    def __init__(self, id=0, timeout=5000):
        if not 0 < timeout <= 8388:
            raise ValueError("timeout exceeds 8388" if timeout > 0 else "timeout")
        _hub.tell(_hub.WDT, timeout)

    def feed(self):
        _hub.tell(_hub.FEED, wait=False)


def bitstream(pin, encoding, timing, data):
    _hub.tell(_hub.BITS, pin.id, 0, data)


def _gone(op):
    _hub.tell(op, wait=False)
    while True:  # the power of the CPU is cut from outside
        _hub.call(_hub.WAIT, _hub.FOREVER)


def reset():
    _gone(_hub.RESET)


def soft_reset():
    sys.exit(0)


def bootloader(timeout=0):
    _gone(_hub.BOOT)


def reset_cause():
    return int(os.getenv("SIM_CAUSE"))


def unique_id():
    return bytes.fromhex(os.getenv("SIM_UID"))


def freq(hz=None):
    return 125000000


def idle():
    _hub.wait(1000)


def lightsleep(ms=None):
    _hub.wait(ms * 1000 if ms is not None else -1, True)


def disable_irq():
    return 0


def enable_irq(state=0):
    return None
