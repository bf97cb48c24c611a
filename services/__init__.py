"""Four rooms; none imports another: request → state + event → pace → dial → result → callback."""
