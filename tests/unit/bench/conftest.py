"""The bench is not installed: it runs from the project's root, and so do its tests."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[3])

if ROOT not in sys.path:
    sys.path.append(ROOT)
