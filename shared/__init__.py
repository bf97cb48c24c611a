"""Words, letters and plumbing that every room uses; no decision of any one room."""

VERSION = "0.1.0"
