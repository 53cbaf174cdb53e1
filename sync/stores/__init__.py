"""What the engine remembers and posts: Table storage and queues, and in-memory twins of both.

docs/reference/tables.md describes the tables and draws the races.
"""
