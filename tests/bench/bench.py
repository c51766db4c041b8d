# SPDX-License-Identifier: Apache-2.0
"""otad beside nginx and bare SQLite, on this machine, in this minute.

Absolute figures of a shared machine mean little; a ratio of two that were taken
in turn means something. So each measure runs yardstick and otad alternately, for
about a second each, and compares the medians of its rounds: by CPU time of the
server process where there is a server, which noise disturbs least, by time else.
The server has one core, whatever loads it another. A ratio above 1 says that otad
is the cheaper one. Targets ("must", "aim") were set after trials with prototypes.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import traceback

import servers
from servers import Failed, Nginx, Otad, load, raw

BUILD = os.environ["B"]
QUICK = os.environ.get("BENCH_QUICK", "0") not in ("", "0")
ROUNDS = 2 if QUICK else 5
IMAGE = 1 << 20

# Products of the bench, and how many devices each has: 100,000 together.
CHECK, FETCH, STATUS = 23701, 45772, 45773
DEVICES = ({CHECK: 10000, FETCH: 20000, STATUS: 5000} if QUICK else
           {CHECK: 40000, FETCH: 40000, STATUS: 20000})
ALL = sum(DEVICES.values())
FIRST = {CHECK: 0, FETCH: 200000, STATUS: 400000}	# device numbers
IDLE_DEVICES = 10000


def say(text):
    print(text, file=sys.stderr, flush=True)


def median(rounds, of):
    return statistics.median(of(r) for r in rounds)


def us_per_request(r):
    return r["cpu"] / r["requests"] * 1e6


def s_per_gb(r):
    return r["cpu"] / r["bytes"] * 1e9


def per_second(r):
    return r["requests"] / r["seconds"]


def mb_per_second(r):
    return r["bytes"] / r["seconds"] / 1e6


class Exhausted(Failed):
    """A machine so fast that a round had too few devices left: others must do."""


class Measure:
    """Rounds of a yardstick and of otad; cost: less is better."""

    def __init__(self, name, yardstick, unit, cost, rate_unit, rate, must, aim):
        self.name, self.yardstick, self.unit, self.cost = name, yardstick, unit, cost
        self.rate_unit, self.rate, self.must, self.aim = rate_unit, rate, must, aim
        self.theirs, self.ours = [], []

    def round(self, theirs, ours):
        t, o = theirs(), ours()
        self.theirs.append(t)
        self.ours.append(o)

    def document(self):
        theirs, ours = median(self.theirs, self.cost), median(self.ours, self.cost)
        ratio = theirs / ours if ours > 0 else 0
        both = self.theirs + self.ours
        return {
            "name": self.name, "yardstick": self.yardstick, "unit": self.unit,
            "otad": round(ours, 4), "yardstick_value": round(theirs, 4),
            "ratio": round(ratio, 3), "must": self.must, "aim": self.aim,
            "verdict": "aim" if ratio >= self.aim else "must" if ratio >= self.must else "below",
            "rate_unit": self.rate_unit,
            "otad_rate": round(median(self.ours, self.rate), 1),
            "yardstick_rate": round(median(self.theirs, self.rate), 1),
            "otad_p99_ms": round(median(self.ours, lambda r: r.get("p99_us", 0)) / 1000, 2),
            "foreign_cpu": round(median(both, lambda r: r.get("foreign", 0)), 3),
            "steal": round(median(both, lambda r: r.get("steal", 0)), 3),
            "broken": sum(r.get("broken", 0) for r in both),
            "rounds": [[round(self.cost(t), 4), round(self.cost(o), 4)]
                       for t, o in zip(self.theirs, self.ours)],
        }


class Bound:
    """A figure of otad alone, and what it may be at most."""

    def __init__(self, name, unit, value, most):
        self.name, self.unit, self.value, self.most = name, unit, value, most

    def document(self):
        return {"name": self.name, "unit": self.unit, "otad": round(self.value, 2),
                "at_most": self.most,
                "verdict": "must" if self.most is None or self.value <= self.most else "below"}


# --- registering --------------------------------------------------------------


def sweep(what, condition, otad, verb, ptype, count, **options):
    """A request of each device, as fast as they are taken, until the condition holds.
    The last requests of a load are cut off, so the next begins a little before."""
    end = time.monotonic() + 120
    at = 0

    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what}: not after 120 s")
        r = load(otad, otad.http, verb, FIRST[ptype] + at, count - at, 1, 100, ptype=ptype,
                 **options)
        at += max(0, r["requests"] - 100)
        if at >= count:
            at = 0


def enrol(otad, ptype, count, known):
    verb, options = ("check", {"close": 1}) if ptype == CHECK else ("native", {})
    sweep(f"{count} devices of {ptype} known",
          lambda: otad.figure("otad_devices") >= known + count, otad, verb, ptype, count, **options)


def prepare(otad):
    began = time.monotonic()
    known = 0

    for ptype, count in DEVICES.items():
        otad.product(ptype, "arduino" if ptype == CHECK else "native")
        enrol(otad, ptype, count, known)
        known += count
    took = time.monotonic() - began
    say(f"bench: {known} devices enrolled themselves in {took:.1f} s ({known / took:.0f}/s)")


# --- measures -----------------------------------------------------------------


def checks(nginx, otad):
    def ask(server, url, what, close=None, first=0):
        ptype = CHECK if what == "check" else FETCH
        return load(server, url, what, FIRST[ptype] + first, DEVICES[ptype], ptype=ptype,
                    close=close)

    rows = {
        ("native", None): Measure("update check, keep-alive, warm", "nginx 304", "us CPU/request",
                                  us_per_request, "req/s", per_second, 0.70, 0.85),
        ("check", 1): Measure("update check, connection per request, warm", "nginx 304",
                              "us CPU/request", us_per_request, "req/s", per_second, 0.80, 0.90),
        ("check", 1, "cold"): Measure("update check, connection per request, cold", "nginx 304",
                                      "us CPU/request", us_per_request, "req/s", per_second,
                                      0.60, 0.70),
    }
    for what, close, *cold in rows:		# each device once: warm is what follows
        if not cold:
            for _ in range(3):
                ask(otad, otad.http, what, close)
    for _ in range(ROUNDS):
        for (what, close, *cold), row in rows.items():
            if not cold:
                row.round(lambda: ask(nginx, nginx.http, what, close),
                          lambda: ask(otad, otad.http, what, close))
    cold = rows["check", 1, "cold"]
    for _ in range(ROUNDS):			# a process that remembers nothing
        otad.restart()
        cold.round(lambda: ask(nginx, nginx.http, "check", 1),
                   lambda: ask(otad, otad.http, "check", 1))
    return list(rows.values())


def images(nginx, otad, image):
    """Delivery alone, an administrator's download, which writes nothing; and whole, where
    every request is another device that takes what a rollout offers it."""
    version = f"v1.0.1t{FETCH}(a)"
    alone = [
        (Measure("image 1 MB, plain, 64 clients, delivery alone", "nginx sendfile",
                 "s CPU/GB", s_per_gb, "MB/s", mb_per_second, 0.65, 0.85),
         nginx.image, otad.http),
        (Measure("image 1 MB, TLS, 64 clients, delivery alone", "nginx TLS",
                 "s CPU/GB", s_per_gb, "MB/s", mb_per_second, 1.10, 1.40),
         nginx.image_tls, otad.https),
    ]
    rows = [
        (Measure("image 1 MB, plain, 64 clients, offered by a rollout", "nginx sendfile",
                 "s CPU/GB", s_per_gb, "MB/s", mb_per_second, 0.65, 0.85),
         nginx.image, otad.http),
        (Measure("image 1 MB, TLS, 64 clients, offered by a rollout", "nginx TLS",
                 "s CPU/GB", s_per_gb, "MB/s", mb_per_second, 1.10, 1.40),
         nginx.image_tls, otad.https),
    ]
    taken = 0

    def take(url):
        nonlocal taken
        left = DEVICES[FETCH] - taken
        r = load(otad, url, "native", FIRST[FETCH] + taken, left, ptype=FETCH)
        taken += r["requests"] + 80		# those that were cut off, too
        if r["requests"] > left:
            raise Exhausted(f"more images asked for than the {left} devices left take")
        return r

    def download(url):
        return load(otad, url, "download", 0, 1, key=otad.key, version=version)

    otad.upload(version, image)
    for _ in range(ROUNDS):
        for row, theirs, ours in alone:
            row.round(lambda: load(nginx, theirs, "native", 0, 1000, ptype=FETCH),
                      lambda: download(ours))
    otad.roll_out(version)
    for _ in range(ROUNDS):
        try:
            for row, theirs, ours in rows:
                row.round(lambda: load(nginx, theirs, "native", 0, 1000, ptype=FETCH),
                          lambda: take(ours))
        except Exhausted:
            if not all(row.ours for row, _, _ in rows):
                raise
            break
    return [row for row, _, _ in alone + rows]


def statuses(otad, folder):
    """Devices in the middle of an update tell how far they are."""
    version, count = f"v1.0.1t{STATUS}(a)", DEVICES[STATUS]
    row = Measure("durable status over HTTP, 400 connections", "SQLite FULL, 100 a commit",
                  "us/status", lambda r: r["seconds"] / r["requests"] * 1e6, "statuses/s",
                  per_second, 0.40, 0.60)
    single = Measure("durable status over HTTP, 400 connections", "SQLite FULL, 1 a commit",
                     "us/status", row.cost, "statuses/s", per_second, 8, 12)

    def bare(group):
        name = f"{folder}/raw-statuses-{group}.db"
        for end in "", "-wal", "-shm":
            if os.path.exists(name + end):
                os.unlink(name + end)
        r = raw(BUILD, "statuses", name, count, group, 1)
        return {**r, "requests": r["rows"]}

    otad.upload(version, os.urandom(4096))
    job = otad.roll_out(version)["id"]
    # The last of each load are cut off, and wait for a further attempt.
    sweep("devices in the middle of an update",
          lambda: otad.api("GET", f"/jobs/{job}")["counts"]["queued"] <= 100,
          otad, "take", STATUS, count)
    for _ in range(ROUNDS):
        stored = otad.figure("otad_reports_total")
        row.round(lambda: bare(100), lambda: load(
            otad, otad.http, "status", FIRST[STATUS], count, 1, 400, job=job))
        single.round(lambda: bare(1), lambda: row.ours[-1])
        if otad.figure("otad_reports_total") - stored < row.ours[-1]["requests"]:
            raise Failed("fewer statuses were stored than answered")
    return [row, single]


def rollouts(otad, folder):
    """A job over every device there is, until it is made; then it is canceled."""
    row = Measure(f"job over {ALL} devices", "SQLite rows, 10,000 a commit", "ms",
                  lambda r: r["seconds"] * 1e3, "devices/s", lambda r: r["rows"] / r["seconds"],
                  1 / 3, 1 / 1.5)
    versions = [f"v1.0.2t{ptype}(a)" for ptype in DEVICES]

    def create():
        began = time.monotonic()
        job = otad.roll_out(*versions)
        took = time.monotonic() - began
        made = sum(job["counts"].values())
        if made != ALL:
            raise Failed(f"a job over {ALL} devices has {made} executions")
        otad.api("POST", f"/jobs/{job['id']}:cancel", {})
        return {"rows": made, "seconds": took}

    for version in versions:
        otad.upload(version, os.urandom(4096))
    for _ in range(ROUNDS):
        row.round(lambda: raw(BUILD, "rollout", f"{folder}/raw-rollout.db", ALL, 10000), create)
    return [row]


def idle(folder):
    otad = Otad(BUILD, f"{folder}/idle")
    try:
        first = otad.start()
        otad.product(FETCH, "native")
        enrol(otad, FETCH, IDLE_DEVICES, 0)
        starts = [otad.restart() for _ in range(5)]
        fresh, _ = otad.memory()
        load(otad, otad.http, "native", FIRST[FETCH], IDLE_DEVICES, 1, ptype=FETCH)
        warm, views = otad.memory()
    finally:
        otad.stop()
    devices = f"with {IDLE_DEVICES} devices"
    return [
        Bound("very first start to READY, key and certificate made", "ms", first * 1e3, None),
        Bound(f"start to READY {devices}", "ms", statistics.median(starts) * 1e3, 100),
        Bound(f"idle RSS {devices}, just started", "MB", fresh / 1024, 12),
        Bound(f"idle RSS {devices}, all have polled", "MB", warm / 1024, 12),
        Bound("  of that not the kernel's pages of the database", "MB", (warm - views) / 1024, None),
    ]


# --- report -------------------------------------------------------------------


def show(documents):
    say(f"\n{'measure':<52} {'otad':>9} {'yardstick':>9}  {'ratio':>6} {'must':>5} {'aim':>5}")
    for d in documents:
        if "ratio" in d:
            say(f"{d['name'][:52]:<52} {d['otad']:>9.4g} {d['yardstick_value']:>9.4g}  "
                f"{d['ratio']:>6.2f} {d['must']:>5.2f} {d['aim']:>5.2f}  {d['verdict']}")
            say(f"    {d['unit']}, against {d['yardstick']}; {d['otad_rate']:.0f} and "
                f"{d['yardstick_rate']:.0f} {d['rate_unit']}; foreign CPU "
                f"{d['foreign_cpu'] * 100:.0f} %, steal {d['steal'] * 100:.0f} %")
        else:
            most = f"at most {d['at_most']}" if d["at_most"] is not None else ""
            say(f"{d['name'][:70]:<62} {d['otad']:>9.4g} {d['unit']}  {most}  "
                f"{d['verdict'] if most else ''}")
    say("\nRatios are medians of yardstick over medians of otad, taken in turn: above 1, otad is\n"
        "the cheaper one. CPU is read in steps of 10 ms. Foreign CPU and steal are per cent of\n"
        "one core; where they are above 20 the row says little, and rates less than CPU.")


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")),
                     "unknown")
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip()
    return {"cpu": model, "cores": len(servers.CORES), "kernel": os.uname().release,
            "nginx": version.rpartition("/")[2], "server_core": servers.SERVER_CORE,
            "load_core": servers.LOAD_CORE}


def measure(folder):
    image = os.urandom(IMAGE)
    with open(f"{folder}/image.bin", "wb") as f:
        f.write(image)
    nginx, otad = Nginx(f"{folder}/nginx", f"{folder}/image.bin"), Otad(BUILD, f"{folder}/otad")
    rows = []
    try:
        otad.start()
        prepare(otad)
        for title, part in (
                ("update checks", lambda: checks(nginx, otad)),
                ("image delivery", lambda: images(nginx, otad, image)),
                ("durable statuses", lambda: statuses(otad, folder)),
                ("starting rollouts", lambda: rollouts(otad, folder)),
                ("idle", lambda: idle(folder))):
            say(f"bench: {title}")
            rows += part()
    finally:
        otad.stop()
        nginx.stop()
    return [row.document() for row in rows]


def main():
    if servers.SERVER_CORE == servers.LOAD_CORE:
        say("bench: only one core here: server and load share it")
    with tempfile.TemporaryDirectory(prefix="otad-bench.") as folder:
        try:
            documents = measure(folder)
        except Failed as e:
            say(f"bench: {e}")
            return 1
        except Exception:		# what wrk or a server said would be lost otherwise
            traceback.print_exc()
            return 1
    show(documents)
    json.dump({"machine": machine(), "quick": QUICK, "rounds": ROUNDS, "devices": ALL,
               "measures": documents}, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
