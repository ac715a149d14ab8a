/* SPDX-License-Identifier: Apache-2.0 */
#include "message_log.h"

#include <inttypes.h>
#include <string.h>

#include "hash.h"
#include "log.h"
#include "text.h"
#include "wire.h"

/* Hex of a digest, "-" for none. */
static void show_digest(ProtobufCBinaryData d, char out[2 * TROTH_DIGEST_MAX + 1])
{
	if (d.len == 0 || d.len > TROTH_DIGEST_MAX)
		memcpy(out, "-", 2);
	else
		troth_format_hex(troth_wire_view(d), out);
}

void troth_log_findings(Troth__V1__Finding *const *findings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const Troth__V1__Finding *f = findings[i];
		char seen[2 * TROTH_DIGEST_MAX + 1], expected[2 * TROTH_DIGEST_MAX + 1];
		show_digest(f->seen, seen);
		show_digest(f->expected, expected);
		troth_warn("finding",
			   "code=%s pcr=%" PRId32 " log_event=%" PRId32
			   " seen=%s expected=%s reference=\"%s\" detail=\"%s\"",
			   f->code, f->pcr, f->event, seen, expected, f->reference, f->detail);
	}
}
