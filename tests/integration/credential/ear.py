# SPDX-License-Identifier: Apache-2.0
"""Other people's JSON, CBOR and cryptography on our results, and ours on theirs.

usage: ear.py EAR_PEER DIR. JWT by the standard library, CBOR by cbor2, ECDSA by cryptography
(python3-cbor2, python3-cryptography). Exit 77: a library is missing."""
import base64
import copy
import hashlib
import json
import os
import subprocess
import sys

try:
    import cbor2
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PEER, DIR = sys.argv[1:3]
ES256 = ec.ECDSA(hashes.SHA256())


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(name):
    with open(os.path.join(DIR, name), "rb") as f:
        return f.read()


def point(x, y):
    return ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()).public_key()


def verify(key, signature, message):
    r, s = (int.from_bytes(signature[i:i + 32], "big") for i in (0, 32))
    key.verify(utils.encode_dss_signature(r, s), message, ES256)


def sign(key, message):
    r, s = utils.decode_dss_signature(key.sign(message, ES256))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def thumbprint(x, y):
    jwk = {"crv": "P-256", "kty": "EC", "x": b64(x), "y": b64(y)}
    return hashlib.sha256(json.dumps(jwk, separators=(",", ":")).encode()).digest()


def check_jwt(name, key, kid):
    head, body, signature = read(name).decode().split(".")
    header = json.loads(unb64(head))
    assert header == {"alg": "ES256", "typ": "eat+jwt", "kid": b64(kid)}, header
    verify(key, unb64(signature), f"{head}.{body}".encode())
    return json.loads(unb64(body))


def check_cwt(name, key, kid):
    sign1 = cbor2.loads(read(name))
    assert sign1.tag == 18
    protected, unprotected, payload, signature = sign1.value
    assert cbor2.loads(protected) == {1: -7, 4: kid, 16: "application/eat+cwt"}
    assert unprotected == {}
    verify(key, signature, cbor2.dumps(["Signature1", protected, b"", payload]))
    claims = cbor2.loads(payload)
    assert cbor2.dumps(claims, canonical=True) == payload or \
        sorted(claims, key=cbor2.dumps) == list(claims), "keys out of order"
    return claims


def check_claims(dot):
    names = {True: "ear.", False: "ear_"}[dot]
    jwt = check_jwt("result.jwt" if dot else "draft.jwt", KEY, KID)
    cwt = check_cwt("result.cwt" if dot else "draft.cwt", KEY, KID)
    profile = "tag:github.com,2023:veraison/ear" if dot else "tag:ietf.org,2026:rats/ear#03"
    assert jwt["eat_profile"] == cwt[265] == profile
    assert jwt["sub"] == cwt[2] == "spiffe://example.org/plant/pump-1"
    assert jwt["iss"] == cwt[1] == "spiffe://example.org"
    assert jwt["exp"] == cwt[4] == jwt["iat"] + 900 == cwt[6] + 900
    assert unb64(jwt["jti"]) == cwt[7]
    assert unb64(jwt["eat_nonce"]) == cwt[10] == b"a nonce of somebody"
    assert jwt["troth_segment"] == cwt[-75001] == "plant"
    dash = "-" if dot else "_"
    assert jwt[f"{names}verifier{dash}id"] == {"developer": "Troth", "build": "troth-verifier 0.1"}
    assert cwt[1004] == {0: "Troth", 1: "troth-verifier 0.1"}
    x, y = (unb64(jwt["cnf"]["jwk"][c]) for c in "xy")
    assert unb64(jwt["cnf"]["jkt"]) == thumbprint(x, y)
    assert cwt[8] == {1: {1: 2, -1: 1, -2: x, -3: y}}
    js, cs = jwt["submods"]["tpm"], cwt[266]["tpm"]
    assert js[f"{names}status"] == "warning" and cs[1000] == 32
    assert js[f"{names}trustworthiness{dash}vector"] == {
        "instance-identity": 2, "configuration": -40, "executables": 3, "hardware": 32}
    assert cs[1001] == {0: 2, 1: -40, 2: 3, 4: 32}
    policy = "plant@sha256:00"
    assert js["ear.appraisal-policy-id" if dot else "ear_appraisal_policy_ids"] == \
        (policy if dot else [policy])
    assert cs[1003] == (policy if dot else [policy])
    assert unb64(js["eat_nonce"]) == cs[10] == b"\xee" * 32
    assert unb64(js["ear.veraison.key-attestation"]["akpub"]) == cs[-70002]["akpub"]
    return jwt, cwt


def ours(keys, result):
    path = os.path.join(DIR, "theirs")
    with open(path, "wb") as f:
        f.write(result)
    got = subprocess.run([PEER, "read", keys, path], stdout=subprocess.PIPE, check=False)
    return got.returncode, got.stdout.decode().strip()


def theirs(jwt, cwt):
    """A key, a JWT and a CWT of python's; and what must not be taken."""
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    x, y = (n.to_bytes(32, "big") for n in (numbers.x, numbers.y))
    kid = thumbprint(x, y)
    keys = os.path.join(DIR, "their-keys.json")
    jwks = {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"},
                     {"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y), "kid": b64(kid)}]}
    with open(keys, "w", encoding="ascii") as f:
        json.dump(jwks, f)

    def as_jwt(claims, alg="ES256"):
        head = b64(json.dumps({"typ": "eat+jwt", "kid": b64(kid), "alg": alg}).encode())
        body = f"{head}.{b64(json.dumps(claims).encode())}"
        return f"{body}.{b64(sign(key, body.encode()))}".encode()

    def as_cwt(claims, alg=-7, **options):
        protected = cbor2.dumps({16: "application/eat+cwt", 4: kid, 1: alg})
        payload = cbor2.dumps(claims, **options)
        tbs = cbor2.dumps(["Signature1", protected, b"", payload])
        return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, sign(key, tbs)]))

    want = f"{jwt['sub']} plant {jwt['exp']} warning {unb64(jwt['cnf']['jkt']).hex()}"
    assert ours(keys, as_jwt(jwt)) == (0, want)
    assert ours(keys, as_cwt(cwt)) == (0, want)
    assert ours(keys, as_jwt(jwt, "none"))[0] == 1
    assert ours(keys, as_cwt(cwt, -35))[0] == 1
    deep = copy.deepcopy(cwt)
    deep[-80000] = [[[[[[[[[[]]]]]]]]]]
    assert ours(keys, as_cwt(deep)) == (1, "refused: limit")
    late = copy.deepcopy(jwt)
    late["exp"] = jwt["exp"] + 0.5
    assert ours(keys, as_jwt(late))[0] == 1
    assert ours(os.path.join(DIR, "keys.json"), as_jwt(jwt)) == (1, "refused: not-found")


subprocess.run([PEER, "write", DIR], check=True)
jwks = json.loads(read("keys.json"))["keys"]
assert len(jwks) == 1 and jwks[0]["use"] == "sig" and jwks[0]["alg"] == "ES256"
X, Y = unb64(jwks[0]["x"]), unb64(jwks[0]["y"])
KID, KEY = thumbprint(X, Y), point(X, Y)
assert unb64(jwks[0]["kid"]) == KID
assert cbor2.loads(read("keys.cbor")) == [{1: 2, 2: KID, 3: -7, -1: 1, -2: X, -3: Y}]
deployed = check_claims(True)
check_claims(False)
theirs(*deployed)
try:
    verify(point(X, Y), unb64(read("result.jwt").decode().split(".")[2]), b"something else")
    sys.exit("the peer verifies anything")
except InvalidSignature:
    pass
print("python reads ours, and we read python's")
