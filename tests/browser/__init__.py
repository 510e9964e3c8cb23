"""The course in a browser: a real JupyterLab, driven as a reader drives it.

These tests run in `make test-all` only (all of them are marked `long`); where no Chromium is found,
they are skipped. Each leaves what it saw at three sizes of the window in .build/screenshots/.
"""
