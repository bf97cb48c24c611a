"""The letters rooms send each other, and the events others are told: each listed once."""
