"""How a room is watched: logs, metrics, health."""
