#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that no library would let us be: bytes as given, over plain TCP and TLS.

Each check is one story on its own connections; what it expects stands in its
assertion. Run by daemon_clients.sh against a daemon of its own."""

import hashlib
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.error
import urllib.request
import warnings

HTTP, HTTPS, CA, KEY, VERSION = sys.argv[1:6]
PATIENCE = 10


def address(url):
    host, port = url.split("//")[1].rsplit(":", 1)
    return host, int(port)


def connect(url=HTTP, rcvbuf=None):
    raw = socket.socket()
    raw.settimeout(PATIENCE)
    if rcvbuf:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    raw.connect(address(url))
    if url != HTTPS:
        return raw
    return ssl.create_default_context(cafile=CA).wrap_socket(raw, server_hostname="localhost")


def until_closed(s):
    data = b""
    while True:
        try:
            piece = s.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            break
        if not piece:
            break
        data += piece
    return data


def one_reply(s):
    """One reply with a Content-Length: status, headers, body."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = s.recv(65536)
        assert piece, f"closed in the head: {data[:200]!r}"
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
    length = int(headers.get("content-length", "0"))
    while len(body) < length:
        piece = s.recv(65536)
        assert piece, "closed in the body"
        body += piece
    return int(lines[0].split()[1]), headers, body


def exchange(request, url=HTTP):
    with connect(url) as s:
        s.sendall(request)
        return until_closed(s)


def status(reply):
    assert reply.startswith(b"HTTP/1.1 "), f"no reply: {reply[:80]!r}"
    return int(reply.split(b" ", 2)[1])


def get(path, *headers, version="1.1", url=HTTP):
    lines = [f"GET {path} HTTP/{version}", "Host: localhost", *headers, "Connection: close", "", ""]
    return exchange("\r\n".join(lines).encode("latin-1"), url)


