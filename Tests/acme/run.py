"""Plays one scene in the namespaces that packaging/test-acme made, or says which there are."""
import sys

import faults, fleet, orders, programs, window  # noqa: E401, F401
from world import SCENES

if __name__ == "__main__":
    if sys.argv[1] == "--list":
        print("\n".join(SCENES))
    elif sys.argv[1] not in SCENES:
        sys.exit(f"test-acme: no such scene: {sys.argv[1]}; there are: {' '.join(SCENES)}")
    else:
        SCENES[sys.argv[1]](sys.argv[2])
