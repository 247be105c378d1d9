"""A PL011 whose transmit interrupt can be cleared, put over rp2040py's own. Runs in tier 2's venv.

Why: rp2040py 0.3.6 (peripherals/uart.py, `check_interrupts`) sets UARTTXINTR again on every look at
the interrupts, so a write to UARTICR never clears it; its model has no transmit FIFO and takes the
line for always just drained. MicroPython's driver (ports/rp2/machine_uart.c, `uart_service_interrupt`)
enables that interrupt at `machine.UART(...)`, clears it, finds nothing to send and returns, straight
into the same interrupt: the first `machine.UART` hangs the board. rp2040js 1.4.1, from which the model
was ported, does the same.

Real hardware (ARM DDI 0183, 2.8.3 UARTTXINTR; RP2040 data sheet 4.2.6) asserts it when the FIFO drains
*through* its level after a write, and a write to UARTICR clears it. That is what this does: a byte
written to UARTDR is out at once and asserts the interrupt; nothing else does.

Not reported upstream from here (no way out of this workplace); to be dropped when it is mended there,
which `test_the_fault_of_the_emulator_that_we_mend_is_still_there` tells.
"""

from __future__ import annotations

from rp2040py.peripherals import uart

_write = uart.RPUART.write_uint32


def _check_interrupts(self: uart.RPUART) -> None:
    self.rp2040.set_interrupt(self.irq, bool(self._interrupt_status & self._interrupt_mask))


def _write_uint32(self: uart.RPUART, offset: int, value: int) -> None:
    _write(self, offset, value)
    if offset == uart.UARTDR:
        self._interrupt_status |= uart.UARTTXINTR
        self.check_interrupts()


def mend() -> None:
    """Before the first chip is made."""
    uart.RPUART.check_interrupts = _check_interrupts
    uart.RPUART.write_uint32 = _write_uint32
