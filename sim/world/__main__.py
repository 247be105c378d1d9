"""`python -m sim.world --seed 42 --days 200`: clinic days in virtual time."""

import sys

from sim.world import main

sys.exit(main())
