"""When AWS cron expressions fire, by an implementation that is not ours.

usage: cron.py FROM UNTIL LIMIT < EXPRESSIONS (JSON list); prints a JSON object: expression to local times.
"""

import datetime
import json
import sys

from pyawscron import AWSCron

start, end, limit = sys.argv[1:]
start, end = (datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc) for text in (start, end))
fired = {}
for expression in json.load(sys.stdin):
    fields = expression.removeprefix("cron(").removesuffix(")")
    times, schedule, at = [], AWSCron(fields), start - datetime.timedelta(minutes=1)
    while len(times) < int(limit):
        at = schedule.occurrence(at).next()
        if at is None or at >= end:
            break
        times.append(at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    fired[expression] = times
json.dump(fired, sys.stdout)
