// SPDX-License-Identifier: Apache-2.0
// What the receiver got, before the library that the standard's own authors publish.
//   verify.cjs SECRET GOT: every message verifies, and none does that was changed
const { readFileSync } = require('fs');
const { Webhook } = require('standardwebhooks');

const hook = new Webhook(readFileSync(process.argv[2], 'utf8').trim());
let wrong = 0;

function verifies(text, headers) {
	try {
		hook.verify(text, headers);
		return true;
	} catch (_) {
		return false;
	}
}

const lines = readFileSync(process.argv[3], 'utf8').trim().split('\n').map((l) => JSON.parse(l));
for (const m of lines) {
	const headers = { 'webhook-id': m.id, 'webhook-timestamp': m.timestamp, 'webhook-signature': m.signature };
	const cases = [
		[true, 'as it came', m.text, headers],
		[false, 'another body', m.text.replace('seq', 'seQ'), headers],
		[false, 'another id', m.text, { ...headers, 'webhook-id': m.id + '0' }],
		[false, 'another time', m.text, { ...headers, 'webhook-timestamp': String(Number(m.timestamp) - 1) }],
		[false, 'a day later', m.text, { ...headers, 'webhook-timestamp': String(Number(m.timestamp) - 86400) }],
		[false, 'no signature', m.text, { ...headers, 'webhook-signature': 'v1,AAAA' }],
	];
	for (const [want, what, text, h] of cases)
		if (verifies(text, h) !== want) {
			console.log(`${m.id}, ${what}: ${want ? 'refused' : 'taken'}`);
			wrong++;
		}
}
console.log(`${lines.length} messages`);
process.exit(wrong === 0 && lines.length > 0 ? 0 : 1);
