"""Functions of your own for rows that need more than the mapping language offers.

A function takes one value and gives one (None is blank); a row names it under `transform`. Under `combine` it is given
a list with the values of several columns. It must be pure: the same value always gives the same result. Names that
begin with an underscore are yours alone.

    def without_legal_form(name: str) -> str:
        return name.removesuffix(" GmbH")
"""
