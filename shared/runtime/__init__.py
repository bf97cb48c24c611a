"""How a process lives and dies: services, workers, supervision, relay, drain."""
