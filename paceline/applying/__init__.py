"""Campaigns as a file: what it says is compared with the house, shown, and made so."""
