"""Presentation attack detection, measured as ISO/IEC 30107-3 counts: `facepay pad-eval`."""
