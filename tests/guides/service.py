# SPDX-License-Identifier: Apache-2.0
"""A service behind a gateway, on 127.0.0.1: it says what it was told of the caller. Usage: service.py PORT"""
import http.server
import sys

TOLD = ("Troth-Device", "Troth-Segment", "Authorization", "DPoP")


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        told = tuple(self.headers.get(name, "") for name in TOLD)
        body = ("points for %s of %s%s%s\n" % told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
