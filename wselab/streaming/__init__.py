"""Weight streaming and training: how a model runs and learns."""
