# SPDX-License-Identifier: Apache-2.0
"""What is measured: otad, nginx and SQLite as child processes, pinned to one core,
and wrk on another. Only what was started here is ended, by its process object."""
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = str(CORES[0]), str(CORES[-1])


class Failed(Exception):
    """A measurement that would mean nothing."""


def on(core, *command):
    return ["taskset", "-c", core, *command]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what}: not after {seconds} s")
        time.sleep(0.01)


def cpu_seconds(pid):
    """User and system time of a process, all its threads."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def machine_cpu():
    """Busy and stolen seconds of the whole machine since its start."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, soft, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + soft) / TICKS, steal / TICKS


class Server:
    process = None

    def spawn(self, command, log, **more):
        with open(log, "ab") as out:
            self.process = subprocess.Popen(on(SERVER_CORE, *command), stdout=out,
                                            stderr=out, stdin=subprocess.DEVNULL, **more)
        self.log = log

    def alive(self):
        if self.process.poll() is not None:
            with open(self.log, errors="replace") as f:
                raise Failed(f"{self.process.args[3]} ended: {f.read()[-2000:]}")
        return True

    @property
    def pid(self):
        return self.process.pid

    def cpu(self):
        return cpu_seconds(self.pid)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        self.process = None


class Nginx(Server):
    """304 for whatever is asked on one port, an image on another, plain and TLS."""

    def __init__(self, folder, image):
        os.makedirs(folder)
        cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-out", cert, "-keyout", key],
                       check=True, stderr=subprocess.DEVNULL)
        check, plain, tls = free_port(), free_port(), free_port()
        self.http, self.image, self.image_tls = (
            f"http://127.0.0.1:{check}", f"http://127.0.0.1:{plain}",
            f"https://127.0.0.1:{tls}")
        with open(f"{folder}/nginx.conf", "w") as f:
            f.write(f"""
daemon off; master_process off; worker_processes 1;
pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
    default_type application/octet-stream;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;
    fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{ listen 127.0.0.1:{check} backlog=4096; location / {{ return 304; }} }}
    server {{
        listen 127.0.0.1:{plain} backlog=4096;
        listen 127.0.0.1:{tls} ssl backlog=4096;
        ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {cert}; ssl_certificate_key {key};
        root {os.path.dirname(image)};
        location / {{ try_files /{os.path.basename(image)} =404; }}
    }}
}}
""")
        self.spawn(["nginx", "-p", folder, "-c", f"{folder}/nginx.conf"], f"{folder}/log")
        wait_for("nginx", lambda: self.alive() and self.listens(check))

    @staticmethod
    def listens(port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0


class Otad(Server):
    def __init__(self, build, folder):
        os.makedirs(folder, exist_ok=True)
        self.binary, self.folder, self.state = f"{build}/otad", folder, f"{folder}/state"
        self.http = self.https = self.key = None
        with open(f"{folder}/otad.conf", "w") as f:
            f.write("[http]\nlisten = 127.0.0.1:0\nthreads = 1\n"
                    "[https]\nlisten = 127.0.0.1:0\nthreads = 1\n"
                    "[mqtt]\nurl =\n[enrol]\nnative = open\narduino = open\n"
                    "[log]\nlevel = warning\n")

    def start(self):
        """Seconds until it said READY=1, as it does to systemd."""
        name = f"{self.folder}/notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            if os.path.exists(name):
                os.unlink(name)
            notify.bind(name)
            notify.settimeout(1)
            began = time.monotonic()
            self.spawn([self.binary, "--config", f"{self.folder}/otad.conf",
                        "--state", self.state], f"{self.folder}/log",
                       env={**os.environ, "NOTIFY_SOCKET": name})
            said = b""
            while b"READY=1" not in said:
                try:
                    said = notify.recv(4096)
                except socket.timeout:
                    self.alive()
                    if time.monotonic() > began + 30:
                        raise Failed("otad does not get ready") from None
            took = time.monotonic() - began
        with open(f"{self.state}/listeners.json") as f:
            listeners = json.load(f)
        self.http = f"http://{listeners['http']}"
        self.https = f"https://{listeners['https']}"
        with open(f"{self.state}/admin.key") as f:
            self.key = f.read().strip()
        return took

    def restart(self):
        self.stop()
        return self.start()

    def api(self, method, path, body=None, kind="application/json"):
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.http}/api/v1{path}", body, method=method)
        request.add_header("Authorization", f"Bearer {self.key}")
        request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as e:
            raise Failed(f"{method} {path}: {e.code} {e.read().decode(errors='replace')}") from e

    def product(self, ptype, dialect):
        self.api("POST", "/products", {"ptype": ptype, "name": f"bench {ptype}",
                                       "dialect": dialect, "image_kind": "raw"})

    def upload(self, version, image):
        edge = b"----bench"
        body = b"".join(
            b"--" + edge + b"\r\nContent-Disposition: form-data; name=\"" + name +
            b"\r\n\r\n" + value + b"\r\n"
            for name, value in ((b"version\"", version.encode()),
                                (b"image\"; filename=\"image.bin\"", image)))
        self.api("POST", "/firmware", body + b"--" + edge + b"--\r\n",
                 f"multipart/form-data; boundary={edge.decode()}")

    def roll_out(self, *versions):
        return self.api("POST", "/jobs", {"versions": versions, "targets": {"all": True},
                                          "exposure": None,
                                          "stages": [{"percent": 100}], "failure": None})

    def figure(self, name):
        """The sum of a metric over its labels."""
        with urllib.request.urlopen(f"{self.http}/metrics", timeout=30) as reply:
            lines = reply.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines
                   if line.startswith((name + " ", name + "{")))

    def memory(self):
        """Resident kB: all, and of that the mapped pages of the database's files."""
        resident = views = 0
        with open(f"/proc/{self.pid}/smaps") as f:
            for line in f:
                if not line.split(" ", 1)[0].endswith(":"):	# a mapping's first line
                    database = "/otad.db" in line
                elif line.startswith("Rss:"):
                    resident += int(line.split()[1])
                    views += int(line.split()[1]) if database else 0
        return resident, views


