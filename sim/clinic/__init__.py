"""A whole clinic alive on one machine: the demo, its patients, its faults, its picture and its count of the truth."""
