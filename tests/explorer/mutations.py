"""Deliberate faults of the engine: what the explorer does not see, it cannot judge.

A mutation replaces a piece of a function's source. Each stands for a rule that is written in the engine, or for a fault
that the explorer has found in it: the test of the latter is the seed that shows it.
"""

from __future__ import annotations

from tests.explorer.mutations_of_batches import OF_BATCHES
from tests.explorer.mutations_of_claims import OF_CLAIMS
from tests.explorer.mutations_of_documents import OF_DOCUMENTS
from tests.explorer.mutations_of_steps import OF_STEPS

MUTATIONS = [*OF_BATCHES, *OF_CLAIMS, *OF_STEPS, *OF_DOCUMENTS]
