"""``python -m serinus``: the command line."""

import sys

from serinus import main

if __name__ == "__main__":
    sys.exit(main())
