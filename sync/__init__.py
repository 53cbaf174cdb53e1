"""The engine of Prospect to cash: detect, then fetch, link, map, compare, write and remember."""
