"""What makes and checks the notebooks: `python -m tools.notebooks`, `python -m tools.exercises`."""
