"""The check of the mapping files against both live systems, before anything is written: metadata and reference data.

It knows both systems by the Protocols of `ports` alone, and only reads (promise 7, flows.md 1.13).
"""