def api(method, path, body=None):
    rq = urllib.request.Request(HTTP + "/api/v1" + path, method=method, data=body,
                                headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(rq, timeout=PATIENCE) as reply:
        return json.loads(reply.read() or b"null")


def served():
    """Another client, in the meantime: within a second."""
    begin = time.monotonic()
    assert status(get("/healthz")) == 200
    assert time.monotonic() - begin < 1, "others had to wait"


def wait_for(what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


# --- requests --------------------------------------------------------------

def targets():
    for target in ("/healthz", "healthz", f"{HTTP}/healthz", "http://elsewhere/healthz",
                   "/healthz?x=1&y", "/healthz?a b"):
        assert status(get(target)) == 200, target
    for target in ("/nothing", "*", "/healthz%00x", "/healthz/", "//healthz", "http://x", "?"):
        assert status(get(target)) in (400, 404), target
    reply = get("/nothing")
    assert b"application/problem+json" in reply


def methods():
    reply = exchange(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status(reply) == 200 and reply.endswith(b"\r\n\r\n") and b"Content-Length: 1" in reply
    reply = exchange(b"DELETE /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status(reply) == 405 and b"Allow: GET, HEAD" in reply
    reply = exchange(b"BREW /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status(reply) == 405


def http10_closes():
    with connect() as s:
        s.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        reply = until_closed(s)
    assert status(reply) == 200 and b"Content-Length" in reply and b"chunked" not in reply
    assert b"Connection: close" in reply


def keep_alive():
    for url in (HTTP, HTTPS):
        with connect(url) as s:
            for _ in range(5):
                s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert one_reply(s)[0] == 200
            # Refused, and yet the connection is good for more.
            s.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            assert one_reply(s)[0] == 404
            s.sendall(b"GET /api/v1/products HTTP/1.1\r\nHost: x\r\n\r\n")
            code, headers, _ = one_reply(s)
            assert code == 401 and headers["www-authenticate"].startswith("Bearer")
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3)      # pipelined
            data = b""
            while data.count(b'{"status":"ok"}') < 3:
                piece = s.recv(65536)
                assert piece
                data += piece


def ambiguous_framing():
    both = (b"POST /device/status HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    twice = (b"POST /device/status HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
             b"Content-Length: 6\r\n\r\n123456")
    keys = (b"GET /api/v1/products HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\n"
            b"Authorization: Bearer b\r\n\r\n")
    for request in (both, twice, keys):
        assert status(exchange(request)) == 400
    for n in (b"-3", b"+3", b"99999999999999999999999"):
        reply = exchange(b"POST /device/status HTTP/1.1\r\nHost: x\r\nContent-Length: " + n +
                         b"\r\n\r\n")
        assert status(reply) in (400, 413), n


def long_lines():
    for request in (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 65536 + b"\r\n\r\n",
                    b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                    b"GET /healthz HTTP/1.1\r\n" + b"X-Many: 1\r\n" * 6000 + b"\r\n"):
        assert status(exchange(request)) in (400, 414, 431)
        served()


# --- bodies ----------------------------------------------------------------

def too_large():
    head = f"POST /api/v1/products HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
    # A little too large: read to its end. Announced far too large: refused unread.
    for n, sent in ((100_000, 100_000), (500_000_000, 3_000_000)):
        with connect() as s:
            s.sendall(f"{head}Content-Length: {n}\r\n\r\n".encode())
            try:
                s.sendall(b"[" * sent)
            except (BrokenPipeError, ConnectionResetError):
                pass
            assert status(until_closed(s) if sent < n else b"HTTP/1.1 %d x" % one_reply(s)[0]) == 413
    # With Expect no byte is asked for.
    with connect() as s:
        s.sendall(f"{head}Expect: 100-continue\r\nContent-Length: 70000\r\n\r\n".encode())
        assert status(until_closed(s)) == 413
    # Never announced: cut off.
    with connect() as s:
        s.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        sent = 0
        try:
            while sent < 20_000_000:
                s.sendall(b"10000\r\n" + b"[" * 65536 + b"\r\n")
                sent += 65536
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent < 20_000_000, "all of it was read"
    served()


def multipart(parts, boundary="xyz", end=True, path="/api/v1/firmware", key=KEY):
    body = b""
    for head, data in parts:
        body += f"--{boundary}\r\n{head}\r\n\r\n".encode() + data + b"\r\n"
    if end:
        body += f"--{boundary}--\r\n".encode()
    head = (f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: multipart/form-data; boundary={boundary}\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    return exchange(head.encode() + body)


def uploads():
    version = ('Content-Disposition: form-data; name="version"', b"v9.0.0t23701(a)")
    image = 'Content-Disposition: form-data; name="image"; filename="i.bin"'
    nameless = ("Content-Disposition: form-data", b"x")
    data = os.urandom(40000)
    reply = multipart([version, nameless])
    assert status(reply) == 400 and b"without a name" in reply
    reply = multipart([version] * 10000)
    assert status(reply) == 400, reply[:300]
    reply = multipart([version, (image, data)], end=False)
    assert status(reply) == 400 and b"cut off" in reply
    assert status(multipart([])) == 400
    assert status(multipart([version, (image, b"")])) in (400, 422)
    assert status(multipart([version, (image, data), (image, data)])) in (400, 422)
    assert status(multipart([version, (image, data)], key="wrong" * 9)) == 401
    reply = exchange(f"POST /api/v1/firmware HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
                     "Content-Type: text/plain\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi".encode())
    assert status(reply) == 415
    # Gone in the middle: nothing is stored, and others are served.
    with connect() as s:
        s.sendall(f"POST /api/v1/firmware HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
                  "Content-Type: multipart/form-data; boundary=q\r\nContent-Length: 900000\r\n\r\n"
                  f"--q\r\n{image}\r\n\r\n".encode() + data)
    served()
    assert [f["version"] for f in api("GET", "/firmware")["items"]] == [VERSION]


# --- slow and many ---------------------------------------------------------

def idle_crowd():
    crowd = [connect() for _ in range(1000)]
    served()
    for s in crowd[::100]:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert one_reply(s)[0] == 200
    for s in crowd:
        s.close()
    served()


def drip():
    """One byte now and then does not keep a connection: it ends within the 15 s for a head."""
    begin = time.monotonic()
    with connect() as s:
        try:
            for byte in b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 10000:
                s.sendall(bytes([byte]))
                time.sleep(0.2)
                assert time.monotonic() - begin < 20, "it goes on for ever"
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert time.monotonic() - begin > 10


# --- images and what became of them ----------------------------------------

def poll(mac, version="v1.0.0t23701(a)"):
    return ("GET /arduino/23701/update HTTP/1.0\r\nHost: localhost\r\n"
            "User-Agent: ESP8266-http-Update\r\nConnection: close\r\n"
            f"x-ESP8266-STA-MAC: {mac}\r\nx-ESP8266-free-space: 2000000\r\n"
            "x-ESP8266-chip-size: 4194304\r\nx-ESP8266-mode: sketch\r\n"
            f"x-ESP8266-version: {version}\r\n\r\n").encode()


def events(mac):
    path = f"/devices/{mac.replace(':', '')}/history"
    try:
        return [e["kind"] for e in api("GET", path)["items"]]
    except urllib.error.HTTPError:      # not enrolled yet
        return []


def delivered(url, mac):
    reply = exchange(poll(mac), url)
    assert status(reply) == 200
    head, body = reply.split(b"\r\n\r\n", 1)
    assert hashlib.md5(body).hexdigest().encode() in head
    assert b"Connection: close" in head and b"chunked" not in head
    wait_for(lambda: "delivered" in events(mac))
    assert "transfer_broken" not in events(mac)


def broken(url, mac):
    """Closes after a third. What is in its kernel then is not delivered."""
    with connect(url, rcvbuf=4096) as s:
        s.sendall(poll(mac))
        s.recv(2000)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for(lambda: "transfer_broken" in events(mac))
    assert "delivered" not in events(mac)


def held(url, mac):
    """Never reads: neither delivered nor broken while it stands."""
    s = connect(url, rcvbuf=4096)
    s.sendall(poll(mac))
    wait_for(lambda: "taken" in events(mac))
    served()
    assert not {"delivered", "transfer_broken"} & set(events(mac))
    return s


def transfers():
    for i, url in enumerate((HTTP, HTTPS)):
        delivered(url, f"AA:BB:CC:00:0{i}:01")
        broken(url, f"AA:BB:CC:00:0{i}:02")
    lazy = [held(url, f"AA:BB:CC:00:0{i}:03") for i, url in enumerate((HTTP, HTTPS))]
    for i, s in enumerate(lazy):
        mac = f"AA:BB:CC:00:0{i}:03"
        total = len(until_closed(s))            # … and then it does, to the end
        assert total > 300000
        wait_for(lambda: "delivered" in events(mac))


def tls_sessions():
    context = ssl.create_default_context(cafile=CA)
    for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.maximum_version = newest
        session = None
        for turn in range(2):
            raw = socket.create_connection(address(HTTPS), PATIENCE)
            with context.wrap_socket(raw, server_hostname="localhost", session=session) as s:
                s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert one_reply(s)[0] == 200
                session = s.session
                assert s.session_reused == (turn == 1), newest
                assert "AES" in s.cipher()[0] and "GCM" in s.cipher()[0]
    warnings.simplefilter("ignore", DeprecationWarning)
    old = ssl.create_default_context(cafile=CA)
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    try:
        old.wrap_socket(socket.create_connection(address(HTTPS), PATIENCE), server_hostname="localhost")
        raise AssertionError("TLS 1.1 was accepted")
    except (ssl.SSLError, ConnectionResetError):
        pass
    # Not TLS at all.
    with socket.create_connection(address(HTTPS), PATIENCE) as s:
        s.sendall(b"GET / HTTP/1.1\r\n\r\n")
        until_closed(s)
    served()


def main():
    slow = threading.Thread(target=lambda: results.append(run(drip)))
    results = []
    slow.start()
    for story in (targets, methods, http10_closes, keep_alive, ambiguous_framing, long_lines,
                  too_large, uploads, idle_crowd, transfers, tls_sessions):
        results.append(run(story))
    slow.join()
    sys.exit(0 if all(results) else 1)


def run(story):
    try:
        story()
        print("ok", story.__name__)
        return True
    except Exception as problem:                    # pylint: disable=broad-except
        import traceback
        print("FAILED", story.__name__, repr(problem))
        traceback.print_exc()
        return False


main()
