#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A webhook's receiver. What comes is checked by Python's own HMAC and Ed25519 and kept, a line each.

receiver.py DIR PORT: DIR holds r.crt and r.key (TLS), secret, ed.pub, and `mode`, read at each call:
ok, down (503), redirect, long (a byte more than is taken of an answer), longest (none more), hang. Writes DIR/port and DIR/got."""
import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import ssl
import sys
import time

from cryptography.hazmat.primitives.serialization import load_pem_public_key

here = pathlib.Path(sys.argv[1])
secret = base64.b64decode((here / 'secret').read_text().strip().removeprefix('whsec_'))
key = load_pem_public_key((here / 'ed.pub').read_bytes())


def mode():
    return (here / 'mode').read_text().strip()


def good(headers, body):
    """Standard Webhooks 1.0.0: id, time and body, signed in both ways."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    found = dict(s.split(',', 1) for s in headers['webhook-signature'].split(' '))
    mac = hmac.new(secret, signed, hashlib.sha256).digest()
    key.verify(base64.b64decode(found['v1a']), signed)
    fresh = abs(time.time() - int(headers['webhook-timestamp'])) < 300
    return hmac.compare_digest(base64.b64decode(found['v1']), mac) and fresh


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def answer(self, status, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def long(self, n):
        self.send_response(200)
        self.send_header('Content-Length', str(n))
        self.end_headers()
        self.wfile.write(b'x' * n)

    def do_POST(self):
        body = self.rfile.read(int(self.headers['content-length']))
        headers = {k.lower(): v for k, v in self.headers.items()}
        match mode():
            case 'down':
                return self.answer(503, ('Retry-After', '1'))
            case 'redirect':
                return self.answer(307, ('Location', '/elsewhere'))
            case 'long':
                return self.long(64 * 1024 + 1)  # TROTH_WEBHOOK_ANSWER_MAX, and one
            case 'hang':
                time.sleep(3600)
        line = {'path': self.path, 'good': good(headers, body), 'id': headers['webhook-id'],
                'timestamp': headers['webhook-timestamp'], 'signature': headers['webhook-signature'],
                'text': body.decode(), 'body': json.loads(body)}
        with open(here / 'got', 'a', encoding='ascii') as got:
            got.write(json.dumps(line) + '\n')
        return self.long(64 * 1024) if mode() == 'longest' else self.answer(204)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(('127.0.0.1', int(sys.argv[2])), Receiver)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(here / 'r.crt', here / 'r.key')
server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
(here / 'port').write_text(str(server.server_port))
server.serve_forever()
