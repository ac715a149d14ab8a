# SPDX-License-Identifier: Apache-2.0
# Connections held over a change of the TLS certificate, for tls_reload.sh:
#   held.py PORT CA DIRECTORY
# One is idle, one has sent half a request. When DIRECTORY/changed is there, new connections get
# another certificate and the held ones still answer: that is checked, and the exit code says it.
import os
import socket
import ssl
import sys
import time

port, ca, directory = int(sys.argv[1]), sys.argv[2], sys.argv[3]
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /v1/challenge HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 34\r\n\r\n"
BODY = b"\x0a\x20" + bytes(32)


def connect():
    context = ssl.create_default_context(cafile=ca)
    raw = socket.create_connection(("127.0.0.1", port), timeout=60)
    return context.wrap_socket(raw, server_hostname="localhost")


def answer(connection):
    text = b""
    while b"\r\n\r\n" not in text:
        more = connection.recv(65536)
        if not more:
            sys.exit("the connection was closed; so far: %r" % text)
        text += more
    head, _, body = text.partition(b"\r\n\r\n")
    length = [int(l.split(b":")[1]) for l in head.split(b"\r\n") if l.lower().startswith(b"content-length")]
    while len(body) < sum(length):
        body += connection.recv(65536)
    return int(head.split()[1])


def ask(connection, request):
    connection.sendall(request)
    return answer(connection)


idle, busy = connect(), connect()
before = idle.getpeercert(binary_form=True)
assert ask(idle, GET) == 200 and ask(busy, GET) == 200
busy.sendall(POST + BODY[:9])
open(os.path.join(directory, "held"), "w").close()

deadline = time.monotonic() + 60
while not os.path.exists(os.path.join(directory, "changed")) or connect().getpeercert(binary_form=True) == before:
    if time.monotonic() > deadline:
        sys.exit("no new certificate")
    time.sleep(0.05)
busy.sendall(BODY[9:])
status = answer(busy)
assert status == 200, status
assert ask(busy, GET) == 200 and ask(idle, GET) == 200
assert idle.getpeercert(binary_form=True) == before
print("kept")
