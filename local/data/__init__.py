"""Data folders: CSV files with records as both systems hold them, made by a generator or one's own."""
