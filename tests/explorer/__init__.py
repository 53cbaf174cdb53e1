"""The explorer: seeded worlds in which everything goes wrong, and a checker of the promises."""
