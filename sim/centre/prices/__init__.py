"""What a drug costs where, and whether it is there (药品比价): fed by what was sold (2102) and by the
inventories that pharmacies upload (3501)."""
