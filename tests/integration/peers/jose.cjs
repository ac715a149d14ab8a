// SPDX-License-Identifier: Apache-2.0
/* What the verifier publishes and a device presents, read by `jose` and node's X.509, which know
 * nothing of Troth: attestation result, one-time proof, status feed, SPIFFE bundle.
 *
 *   NODE_PATH=... node jose.cjs DIR TRUST_DOMAIN DEVICE URL NONCE
 *
 * DIR holds keys.json, bundle.json, status, ear.jwt, cert.pem, and two proofs of GET URL as the
 * attester prints them with --format json: proof.json, and proof-again.json.
 */
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const jose = require('jose');

const [dir, domain, device, url, nonce] = process.argv.slice(2);
const text = (name) => fs.readFileSync(`${dir}/${name}`, 'utf8');
const json = (name) => JSON.parse(text(name));
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('base64url');
const spiffeId = `spiffe://${domain}/${device}`;
const issuer = `spiffe://${domain}`;
const keys = jose.createLocalJWKSet(json('keys.json'));
const ear = text('ear.jwt').trim();
const algorithms = ['ES256'];

/* With another payload under the same signature. */
const forged = (jwt) => {
	const parts = jwt.split('.');
	parts[1] = (parts[1][0] === 'e' ? 'f' : 'e') + parts[1].slice(1);
	return parts.join('.');
};
const unsigned = (jwt, header) =>
	[jose.base64url.encode(JSON.stringify(header)), jwt.split('.')[1], ''].join('.');
const refused = (promise, name, code) =>
	assert.rejects(promise, (e) => e.code === code || assert.fail(`${name}: ${e.code} ${e.message}`));

const checks = {
	async 'an attestation result is a JWT that jose verifies'() {
		const { payload, protectedHeader } = await jose.jwtVerify(ear, keys, {
			algorithms, issuer, subject: spiffeId, typ: 'eat+jwt',
			requiredClaims: ['iat', 'exp', 'jti', 'cnf', 'eat_profile', 'submods'],
		});
		const set = json('keys.json').keys;
		assert.ok(set.some((k) => k.kid === protectedHeader.kid));
		for (const key of set)
			assert.equal(await jose.calculateJwkThumbprint(key), key.kid);
		assert.equal(payload.submods.tpm['ear.status'], 'affirming');
		assert.equal(payload.troth_segment, device.split('/')[0]);
		assert.equal(await jose.calculateJwkThumbprint(payload.cnf.jwk), payload.cnf.jkt);
	},
	async 'and refuses when anything is wrong with it'() {
		const now = (s) => ({ algorithms, currentDate: new Date(s * 1000) });
		const { exp } = jose.decodeJwt(ear);
		await jose.jwtVerify(ear, keys, now(exp - 1));
		await refused(jose.jwtVerify(ear, keys, now(exp)), 'expired', 'ERR_JWT_EXPIRED');
		await refused(jose.jwtVerify(forged(ear), keys, { algorithms }), 'forged',
			'ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
		await refused(jose.jwtVerify(unsigned(ear, { alg: 'none' }), keys, { algorithms }), 'none',
			'ERR_JOSE_ALG_NOT_ALLOWED');
		await refused(jose.jwtVerify(ear, keys, { algorithms, issuer: 'spiffe://other' }), 'issuer',
			'ERR_JWT_CLAIM_VALIDATION_FAILED');
		await refused(jose.jwtVerify(ear, jose.createLocalJWKSet({ keys: [] }), { algorithms }), 'no key',
			'ERR_JWKS_NO_MATCHING_KEY');
	},
	async 'the certificate carries its digest'() {
		const certificate = new crypto.X509Certificate(text('cert.pem'));
		const digest = crypto.createHash('sha256').update(ear).digest();
		assert.ok(certificate.raw.includes(digest));
		assert.equal(certificate.subjectAltName, `URI:${spiffeId}`);
	},
	async 'a proof is a DPoP proof that jose verifies'() {
		const { token, proof } = json('proof.json');
		const { payload, protectedHeader } = await jose.jwtVerify(proof, jose.EmbeddedJWK, {
			algorithms, typ: 'dpop+jwt', maxTokenAge: '60s', clockTolerance: '5s',
			requiredClaims: ['htm', 'htu', 'iat', 'jti', 'ath', 'nonce'],
		});
		assert.equal(payload.htm, 'GET');
		assert.equal(payload.htu, url);
		assert.equal(payload.nonce, nonce);
		assert.equal(payload.ath, sha256(token));
		assert.equal(await jose.calculateJwkThumbprint(protectedHeader.jwk), jose.decodeJwt(token).cnf.jkt);
		assert.equal(protectedHeader.jwk.d, undefined);
		assert.notEqual(payload.jti, jose.decodeJwt(json('proof-again.json').proof).jti);
		await refused(jose.jwtVerify(forged(proof), jose.EmbeddedJWK, { algorithms }), 'forged',
			'ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
	},
	async 'the status feed is a JWS over a list'() {
		const feed = text('status');
		const end = feed.indexOf('\n');
		const { payload } = await jose.jwtVerify(feed.slice(0, end), keys,
			{ algorithms, issuer, typ: 'troth-status+jwt' });
		assert.equal(payload.list_sha256, sha256(feed.slice(end + 1)));
		assert.ok(feed.slice(end + 1).includes(`${device} healthy\n`));
	},
	/* SPIFFE Trust Domain and Bundle, 4; X509-SVID, 2, 6. */
	async 'the SPIFFE bundle is one'() {
		const bundle = json('bundle.json');
		assert.ok(Number.isSafeInteger(bundle.spiffe_sequence) && bundle.spiffe_sequence >= 0);
		assert.ok(Number.isSafeInteger(bundle.spiffe_refresh_hint) && bundle.spiffe_refresh_hint > 0);
		assert.ok(bundle.keys.length > 0);
		for (const key of bundle.keys) {
			/* Results are no JWT-SVIDs: a key of theirs here would be one to take them by. */
			assert.equal(key.use, 'x509-svid');
			assert.equal(key.kid, undefined);
			assert.equal(key.d, undefined);
			assert.equal(key.x5c.length, 1);
			const authority = new crypto.X509Certificate(Buffer.from(key.x5c[0], 'base64'));
			assert.equal(authority.ca, true);
			assert.ok(authority.verify(authority.publicKey) && authority.checkIssued(authority));
			const own = await jose.exportJWK(authority.publicKey);
			const { kty, crv, x, y } = key;
			assert.deepEqual({ ...own }, { kty, crv, x, y });
			await jose.importJWK(key, 'ES256');
			await jose.importX509(authority.toString(), 'ES256');
		}
	},
	async 'and leads to every link of a device\'s chain'() {
		const chain = text('cert.pem').match(/-----BEGIN[^]+?END CERTIFICATE-----/g)
			.map((pem) => new crypto.X509Certificate(pem));
		const anchors = json('bundle.json').keys
			.map((key) => new crypto.X509Certificate(Buffer.from(key.x5c[0], 'base64')));
		chain.forEach((link, i) => {
			const above = i + 1 < chain.length ? [chain[i + 1]] : anchors;
			assert.ok(above.some((ca) => ca.ca && link.checkIssued(ca) && link.verify(ca.publicKey)), `link ${i}`);
		});
		assert.equal(chain[0].ca, false);
	},
};

(async () => {
	for (const [name, check] of Object.entries(checks)) {
		try {
			await check();
			console.log(`- ${name}`);
		} catch (e) {
			console.log(`WRONG: ${name}: ${e.stack}`);
			process.exitCode = 1;
		}
	}
})();
