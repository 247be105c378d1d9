"""The centre's log as the terminal believes it: Merkle tree, receipts, and the rules of trust."""
