"""What requests may hold: pydantic at the edge, one named validator for each quirk of the seed."""
