"""A small function app for the tests of the host."""
