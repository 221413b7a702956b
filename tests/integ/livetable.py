# SPDX-License-Identifier: Apache-2.0
"""The table of directory.md §4: what is changed in the directory, and how soon it is
true for a client; with what a service of many people takes (test_scale.py)."""

import statistics

USUAL = 0.05, 1.0               # median and worst, seconds
# Who asks a directory that just went waits for it, for it may be restarting: [ldap]
# timeout, 3 s, and a busy machine's own.
DEADLINE = 3.5, 6.0

# Each row of §4, and the clocks (live.py) that measure it.
CHANGES = {
    "account disabled, deleted, moved out of the filter; password changed": [
        "person: locked, expired", "person: deleted", "person: out of the filter",
        "person: password changed", "profile: suspended, deleted"],
    "name, photo, mail, title": [
        "person: name, in the vCard", "person: mail, in the vCard",
        "person: title, in the vCard", "person: photo"],
    "member added to or removed from a roster group": [
        "roster group: member added", "roster group: member removed",
        "roster group: presence of a new member"],
    "subscriber, editor or owner of a bound list": [
        "list: subscriber added", "list: subscriber removed",
        "list: subscriber removed (321)", "list: editor", "list: owner"],
    "room entry created, changed, deleted": [
        "room: made, listed", "room: subject", "room: settings", "room: affiliations",
        "room: member removed", "room: removed"],
    "directory gone": [
        "gone: those online talk on", "gone: a login is told to come again",
        "gone: a change is refused (wait)", "just gone: a login waits, and is told so",
        "just gone: a change waits, and is refused"],
}
LIMITS = {"just gone: a login waits, and is told so": DEADLINE,
          "just gone: a change waits, and is refused": DEADLINE}
ALL = [row for rows in CHANGES.values() for row in rows]
# What is measured besides, and no row of §4.
EXTRA = [
    *(f"allowed group, {kind}: taken out"
      for kind in ("static", "nested", "posix", "dynamic")),
    "person: new, logs in", "password changed: SCRAM with the old one is refused",
    "roster: contact", "roster: presence shown", "roster group: renamed",
    "roster group: slixmpp sees a new member", "roster group of 2,000: member added",
    "list: subscriber added, enters", "list: subscriber of a list in it",
    "list: found by searching", "branch of people: moved away",
]


def properties(reporter, wanted):
    """The values that tests recorded under that name."""
    for report in sum(reporter.stats.values(), []):
        for name, value in getattr(report, "user_properties", ()):
            if name == wanted and report.when == "teardown":
                yield value


def times_of(reporter):
    rows = {}
    for row, times in properties(reporter, "live"):
        rows.setdefault(row, []).extend(times)
    return {row: times for row, times in rows.items() if times}


def limits(row):
    return LIMITS.get(row, USUAL)


def is_met(row, times):
    median, worst = limits(row)
    return statistics.median(times) < median and max(times) < worst


def unmet(reporter):
    """The rows of §4 that were slower than they should, or not measured."""
    found = times_of(reporter)
    return [row for row in ALL if row not in found or not is_met(row, found[row])]


def show(reporter, people):
    found, facts = times_of(reporter), list(properties(reporter, "scale"))
    if found:
        reporter.section("from ldapmodify's answer to the client's stanza, "
                         f"{people:,} people")
        for change, rows in [*CHANGES.items(), ("besides", EXTRA)]:
            reporter.line(change)
            for row in rows:
                show_row(reporter, row, found.get(row))
    if facts:
        reporter.section(f"a service of {people:,} people")
        for what, value in facts:
            reporter.line(f"  {what:52} {value}")


def show_row(reporter, row, times):
    if times is None:
        reporter.line(f"  {row:52} not measured")
        return
    reporter.line(
        f"  {row:52} n={len(times):3}  median {1000 * statistics.median(times):6.1f} ms"
        f"  worst {1000 * max(times):6.1f} ms"
        + ("  slow" if row in ALL and not is_met(row, times) else ""))
