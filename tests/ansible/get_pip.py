"""Stands in for get-pip.py, which ansible-test would download: Python's own ensurepip has pip.

ansible-test takes it from its cache.
"""

import ensurepip

if __name__ == "__main__":
    ensurepip.bootstrap()
