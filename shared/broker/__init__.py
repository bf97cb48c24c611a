"""The only drawer that knows aio_pika: one small port, two implementations."""
