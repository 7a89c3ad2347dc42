"""node_client: plays the story to a parser of tests/clients that runs on node."""
import datetime
import os
import subprocess
import urllib.request
import zoneinfo

import story

HELSINKI = zoneinfo.ZoneInfo("Europe/Helsinki")


def play(script):
    def read(now):
        done = subprocess.run([os.path.join(os.environ["SOURCE_DIR"], "tests/clients/node"), script],
                              input=urllib.request.urlopen(now.url).read(), capture_output=True, check=False)
        if done.returncode:
            story.fail(f"{script}: {done.stderr.decode()[:2000]}")
        shown, dropped = set(), set()
        for line in done.stdout.decode().splitlines():
            start, end, status, utc = line.split()
            start, end = datetime.datetime.fromisoformat(start), datetime.datetime.fromisoformat(end)
            if datetime.datetime.fromisoformat(utc).astimezone(HELSINKI).replace(tzinfo=None) != start:
                story.fail(f"{script}: {start} is not {utc}")
            if status == "CANCELLED":  # parsers show all; whoever draws the calendar strikes it through
                dropped.add(start.date())
            else:
                shown.add((start, end))
        if dropped != now.cancelled:
            story.fail(f"{script}: cancelled {dropped}")
        return shown

    story.Story().play(read)
