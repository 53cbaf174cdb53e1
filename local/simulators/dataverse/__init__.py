"""A simulator of the Dataverse Web API (wire.md Part 1 and Part 4) for the tables in `tables/`."""
