"""The networks: a file each, the store that their weights come from, and what runs them."""
