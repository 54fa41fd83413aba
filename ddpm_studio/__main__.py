"""`python -m ddpm_studio` is the `ddpm-studio` command."""

import sys

from ddpm_studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
