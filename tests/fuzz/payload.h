/* SPDX-License-Identifier: Apache-2.0 */
/* What every decoder of an event's data must keep, whatever the data is. */
#ifndef TROTH_FUZZ_PAYLOAD_H
#define TROTH_FUZZ_PAYLOAD_H

#include <assert.h>
#include <string.h>

#include "event_text.h"
#include "untouched.h"

static inline void check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text >= ' ' && *text <= '~');
}

static inline void take_text(void *to, const char *name, const char *value)
{
	assert(strlen(name) > 0 && strlen(value) < TROTH_FIELD_MAX);
	check_text(value);
	++*(size_t *)to;
}

static inline void take_number(void *to, const char *name, uint64_t value)
{
	(void)value;
	assert(strlen(name) > 0);
	++*(size_t *)to;
}

/* Renders the data as an event of the type: printable, terminated, within its room. */
static inline void render(uint32_t type, const uint8_t *data, size_t size)
{
	const struct troth_event ev = { .type = type, .data = { data, size } };
	char text[TROTH_EVENT_LINE_MAX];
	size_t n = 0;
	const struct troth_fields sink = { take_text, take_text, take_number, &n };
	struct troth_line line = troth_line_make(text, sizeof text);
	troth_event_line(&ev, &line);
	assert(strlen(text) == line.n && line.n < sizeof text);
	check_text(text);
	line = troth_line_make(text, 5);
	troth_event_line(&ev, &line);
	assert(strlen(text) == line.n && line.n < 5);
	troth_event_fields(&ev, &sink);
}

#endif
