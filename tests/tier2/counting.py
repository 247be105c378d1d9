# Put in front of main.py by test_smoke.py and tests/bench/heap.py: says what of the heap is free and in
# use before the firmware, and then after a collection in every ROUNDS-th round of its loop. Everything
# behind it is the firmware as it is.
import gc
import select
import sys

ROUNDS = 40

gc.collect()
print("bare", gc.mem_free(), gc.mem_alloc())


class _Poll:
    def __init__(self):
        self._poll = select.poll()
        self._round = 0

    def register(self, *what):
        self._poll.register(*what)

    def poll(self, wait_ms):
        self._round += 1
        if self._round % ROUNDS == 0:
            before = gc.mem_free()
            gc.collect()
            print("ram", before, gc.mem_free(), gc.mem_alloc())
        return self._poll.poll(wait_ms)


class _Select:
    POLLIN = select.POLLIN
    poll = _Poll


sys.modules["select"] = _Select
