"""A simulator of the OData service of Dynamics 365 Finance & Operations (wire.md Part 2 and Part 4).

It answers, refuses and forgets as the real service does, for the entity sets under `schema/`. To widen it: add one
TOML file there, name the set in `schema.SETS`, and give the set its rules in `rules.py` where it has any.
"""
