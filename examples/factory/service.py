#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A service of the factory: service.py SOCKET

Keeps the last document that was sent to each path (POST, PUT) and shows it (GET). It stands
behind a gateway, on a socket nobody else reaches, so it knows nothing of certificates and
tokens: who calls is in the headers Troth-Device and Troth-Segment, which the gateway sets."""
import http.server
import json
import socketserver
import sys

LONGEST = 64 * 1024
documents = {}


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, document):
        body = json.dumps(document).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path in documents:
            self.answer(200, documents[self.path])
        else:
            self.answer(404, {"error": "nothing was sent here yet"})

    def do_PUT(self):
        length = int(self.headers.get("Content-Length", "0"))
        if length > LONGEST:
            self.close_connection = True
            self.answer(413, {"error": "too long"})
            return
        sender = f'{self.headers["Troth-Segment"]}/{self.headers["Troth-Device"]}'
        try:
            document = {"from": sender, "value": json.loads(self.rfile.read(length))}
        except ValueError:
            self.answer(400, {"error": "no JSON"})
            return
        documents[self.path] = document
        self.answer(200, document)

    do_POST = do_PUT

    def address_string(self):
        return "gateway"


if __name__ == "__main__":
    with socketserver.UnixStreamServer(sys.argv[1], Service) as server:
        server.serve_forever()
