"""Looks at a deployment and says in sentences what is wrong with it and what to do."""
