"""Run the command line: `python -m kcodegen`."""

from __future__ import annotations

import sys

from kcodegen.cli import main

if __name__ == "__main__":
    sys.exit(main())
