"""`make bench`: generate (once), serve, measure, print."""

import os
import platform
from datetime import datetime

import django

from scripts.bench import places

MOST_MEGABYTES = 150
IMPORTS = 3


def main() -> None:
    places.use_services()
    django.setup()
    from django.core.management import call_command

    from scripts.bench import company

    size, name = places.size(), places.name_of(os.environ["DATABASE_URL"])
    say(f"Preparing {size.opportunities:,} opportunities of {size.reps:,} reps in the database {name}")
    company.prepare(name, size)
    call_command("collectstatic", interactive=False, verbosity=0)
    measure(name, size)


def measure(name: str, size: places.Size) -> None:
    """All in turn, round by round, so that whatever else the machine does falls upon all alike; then the import."""
    from scripts.bench import report, server, targets, workspace

    with server.serve() as served:
        measured = targets.targets(served.port)
        say(f"Warming up, then {size.rounds} rounds")
        rounds(measured, size.warm_up)
        for target in measured:
            target.times.clear()
        rounds(measured, size.rounds)
        megabytes = served.worker_megabytes()
    say(f"\n{datetime.now().astimezone():%Y-%m-%d %H:%M}, {os.cpu_count()} cores, {platform.machine()}; {size.label}\n")
    say(report.table(measured))
    say(
        f"\nMemory of a web worker: {megabytes:.0f} MB, at most {MOST_MEGABYTES}: {verdict(megabytes < MOST_MEGABYTES)}"
    )
    say(report.imports(size.events, [workspace.timed_import(name, size) for _each in range(IMPORTS)]))
    say(f"Missed: {', '.join(report.missed(measured)) or 'nothing'}")


def rounds(measured: list, number: int) -> None:
    """Each target once a round; the slow ones in the first rounds alone."""
    for each in range(number):
        for target in measured:
            if target.rounds is None or each < target.rounds:
                target.take()


def verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
