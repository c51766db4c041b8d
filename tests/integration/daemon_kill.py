# SPDX-License-Identifier: Apache-2.0
"""daemon_kill.py OTAD FOLDER KILLS - see daemon_kill.sh."""
import collections
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

OTAD, FOLDER, KILLS = sys.argv[1], sys.argv[2], int(sys.argv[3])
STATE = FOLDER + "/state"
DEVICES = [f"d{i}" for i in range(100)]
CONF = "[http]\nlisten = 127.0.0.1:0\n[https]\nlisten =\n[mqtt]\nurl =\n[enrol]\nnative = open\n"
LOST = (OSError, urllib.error.URLError, ConnectionError, ValueError)


def call(path, body=None, headers=None):
    request = urllib.request.Request(server.address + path, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as e:
        return e.code, b""


def api(path, document=None):
    body = None if document is None else json.dumps(document).encode()
    status, text = call("/api/v1" + path, body, {"Authorization": "Bearer " + server.key,
                                                 "Content-Type": "application/json"})
    return status, json.loads(text) if text else None


class Server:
    """A daemon that is started again and again over one state folder."""

    def start(self):
        log = open(FOLDER + "/log", "a")
        self.process = subprocess.Popen([OTAD, "--config", FOLDER + "/otad.conf", "--state",
                                         STATE], stderr=log, stdout=log)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                pid = open(STATE + "/otad.pid").read().strip()
                listeners = json.load(open(STATE + "/listeners.json"))
                if pid == str(self.process.pid):
                    self.address = "http://" + listeners["http"]
                    self.key = open(STATE + "/admin.key").read().strip()
                    return
            except LOST:
                pass
            time.sleep(0.02)
        sys.exit("otad does not start")

    def kill(self):
        self.process.kill()
        self.process.wait()


def device(path, who, document=None):
    headers = {"Authorization": "token " + hashlib.sha256(who.encode()).hexdigest(),
               "X-Device-Id": who, "X-Device-Version": "v1.0.0t7(a)", "X-Device-Product": "7",
               "Content-Type": "application/json"}
    return call(path, None if document is None else json.dumps(document).encode(), headers)[0]


def upload(version, image):
    part = '--xx\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    body = (part % ("version", "") + version + "\r\n" + part % ("image", '; filename="i"')
            ).encode() + image + b"\r\n--xx--\r\n"
    return call("/api/v1/firmware", body, {"Authorization": "Bearer " + server.key,
                "Content-Type": "multipart/form-data; boundary=xx"})[0] == 201


class Stream(threading.Thread):
    """Does one thing again and again, and keeps what was acknowledged."""

    def __init__(self, do):
        super().__init__()
        self.do, self.acknowledged = do, []

    def run(self):
        n = 0
        while not over.is_set():
            n += 1
            try:
                got = self.do(n)
                if got is not None:
                    self.acknowledged.append(got)
            except LOST:
                over.wait(0.05)


def report(job, salt):
    def one(n):
        who, words = DEVICES[(salt * 37 + n) % len(DEVICES)], f"{salt}-{n}"
        status = device("/device/status", who, {"job": job, "state": "in_progress",
                                                "detail": words})
        return (who, words) if status == 204 else None
    return one


def bring(n):
    image, version = os.urandom(random.choice([10, 300000, 900000])), f"v1.1.{n}t7(a)"
    return (version, hashlib.sha256(image).hexdigest()) if upload(version, image) else None


def make_job(_):
    status, job = api("/jobs", {"version": "v1.0.1t7(a)", "targets": {"all": True},
                                "priority": -5})
    return job["id"] if status == 201 else None


def check(job, statuses, images, jobs):
    db = sqlite3.connect(f"file:{STATE}/otad.db?mode=ro", uri=True)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    written = collections.Counter(db.execute(
        "SELECT d.id, e.detail FROM event e JOIN device d ON d.num = e.device "
        "WHERE e.kind = 'progress'").fetchall())
    missing = [s for s in statuses if s not in written]
    assert not missing, f"acknowledged, and gone: {missing[:3]}"
    assert all(n == 1 for n in written.values()), "a status stands there twice"
    for version, sha256 in images:
        status, image = call(f"/api/v1/firmware/{version}/images/image", None,
                             {"Authorization": "Bearer " + server.key})
        assert status == 200 and hashlib.sha256(image).hexdigest() == sha256, version
    for made in jobs:
        assert api("/jobs/" + made)[0] == 200, f"job {made} is gone"
    shown = api("/jobs/" + job)[1]
    assert shown["state"] == "running" and sum(shown["counts"].values()) == len(DEVICES)


open(FOLDER + "/otad.conf", "w").write(CONF)
server, over = Server(), threading.Event()
server.start()
assert api("/products", {"ptype": 7, "name": "kill", "dialect": "native",
                         "image_kind": "raw"})[0] == 201
assert upload("v1.0.1t7(a)", b"z" * 1000)
for name in DEVICES:
    device("/device/update", name)
main_job = api("/jobs", {"version": "v1.0.1t7(a)", "targets": {"all": True}, "exposure": None,
                         "stages": None, "failure": None})[1]["id"]
for name in DEVICES:
    assert device("/device/update", name) == 200, name
streams = [Stream(report(main_job, i)) for i in range(3)] + [Stream(bring), Stream(make_job)]
for stream in streams:
    stream.start()
for _ in range(KILLS):
    over.wait(random.uniform(0.2, 0.8))
    server.kill()
    server.start()
over.wait(0.3)
over.set()
for stream in streams:
    stream.join()
server.kill()
server.start()
told = [s for stream in streams[:3] for s in stream.acknowledged]
assert told and streams[3].acknowledged and streams[4].acknowledged, "nothing happened"
check(main_job, told, streams[3].acknowledged, streams[4].acknowledged)
server.process.send_signal(signal.SIGTERM)
assert server.process.wait(40) == 0, "it does not stop cleanly"
