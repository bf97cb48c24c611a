"""The protocol without a server: the product's decisions, a ledger in memory, and a world that is against them."""
