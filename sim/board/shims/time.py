"""`time` of the simulated board: ticks wrap at 2^30 as on a microcontroller; the date starts at
2021-01-01, as on a Pico nobody set."""

import _hub
from utime import gmtime, localtime, mktime

_MASK = (1 << 30) - 1
_HALF = 1 << 29
_EPOCH = 1609459200


def ticks_us():
    return (_hub.now() - _hub.born_us) & _MASK


def ticks_ms():
    return (_hub.now() - _hub.born_us) // 1000 & _MASK


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    return (ticks + delta) & _MASK


def ticks_diff(a, b):
    return ((a - b + _HALF) & _MASK) - _HALF


def sleep_us(us):
    _hub.wait(max(0, us))


def sleep_ms(ms):
    _hub.wait(max(0, ms) * 1000)


def sleep(seconds):
    _hub.wait(int(max(0, seconds) * 1000000))


def time():
    return _EPOCH + (_hub.now() - _hub.born_us) // 1000000


def time_ns():
    return _EPOCH * 1000000000 + (_hub.now() - _hub.born_us) * 1000
