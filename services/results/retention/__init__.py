"""How long calls are kept: shelves of them are opened, closed, exported and dropped, and nobody waits."""
