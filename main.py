"""Opens DDPM Studio; with arguments, hands over to the command line."""

import sys

from ddpm_studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
