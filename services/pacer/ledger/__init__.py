"""What is done before anybody is called again after the ledger has moved."""
