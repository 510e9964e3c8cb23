"""Why something does not move: one answer for errors, checks, traces and pictures.

To read it, take `standing` for what can wait, `why` for the answer, `texts` for the messages of
errors, and `verify` for what can be said of a program before it runs.
"""
