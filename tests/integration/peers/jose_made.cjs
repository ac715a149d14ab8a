// SPDX-License-Identifier: Apache-2.0
/* The other direction: results, proofs and a status feed that `jose` has made, before libtroth (the
 * example call_check). What a correct implementation makes is taken; each fault, made by software
 * that is good at making tokens, is refused for its own reason.
 *
 *   NODE_PATH=... node jose_made.cjs DIR CALL_CHECK TRUST_DOMAIN DEVICE URL
 *
 * DIR holds bundle.pem, crl.der, status and ear.jwt of a verifier. Its keys are replaced by ours.
 */
'use strict';
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const jose = require('jose');

const [dir, callCheck, domain, device, url] = process.argv.slice(2);
const segment = device.split('/')[0];
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('base64url');
const now = () => Math.floor(Date.now() / 1000);

const keyPair = async (alg = 'ES256') => {
	const { publicKey, privateKey } = await jose.generateKeyPair(alg);
	const jwk = await jose.exportJWK(publicKey);
	return { privateKey, jwk, id: await jose.calculateJwkThumbprint(jwk) };
};
const sign = (claims, header, key) => new jose.SignJWT(claims).setProtectedHeader(header).sign(key);

(async () => {
	const [verifier, session, stranger] = [await keyPair(), await keyPair(), await keyPair()];
	const p384 = await keyPair('ES384');
	const claims = jose.decodeJwt(fs.readFileSync(`${dir}/ear.jwt`, 'utf8').trim());
	claims.cnf = { jkt: session.id, jwk: session.jwk };
	const header = { alg: 'ES256', typ: 'eat+jwt', kid: verifier.id };

	const publish = async () => {
		const feed = fs.readFileSync(`${dir}/status`, 'utf8');
		const list = feed.slice(feed.indexOf('\n') + 1);
		const head = { ...jose.decodeJwt(feed.slice(0, feed.indexOf('\n'))), list_sha256: sha256(list) };
		const line = await sign(head, { alg: 'ES256', typ: 'troth-status+jwt', kid: verifier.id }, verifier.privateKey);
		fs.writeFileSync(`${dir}/status`, `${line}\n${list}`);
		fs.writeFileSync(`${dir}/keys.json`, JSON.stringify(
			{ keys: [{ ...verifier.jwk, kid: verifier.id, alg: 'ES256', use: 'sig' }] }));
	};

	const result = (more = {}, head = {}, key = verifier.privateKey) =>
		sign({ ...claims, ...more }, { ...header, ...head }, key);
	const good = await result();
	const proof = (more = {}, head = {}, key = session.privateKey, token = good) =>
		sign({ htm: 'GET', htu: url, iat: now(), jti: crypto.randomUUID(), ath: sha256(token), ...more },
			{ alg: 'ES256', typ: 'dpop+jwt', jwk: session.jwk, ...head }, key);
	const judged = (token, dpop) => {
		const run = spawnSync(callCheck, [domain, dir, segment, 'GET', url],
			{ input: `Authorization: DPoP ${token}\nDPoP: ${dpop}\n`, encoding: 'utf8' });
		return run.stdout.startsWith(`spiffe://${domain}/${device}\n`) ? 'admitted' : run.stdout.split(':')[0];
	};

	/* A result of this kind, with a proof that is right about it. */
	const results = {
		'as it should be': ['admitted', () => result()],
		'claims that nobody knows': ['admitted', () => result({ 'x-more': { deep: [1] } })],
		'expired by a second': ['token-expired', () => result({ iat: now() - 60, exp: now() - 1 })],
		'from the future': ['token-early', () => result({ iat: now() + 3600, exp: now() + 7200 })],
		'another type': ['token-malformed', () => result({}, { typ: 'JWT' })],
		'no type': ['token-malformed', () => result({}, { typ: undefined })],
		'an unknown key': ['token-key', () => result({}, { kid: stranger.id }, stranger.privateKey)],
		'a known key\'s name': ['token-signature', () => result({}, {}, stranger.privateKey)],
		'ES384': ['token-malformed', () => result({}, { alg: 'ES384' }, p384.privateKey)],
		'HMAC with the public key': ['token-malformed', () => result({}, { alg: 'HS256' },
			new TextEncoder().encode(JSON.stringify(verifier.jwk)))],
		'none': ['token-malformed', () => new jose.UnsecuredJWT(claims).encode()],
		'another domain': ['token-malformed', () => result({ sub: `spiffe://elsewhere.example/${device}` })],
		'another segment': ['token-malformed', () => result({ troth_segment: 'another' })],
		'no key to sign with': ['token-malformed', () => result({ cnf: undefined })],
		'a sick device': ['not-affirming', () => result({
			submods: { tpm: { ...claims.submods.tpm, 'ear.status': 'contraindicated',
				'ear.trustworthiness-vector': { executables: 96 } } },
		})],
	};
	const proofs = {
		'as it should be': ['admitted', () => proof()],
		'fields that nobody knows': ['admitted', () => proof({ more: 1 }, { x: 1 })],
		'sixty seconds old, nearly': ['admitted', () => proof({ iat: now() - 40 })],
		'too old': ['proof-time', () => proof({ iat: now() - 61 })],
		'from the future': ['proof-time', () => proof({ iat: now() + 120 })],
		'another method': ['proof-method', () => proof({ htm: 'POST' })],
		'another address': ['proof-url', () => proof({ htu: 'https://elsewhere.example/v1/points' })],
		'another result': ['proof-token', () => proof({ ath: sha256('another') })],
		'no result': ['proof-malformed', () => proof({ ath: undefined })],
		'no id': ['proof-malformed', () => proof({ jti: undefined })],
		'another key': ['proof-key', () => proof({}, { jwk: stranger.jwk }, stranger.privateKey)],
		'another key\'s signature': ['proof-signature', () => proof({}, {}, stranger.privateKey)],
		'another type': ['proof-malformed', () => proof({}, { typ: 'JWT' })],
		'another curve': ['proof-malformed', () => proof({}, { alg: 'ES384', jwk: p384.jwk }, p384.privateKey)],
		'its private key in it': ['proof-malformed', async () => proof({},
			{ jwk: await jose.exportJWK(session.privateKey) })],
		'none': ['proof-malformed', () => new jose.UnsecuredJWT({ htm: 'GET', htu: url, iat: now(), jti: 'a' }).encode()],
	};

	await publish();
	const check = (what, name, want, got) => {
		console.log(`${want === got ? '-' : 'WRONG:'} ${what}, ${name}: ${got}`);
		if (want !== got)
			process.exitCode = 1;
	};
	for (const [name, [want, make]] of Object.entries(results)) {
		const token = await make();
		check('a result', name, want, judged(token, await proof({}, {}, session.privateKey, token)));
	}
	for (const [name, [want, make]] of Object.entries(proofs))
		check('a proof', name, want, judged(good, await make()));
})();
