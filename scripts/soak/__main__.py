"""Runs the parts that are named, all of them by default; ends with 1 when one of them found a fault."""

import sys
from collections.abc import Callable

from scripts.soak import apart, schema

PARTS: dict[str, Callable[[], bool]] = {"schema": schema.run, "kills": apart.kills}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    failed = [name for name in names or PARTS if not PARTS[name]()]
    print(f"Failed: {', '.join(failed)}" if failed else "All of it held.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
