"""The ledger's last column: an outcome is recorded once and posted to the tenant's result_url."""