def wrk(url, what, first, count, seconds, connections, options):
    """What load.lua said at its end. A disk that stalls for as long as a round
    takes is no measurement: then it is tried again."""
    command = on(LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s",
                 "-s", f"{HERE}/load.lua", url, "--", what, str(first), str(count),
                 *(f"{k}={v}" for k, v in options.items() if v is not None))
    for _ in range(3):
        run = subprocess.run(command, capture_output=True, text=True)
        try:
            said = json.loads(run.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            raise Failed(f"wrk: {run.stdout}{run.stderr}") from None
        if said["refused"] > 0:
            break
        if said["requests"] > 0:
            return said
    raise Failed(f"{what} at {url}: {said['refused']} of {said['requests']} refused\n{run.stdout}")


def load(server, url, what, first, count, seconds=1, connections=64, **options):
    """A second of load: its figures, the server's CPU time, and who disturbed."""
    busy, steal = machine_cpu()
    ours, cpu = sum(os.times()[2:4]), server.cpu()
    said = wrk(url, what, first, count, seconds, connections, options)
    cpu = server.cpu() - cpu
    ours = sum(os.times()[2:4]) - ours
    after = machine_cpu()
    took = said["us"] / 1e6
    return {"requests": said["requests"], "seconds": took, "bytes": said["bytes"], "cpu": cpu,
            "broken": said["broken"], "p50_us": said["p50"], "p99_us": said["p99"],
            "steal": (after[1] - steal) / took,
            "foreign": max(0.0, after[0] - busy - cpu - ours) / took}


def raw(build, *arguments):
    run = subprocess.run(on(SERVER_CORE, f"{build}/bench/raw", *map(str, arguments)),
                         capture_output=True, text=True, check=True)
    return json.loads(run.stdout)
