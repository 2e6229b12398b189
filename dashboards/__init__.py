"""The served dashboard: pages look, ask and show; they compute nothing."""
