/* SPDX-License-Identifier: Apache-2.0 */
#include "outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"

const char *troth_ending_name(enum troth_ending ending)
{
	switch (ending) {
	case TROTH_ENDED_WELL: return "issued";
	case TROTH_ENDED_REFUSED: return "refused";
	case TROTH_ENDED_UNREACHED: return "unreachable";
	case TROTH_ENDED_PENDING: return "pending";
	case TROTH_ENDED_TPM: return "tpm";
	}
	return "unknown";
}

void troth_outcome_set(struct troth_outcome *o, enum troth_ending ending, const char *format,
		       ...)
{
	char raw[sizeof o->text];
	size_t n = 0;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	o->ending = ending;
	o->reason[0] = '\0';
	for (const char *c = raw; *c != '\0' && n + 5 < sizeof o->text; c++) {
		if (*c >= ' ' && *c < 0x7f)
			o->text[n++] = *c;
		else
			n += (size_t)snprintf(o->text + n, 5, "\\x%02x", (unsigned char)*c);
	}
	o->text[n] = '\0';
}

void troth_outcome_reason(struct troth_outcome *o, const char *code)
{
	const size_t n = strlen(code);

	o->reason[0] = '\0';
	if (n < sizeof o->reason && strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == n)
		memcpy(o->reason, code, n + 1);
}
