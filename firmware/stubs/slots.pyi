from firmware.slots import *  # on the board it lies at the root
