"""Words every room uses: standard library only, no I/O, no clock."""
