"""What happened in a run, cycle by cycle: recorded, looked at, kept in files, explained.

To read it, take `recorder` for what is noted, `trace` for what a reader holds, `critical` for what
made a run as long as it was.
"""
