"""What the product can do, measured in one run beside the limits of the machine and beside its peers."""
