"""The centre's second door: the national interface, `POST /fsi/api/{infno}`, for an existing HIS.

`schemas.yaml` says what a form may look like, `schema` holds a message to it, `envelope` reads and writes
the outer message, `door` decides with the very handlers that the terminals' questions and records
meet, `server` is the process, `faults` spoils what it says on purpose.
"""
