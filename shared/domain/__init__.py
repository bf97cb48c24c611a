"""Words every room uses: pure, with no I/O and no clock."""
