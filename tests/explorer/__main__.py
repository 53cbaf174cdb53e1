"""`python -m tests.explorer SEED [KIND]`: the story of a world, and what it breaks; exit status 1 when it does."""

from __future__ import annotations

import sys

from tests.explorer.judgement import judged
from tests.explorer.kinds import KINDS

asked = sys.argv[1:]
if len(asked) not in (1, 2) or not asked[0].isdigit() or not KINDS.keys() >= set(asked[1:]):
    sys.exit(
        "Which world? Give its seed, a whole number, and its kind if it is not that of the seed "
        f"({', '.join(KINDS)}): python -m tests.explorer 42"
    )
judgement = judged(int(asked[0]), *asked[1:])
print(judgement)
sys.exit(1 if judgement.problems else 0)
