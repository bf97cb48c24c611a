"""How a room is watched: logs, metrics, traces, health."""
