"""Electronic prescriptions (电子处方流转, DOMAIN §1.5): written and signed by a hospital, kept by the
centre, taken by one pharmacy and dispensed once."""
