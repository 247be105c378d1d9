"""`select` of the simulated board: UARTs by what has arrived, everything else (the console) by the
host's own poll."""

import _hub
import uselect
import utime
from uselect import POLLERR, POLLHUP, POLLIN, POLLOUT


class poll:
    def __init__(self):
        self._uarts = []
        self._others = uselect.poll()
        self._count = 0

    def register(self, thing, events=POLLIN | POLLOUT):
        if hasattr(thing, "sim_uart"):
            self.unregister(thing)
            self._uarts.append((thing, events))
        else:
            self._others.register(thing, events)
            self._count += 1

    modify = register

    def unregister(self, thing):
        if hasattr(thing, "sim_uart"):
            self._uarts = [one for one in self._uarts if one[0] is not thing]
        else:
            self._others.unregister(thing)
            self._count -= 1

    def _ready(self):
        out = []
        for thing, events in self._uarts:
            got = events & POLLOUT
            if events & POLLIN and thing.any():
                got |= POLLIN
            if got:
                out.append((thing, got))
        return out

    def poll(self, timeout=-1):
        out = self._ready()
        if self._count:  # a console: the host's time, in slices in which UARTs are looked at
            end = utime.ticks_ms() + timeout
            while True:
                _hub.drain()
                out = self._ready()
                left = end - utime.ticks_ms()
                step = 0 if out else 20 if timeout < 0 else max(0, min(20, left))
                out += self._others.poll(step)
                if out or (timeout >= 0 and left <= 0):
                    return out
        if out or timeout == 0:
            return out
        _hub.wait(timeout * 1000 if timeout > 0 else -1, True)
        return self._ready()

    def ipoll(self, timeout=-1, flags=0):
        return iter(self.poll(timeout))
