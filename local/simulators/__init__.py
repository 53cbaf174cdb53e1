"""Simulators of the two systems: servers of their own over HTTP that answer, and refuse, as the real ones do."""
