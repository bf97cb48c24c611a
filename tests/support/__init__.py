"""What tests of several rings need: servers to talk to, and stand-ins for the world outside."""
