"""What is asked about campaigns and calls: how far they are, what is to come, and why a number was not dialed yet."""
