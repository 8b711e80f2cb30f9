"""``python -m replay EPISODE``."""

import sys

from replay.entry import replay

sys.exit(replay())
