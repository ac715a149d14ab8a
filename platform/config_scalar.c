/* SPDX-License-Identifier: Apache-2.0 */
#include "config_scalar.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "text.h"

#define SHOWN_MAX 40

void troth_config_show(struct troth_view text, char *out)
{
	size_t at = 0;
	for (size_t i = 0; i < text.n && i < SHOWN_MAX; i++) {
		uint8_t c = text.p[i];
		if (c >= ' ' && c < 0x7f)
			out[at++] = (char)c;
		else
			at += (size_t)snprintf(out + at, 5, "\\x%02x", c);
	}
	snprintf(out + at, 4, "%s", text.n > SHOWN_MAX ? "..." : "");
}

__attribute__((format(printf, 2, 3))) static enum troth_status refuse(char *why,
								      const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(why, TROTH_CONFIG_WHY_MAX, format, args);
	va_end(args);
	return TROTH_E_CONFIG;
}

/* A copy of the text's length ends in the struct; a longer one would not
 * be what was written. */
static enum troth_status set_string(const struct troth_config_field *f, struct troth_view text,
				    char *out, char *why)
{
	size_t max = f->max != 0 ? f->max : f->size - 1;
	assert(max < f->size);
	if (text.n < f->min || text.n > max)
		return refuse(why, "%zu bytes, wanted %u to %zu", text.n, f->min, max);
	if (text.n > 0)
		memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return TROTH_OK;
}

static enum troth_status set_bool(struct troth_view text, bool *out, char *why)
{
	bool yes = troth_view_equal(text, troth_view_str("true"));
	if (!yes && !troth_view_equal(text, troth_view_str("false")))
		return refuse(why, "wanted true or false");
	*out = yes;
	return TROTH_OK;
}

static bool all_digits(struct troth_view text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	return text.n > 0 && (text.n == 1 || text.p[0] != '0');
}

static enum troth_status set_u32(const struct troth_config_field *f, struct troth_view text,
				 uint32_t *out, char *why)
{
	uint64_t v;
	if (!all_digits(text))
		return refuse(why, "wanted a whole decimal number");
	if (!troth_parse_u64(text, f->max, &v) || v < f->min)
		return refuse(why, "out of range, wanted %u to %u", f->min, f->max);
	*out = (uint32_t)v;
	return TROTH_OK;
}

static uint32_t unit_seconds(uint8_t unit)
{
	switch (unit) {
	case 's': return 1;
	case 'm': return 60;
	case 'h': return 3600;
	case 'd': return 86400;
	default: return 0;
	}
}

static enum troth_status set_duration(const struct troth_config_field *f,
				      struct troth_view text, uint32_t *out, char *why)
{
	uint32_t unit = text.n > 0 ? unit_seconds(text.p[text.n - 1]) : 0;
	struct troth_view number = { text.p, text.n > 0 ? text.n - 1 : 0 };
	uint64_t v;
	if (unit == 0 || !all_digits(number))
		return refuse(why, "wanted a whole number and a unit: s, m, h or d");
	if (!troth_parse_u64(number, f->max / unit, &v) || v * unit < f->min)
		return refuse(why, "out of range, wanted %us to %us", f->min, f->max);
	*out = (uint32_t)(v * unit);
	return TROTH_OK;
}

static enum troth_status set_enum(const struct troth_config_field *f, struct troth_view text,
				  uint32_t *out, char *why)
{
	for (uint32_t i = 0; f->names[i] != NULL; i++)
		if (troth_view_equal(text, troth_view_str(f->names[i]))) {
			*out = i;
			return TROTH_OK;
		}
	int at = snprintf(why, TROTH_CONFIG_WHY_MAX, "wanted one of");
	for (size_t i = 0; f->names[i] != NULL && at < TROTH_CONFIG_WHY_MAX; i++)
		at += snprintf(why + at, TROTH_CONFIG_WHY_MAX - (size_t)at, " %s", f->names[i]);
	return TROTH_E_CONFIG;
}

/* What YAML reads as null is no text; written in quotes it is. */
static bool is_null(struct troth_view text)
{
	return text.n == 0 || troth_view_equal(text, troth_view_str("~")) ||
	       troth_view_equal(text, troth_view_str("null"));
}

enum troth_status troth_config_scalar_set(const struct troth_config_field *field,
					  struct troth_view text, bool plain, void *target,
					  char why[TROTH_CONFIG_WHY_MAX])
{
	void *at = (uint8_t *)target + field->offset;
	if (plain && is_null(text))
		return refuse(why, "no value");
	if (!plain && field->type != TROTH_CONFIG_STRING)
		return refuse(why, "wanted without quotes");
	switch (field->type) {
	case TROTH_CONFIG_STRING: return set_string(field, text, at, why);
	case TROTH_CONFIG_BOOL: return set_bool(text, at, why);
	case TROTH_CONFIG_U32: return set_u32(field, text, at, why);
	case TROTH_CONFIG_DURATION: return set_duration(field, text, at, why);
	case TROTH_CONFIG_ENUM: return set_enum(field, text, at, why);
	case TROTH_CONFIG_MAP:
	case TROTH_CONFIG_LIST:
	case TROTH_CONFIG_ANYMAP:
	case TROTH_CONFIG_NODE: break;
	}
	return refuse(why, "no scalar");
}
