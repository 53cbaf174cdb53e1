"""`python -m tests.explorer SEED`: the story of a world, and what it breaks; exit status 1 when it breaks anything."""

from __future__ import annotations

import sys

from tests.explorer.judgement import judged

if len(sys.argv) != 2 or not sys.argv[1].isdigit():
    sys.exit("Which world? Give its seed, a whole number: python -m tests.explorer 42")
judgement = judged(int(sys.argv[1]))
print(judgement)
sys.exit(1 if judgement.problems else 0)
