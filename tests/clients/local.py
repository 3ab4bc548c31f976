"""What talks to servers on this machine: no proxy in between, and nothing depends on how long they take."""

import time
import urllib.request

# Far more seconds than anything takes, on a machine that is busy with other things too.
HANGS = 600
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def eventually(what, true, seconds=HANGS):
    """Waits for a condition. The bound is for the failure: nothing depends on how long it takes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = true()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"never came: {what}")
