"""Tests; folders without this file stand alone."""
