"""Faults on purpose: a house of real processes under attack, and a judge who saw everything."""
