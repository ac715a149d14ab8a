# SPDX-License-Identifier: Apache-2.0
"""What Envoy would ask the verifier, from the configuration that Envoy would have.

Envoy itself is in no package that the tests can have. This follows its documentation where the
verifier sees the difference: headers are sanitised, the certificate is put into
x-forwarded-client-cert, and the HTTP service of ext_authz gets the request's own method, Host and
path under a prefix, an empty body and the allowed headers. Usage: envoy_gateway.py envoy.yaml
"""
import hashlib
import http.client
import http.server
import ssl
import sys
import urllib.parse

import yaml

# Sent to an HTTP authorization service whatever allowed_headers says (ext_authz.proto).
ALWAYS = {"host", "authorization"}
HOP = {"host", "connection", "content-length", "transfer-encoding"}


def filter_of(hcm, name):
    return next(f["typed_config"] for f in hcm["http_filters"] if f["name"] == name)


def patterns(matcher):
    return {p["exact"].lower() for p in matcher["patterns"]}


def address_of(cluster):
    endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    address = endpoint["address"]["socket_address"]
    return address["address"], address["port_value"]


class Configuration:
    def __init__(self, path):
        resources = yaml.safe_load(open(path))["static_resources"]
        listener = resources["listeners"][0]
        chain = listener["filter_chains"][0]
        self.listen = listener["address"]["socket_address"]
        self.downstream = chain["transport_socket"]["typed_config"]
        hcm = chain["filters"][0]["typed_config"]
        host = hcm["route_config"]["virtual_hosts"][0]
        self.domains, self.removed = host["domains"], set(host["request_headers_to_remove"])
        self.sanitize = hcm["forward_client_cert_details"] == "SANITIZE_SET"
        self.details = hcm["set_current_client_cert_details"]
        authz = filter_of(hcm, "envoy.filters.http.ext_authz")
        service = authz["http_service"]
        self.allowed = ALWAYS | patterns(authz["allowed_headers"])
        self.on_error = {"ServiceUnavailable": 503}[authz["status_on_error"]["code"]]
        self.prefix = service["path_prefix"]
        self.added = service["authorization_request"]["headers_to_add"]
        answer = service["authorization_response"]
        self.upstream_headers = patterns(answer["allowed_upstream_headers"])
        self.client_headers = patterns(answer["allowed_client_headers"])
        self.success_headers = patterns(answer["allowed_client_headers_on_success"])
        clusters = {c["name"]: c for c in resources["clusters"]}
        self.verifier = clusters[service["server_uri"]["cluster"]]
        self.service = address_of(clusters[host["routes"][0]["route"]["cluster"]])

    def server_context(self):
        tls = self.downstream["common_tls_context"]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = getattr(ssl.TLSVersion, tls["tls_params"]["tls_minimum_protocol_version"])
        pair = tls["tls_certificates"][0]
        context.load_cert_chain(pair["certificate_chain"]["filename"], pair["private_key"]["filename"])
        validation = tls["validation_context"]
        for file in (validation["trusted_ca"], validation["crl"]):
            context.load_verify_locations(file["filename"])
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
        required = self.downstream["require_client_certificate"]
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        context.num_tickets = 0 if self.downstream["disable_stateless_session_resumption"] else 2
        return context

    def verifier_connection(self):
        tls = self.verifier["transport_socket"]["typed_config"]["common_tls_context"]
        context = ssl.create_default_context(cafile=tls["validation_context"]["trusted_ca"]["filename"])
        context.maximum_version = getattr(ssl.TLSVersion, tls["tls_params"]["tls_maximum_protocol_version"])
        return http.client.HTTPSConnection(*address_of(self.verifier), context=context, timeout=10)


def forwarded_client_cert(der):
    """By is of Envoy's own certificate where that has a URI; Hash is always there."""
    pem = ssl.DER_cert_to_PEM_cert(der)
    escaped = urllib.parse.quote(pem, safe="-")
    return 'Hash=%s;Cert="%s"' % (hashlib.sha256(der).hexdigest(), escaped)


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    config = None

    def log_message(self, *args):
        pass

    def request_headers(self):
        """As filters see them: lower case, two of a name joined, what may not be trusted replaced."""
        headers = {}
        for name, value in self.headers.items():
            name = name.lower()
            headers[name] = headers[name] + "," + value if name in headers else value
        headers["x-forwarded-proto"] = "https"
        if self.config.sanitize:
            headers.pop("x-forwarded-client-cert", None)
        der = self.connection.getpeercert(binary_form=True)
        if der and self.config.details["cert"]:
            headers["x-forwarded-client-cert"] = forwarded_client_cert(der)
        return headers

    def check(self, headers):
        """The verifier's answer, or None."""
        asked = {n: v for n, v in headers.items() if n in self.config.allowed}
        asked.update({"content-length": "0", "x-envoy-internal": "true", "x-forwarded-for": "127.0.0.1",
                      "x-envoy-expected-rq-timeout-ms": "2000"})
        asked.update({h["key"]: h["value"] for h in self.config.added})
        connection = self.config.verifier_connection()
        try:
            connection.putrequest(self.command, self.config.prefix + self.path, skip_host=True,
                                  skip_accept_encoding=True)
            for name, value in asked.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            answer.read()
            return answer
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def reply(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def pass_on(self, headers, answer):
        sent = {n: v for n, v in headers.items() if n not in HOP and n not in self.config.removed}
        sent.update({n.lower(): v for n, v in answer.getheaders() if n.lower() in self.config.upstream_headers})
        connection = http.client.HTTPConnection(*self.config.service, timeout=10)
        connection.request(self.command, self.path, headers=sent)
        body = connection.getresponse().read()
        self.reply(200, self.of(answer, self.config.success_headers), body)
        connection.close()

    @staticmethod
    def of(answer, names):
        return [(n, v) for n, v in answer.getheaders() if n.lower() in names]

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = self.request_headers()
        answer = self.check(headers)
        if answer is None or answer.status >= 500:
            self.reply(self.config.on_error)
        elif answer.status != 200:
            self.reply(answer.status, self.of(answer, self.config.client_headers))
        elif headers["host"] not in self.config.domains:
            self.reply(404)
        else:
            self.pass_on(headers, answer)

    do_GET = do_POST = do_DELETE = answer


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, config):
        super().__init__((config.listen["address"], config.listen["port_value"]), Gateway)
        self.context = config.server_context()

    def finish_request(self, request, client_address):
        try:
            with self.context.wrap_socket(request, server_side=True) as secured:
                self.RequestHandlerClass(secured, client_address, self)
        except ssl.SSLError as error:
            print("refused:", error.reason, flush=True)

    def shutdown_request(self, request):
        pass


if __name__ == "__main__":
    Gateway.config = Configuration(sys.argv[1])
    Server(Gateway.config).serve_forever()
