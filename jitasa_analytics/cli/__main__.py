"""``python -m jitasa_analytics.cli`` is ``jitasa``."""

from jitasa_analytics.cli import main

main()
