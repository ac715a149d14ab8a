/* SPDX-License-Identifier: Apache-2.0 */
#include "outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "text.h"

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
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	o->ending = ending;
	o->reason[0] = '\0';
	troth_escape(troth_view_str(raw), 0, o->text, sizeof o->text);
}

void troth_outcome_reason(struct troth_outcome *o, const char *code)
{
	const size_t n = strlen(code);

	o->reason[0] = '\0';
	if (n < sizeof o->reason && strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == n)
		memcpy(o->reason, code, n + 1);
}
