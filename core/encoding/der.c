/* SPDX-License-Identifier: Apache-2.0 */
#include "der.h"

#include <string.h>

#define SECONDS_PER_DAY 86400

struct troth_der troth_der_measure(void)
{
	return (struct troth_der){ .max = SIZE_MAX };
}

struct troth_der troth_der_make(uint8_t *p, size_t max)
{
	return (struct troth_der){ .p = p, .max = max };
}

void troth_der_raw(struct troth_der *d, struct troth_view v)
{
	if (d->overflow || v.n > d->max - d->n) {
		d->overflow = true;
		return;
	}
	if (d->p != NULL && v.n > 0)
		memcpy(d->p + d->n, v.p, v.n);
	d->n += v.n;
}

/* Definite length, shortest form (X.690, 10.1). Returns the octets used. */
static size_t format_length(size_t n, uint8_t out[1 + sizeof(size_t)])
{
	if (n < 0x80) {
		out[0] = (uint8_t)n;
		return 1;
	}
	size_t k = 0;
	for (size_t rest = n; rest > 0; rest >>= 8)
		k++;
	out[0] = (uint8_t)(0x80 | k);
	for (size_t i = k; i > 0; i--) {
		out[i] = (uint8_t)n;
		n >>= 8;
	}
	return 1 + k;
}

size_t troth_der_open(struct troth_der *d, uint8_t tag)
{
	const uint8_t head[2] = { tag, 0 }; /* the length is put in by close */
	troth_der_raw(d, (struct troth_view){ head, sizeof head });
	return d->n;
}

void troth_der_close(struct troth_der *d, size_t mark)
{
	if (d->overflow)
		return;
	uint8_t length[1 + sizeof(size_t)];
	const size_t n = d->n - mark;
	const size_t extra = format_length(n, length) - 1;
	if (extra > d->max - d->n) {
		d->overflow = true;
		return;
	}
	if (d->p != NULL) {
		memmove(d->p + mark + extra, d->p + mark, n);
		memcpy(d->p + mark - 1, length, 1 + extra);
	}
	d->n += extra;
}

void troth_der_value(struct troth_der *d, uint8_t tag, struct troth_view v)
{
	size_t mark = troth_der_open(d, tag);
	troth_der_raw(d, v);
	troth_der_close(d, mark);
}

void troth_der_unsigned(struct troth_der *d, struct troth_view v)
{
	static const uint8_t zero = 0;
	while (v.n > 0 && v.p[0] == 0) {
		v.p++;
		v.n--;
	}
	size_t mark = troth_der_open(d, TROTH_DER_INTEGER);
	if (v.n == 0 || (v.p[0] & 0x80) != 0) /* a set top bit would mean negative */
		troth_der_raw(d, (struct troth_view){ &zero, 1 });
	troth_der_raw(d, v);
	troth_der_close(d, mark);
}

void troth_der_u64(struct troth_der *d, uint64_t v)
{
	uint8_t bytes[sizeof v];
	for (size_t i = sizeof v; i > 0; i--) {
		bytes[i - 1] = (uint8_t)v;
		v >>= 8;
	}
	troth_der_unsigned(d, (struct troth_view){ bytes, sizeof bytes });
}

struct civil {
	uint32_t year, month, day, hour, minute, second;
};

static bool leap(uint32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static struct civil civil_from(uint64_t unix_s)
{
	static const uint8_t DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint64_t days = unix_s / SECONDS_PER_DAY;
	const uint32_t left = (uint32_t)(unix_s % SECONDS_PER_DAY);
	struct civil c = {
		.month = 1, .hour = left / 3600, .minute = left / 60 % 60, .second = left % 60
	};
	/* The calendar repeats every 400 years, which are 146097 days. */
	c.year = 1970 + 400 * (uint32_t)(days / 146097);
	for (days %= 146097; days >= (leap(c.year) ? 366 : 365); c.year++)
		days -= leap(c.year) ? 366 : 365;
	for (;; c.month++) {
		uint32_t n = DAYS[c.month - 1] + (c.month == 2 && leap(c.year) ? 1U : 0U);
		if (days < n)
			break;
		days -= n;
	}
	c.day = (uint32_t)days + 1;
	return c;
}

static void digits(struct troth_der *d, uint32_t v, size_t n)
{
	uint8_t text[4];
	for (size_t i = n; i > 0; i--) {
		text[i - 1] = (uint8_t)('0' + v % 10);
		v /= 10;
	}
	troth_der_raw(d, (struct troth_view){ text, n });
}

void troth_der_time(struct troth_der *d, uint64_t unix_s)
{
	static const uint8_t zulu = 'Z';
	if (unix_s > TROTH_DER_TIME_MAX_S) {
		d->overflow = true;
		return;
	}
	const struct civil c = civil_from(unix_s);
	const bool utc = c.year < 2050;
	size_t mark = troth_der_open(d, utc ? TROTH_DER_UTC_TIME : TROTH_DER_GENERALIZED_TIME);
	digits(d, c.year, utc ? 2 : 4);
	digits(d, c.month, 2);
	digits(d, c.day, 2);
	digits(d, c.hour, 2);
	digits(d, c.minute, 2);
	digits(d, c.second, 2);
	troth_der_raw(d, (struct troth_view){ &zulu, 1 });
	troth_der_close(d, mark);
}
