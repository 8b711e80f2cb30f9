"""`python -m bringup`, for where there is no `teleop` command."""

import sys

from bringup.cli import main

sys.exit(main())
