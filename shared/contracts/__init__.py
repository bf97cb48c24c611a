"""The letters rooms send each other, each listed once in the catalogue."""
