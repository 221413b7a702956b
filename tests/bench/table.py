# SPDX-License-Identifier: Apache-2.0
"""The targets, and our figures beside them."""

from bench import THREADS

# (what, key, field, reference server, at most so many times it)
AGAINST_RELAY = [
    ("message, 1,000 sessions, 1 in flight", "talk 1", "cpu_us", "relay", 1.5),
    ("message, 200 sessions, 8 in flight", "talk 8", "cpu_us", "relay", 3.5),
    ("delivery, 10 rooms of 100", "rooms 10x100", "cpu_us",
     "batching relay", 1.5),
    ("delivery, 1 room of 1,000", "room 1x1000", "cpu_us",
     "batching relay", 1.5),
    ("presence, 1,000 join a room", "join room 1x1000", "cpu_us",
     "batching relay", 1.5),
    ("p99 ms at 2,000 messages/s", "rate", "p99_ms", "relay", 2.0),
]
# What does not exist yet is not measured, and said.
ABSENT = [
    ("message with archive, carbons, stream management", "≤ 2.5"),
    ("a question to the archive", ""),
]
# (what, key, field, at most)
ABSOLUTE = [
    ("1,000 join a room: seconds", "join room 1x1000", "seconds", 6.0),
    ("idle TLS session, PSS KiB", "idle", "pss_kib", 14.0),
    ("the same, with all our processes in it", "idle", "pss_all_kib", None),
    ("start to ready, ms", "start", "ms", 300),
    ("idle, % of a core", "idle", "cpu_percent", 1.0),
    ("p50 ms at 2,000 messages/s", "rate", "p50_ms", None),
    ("p99.9 ms at 2,000 messages/s", "rate", "p999_ms", None),
    ("a subscription's step", "befriend", "cpu_us", None),
    ("the directory's CPU for it", "befriend", "slapd_us", None),
    ("presence to a contact, 200 with 20 each", "storm", "cpu_us", None),
    ("anything of a mixed day", "day", "cpu_us", None),
    ("login, as far as the handshake", "login: handshake", "cpu_us", None),
    ("login, as far as SASL", "login: handshake, SASL", "cpu_us", None),
    ("login, CPU without the directory's", "login", "cpu_us", None),
    ("login, the directory's CPU", "login", "slapd_us", None),
    ("login by SCRAM", "login: SCRAM", "cpu_us", None),
    ("login by SCRAM, the directory's CPU", "login: SCRAM", "slapd_us", None),
]
# (what, key, field, at most)
THREADS_LIMITS = [
    ("message, 1,000 sessions, 1 in flight: core's thread", "talk 1", "core_us", 1.5),
    ("the same, I/O threads", "talk 1", "io_us", None),
    ("message, 200 sessions, 8 in flight: core's thread", "talk 8", "core_us", 1.5),
    ("the same, I/O threads", "talk 8", "io_us", None),
]
# (what, key, at least so many times less than the best peer)
AGAINST_PEERS = [
    ("message, 1,000 sessions, 1 in flight", "talk 1", "cpu_us", 6),
    ("message, 200 sessions, 8 in flight", "talk 8", "cpu_us", 15),
    ("delivery, 10 rooms of 100", "rooms 10x100", "cpu_us", 12),
    ("delivery, 1 room of 1,000", "room 1x1000", "cpu_us", 12),
    ("presence, 1,000 join a room", "join room 1x1000", "cpu_us", None),
    ("1,000 join a room: seconds", "join room 1x1000", "seconds", None),
    ("presence to a contact, 200 with 20 each", "storm", "cpu_us", None),
    ("anything of a mixed day", "day", "cpu_us", None),
    ("first login, without the directory's", "login for idle", "cpu_us", None),
    ("first login, the directory's", "login for idle", "slapd_us", None),
    ("login, without the directory's", "login", "cpu_us", 5),
    ("login, the directory's", "login", "slapd_us", 1),
    ("login by SCRAM, without the directory's", "login: SCRAM", "cpu_us", None),
    ("login by SCRAM, the directory's", "login: SCRAM", "slapd_us", None),
    ("a subscription's step", "befriend", "cpu_us", None),
    ("the directory's for it", "befriend", "slapd_us", None),
    ("idle TLS session, PSS KiB", "idle", "pss_kib", 4),
    ("the same, with all processes in it", "idle", "pss_all_kib", None),
]


def shown(figures, server, key, field):
    median, spread = (figures.median(server, key, field),
                      figures.spread(server, key, field))
    if median is None:
        return "–"
    if len(figures.values(server, key, field)) == 1:
        return f"{median:.2f}"
    return f"{median:.2f} ({spread[0]:.2f}–{spread[1]:.2f})"


def row(cells):
    print("| " + " | ".join(cells) + " |")


def head(*names):
    row(names)
    print("|" + "---|" * len(names))


def verdict(is_met):
    return "met" if is_met else "**not met**"


def ratio(figures, key, field, reference):
    ours, theirs = (figures.median(server, key, field)
                    for server in ("tertulia", reference))
    return ours / theirs if ours is not None and theirs else None


def print_targets(figures):
    head("figure", "tertulia", "relay", "ratio", "target", "")
    for what, key, field, reference, most in AGAINST_RELAY:
        is_ = ratio(figures, key, field, reference)
        if is_ is not None:
            row([what, shown(figures, "tertulia", key, field),
                 shown(figures, reference, key, field), f"{is_:.2f}",
                 f"≤ {most}", verdict(is_ <= most)])
    for what, key, field, most in ABSOLUTE:
        is_ = figures.median("tertulia", key, field)
        if is_ is not None:
            row([what, shown(figures, "tertulia", key, field),
                 shown(figures, "relay" if "join" not in key
                       else "batching relay", key, field), "",
                 "" if most is None else f"≤ {most:g}",
                 "" if most is None else verdict(is_ <= most)])
    for what, target in ABSENT:
        row([what, "–", "–", "", target, "not there yet"])


def print_threads(figures):
    """Of a message, in µs, when threads of their own have the connections."""
    names = list(THREADS.values())
    head("figure", *names, "target", "")
    for what, key, field, most in THREADS_LIMITS:
        medians = [figures.median(name, key, field) for name in names]
        if None in medians:
            continue
        row([what, *(shown(figures, name, key, field) for name in names),
             "" if most is None else f"≤ {most}",
             "" if most is None else verdict(max(medians) <= most)])


def print_peers(figures, peers):
    head("figure, CPU µs of the server", "tertulia", *peers, "less than the best",
         "target", "")
    for what, key, field, least in AGAINST_PEERS:
        ours = figures.median("tertulia", key, field)
        theirs = [figures.median(peer, key, field) for peer in peers]
        best = min((t for t in theirs if t is not None), default=None)
        if ours is None or best is None:
            continue
        times = best / ours if ours else 1 if best == ours else float("inf")
        row([what, shown(figures, "tertulia", key, field),
             *(shown(figures, peer, key, field) for peer in peers),
             f"{times:.2f} ×", "" if least is None else f"≥ {least} ×",
             "" if least is None else verdict(times >= least)])
