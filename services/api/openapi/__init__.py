"""The published contract: an OpenAPI document made of the route table, the schemas and words on each operation."""
