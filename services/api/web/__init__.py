"""What people see in a browser: the documentation to try out, the console, and the files of both."""
