"""`python -m tests.explorer SEED [KIND]`: the story of a world, and what it breaks; exit status 1 when it does.

A world that breaks a promise is made small first: its story is that of the steps without which nothing breaks. It ends
with the command that tells it again at once.
"""

from __future__ import annotations

import sys

import click

from tests.explorer.judgement import WHOLE, judged
from tests.explorer.kinds import KINDS
from tests.explorer.scheduler import Cut
from tests.explorer.shrink import again, shrunk


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(",") if number.isdigit())


@click.command()
@click.argument("seed", type=int)
@click.argument("kind", type=click.Choice(list(KINDS)), required=False)
@click.option("--whole", is_flag=True, help="The whole story, also of a world that breaks a promise.")
@click.option("--steps", help="Steps of the storms that happen, parted by commas; the others are left out.")
@click.option("--calm", default="", help="Those of them that know no fault.")
def main(seed: int, kind: str | None, steps: str | None, calm: str, *, whole: bool) -> None:
    """Tell the story of one world."""
    cut = Cut(_numbers(steps), frozenset(_numbers(calm)), calls=True) if steps else WHOLE
    judgement = judged(seed, kind or "", cut)
    if judgement.problems and not whole and steps is None:
        judgement, cut = shrunk(judgement)
    click.echo(judgement)
    if cut.steps is not None:
        click.echo(f"again: {again(judgement, cut)}")
    sys.exit(1 if judgement.problems else 0)


if __name__ == "__main__":
    main()
