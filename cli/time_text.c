/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 times, from text. */
#include "input.h"
#include "reader.h"
#include "text.h"

/* Digits of exactly this width, blanks and signs refused. */
static bool get_number(struct troth_reader *r, size_t width, uint32_t max, uint32_t *out)
{
	struct troth_view digits;
	uint32_t v = 0;
	if (!troth_get_view(r, width, &digits))
		return false;
	for (size_t i = 0; i < width; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(digits.p[i] - '0');
	}
	*out = v;
	return v <= max;
}

static bool get_one_of(struct troth_reader *r, const char *set, uint8_t *out)
{
	struct troth_reader probe = *r;
	uint8_t c;
	if (!troth_get_u8(&probe, &c))
		return false;
	for (; *set != '\0'; set++)
		if (c == (uint8_t)*set) {
			*out = c;
			*r = probe;
			return true;
		}
	return false;
}

static bool leap(uint32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t days_in_month(uint32_t year, uint32_t month)
{
	static const uint8_t DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return month == 2 && leap(year) ? 29 : DAYS[month - 1];
}

static uint64_t days_since_1970(uint32_t year, uint32_t month, uint32_t day)
{
	uint64_t days = day - 1;
	for (uint32_t y = 1970; y < year; y++)
		days += leap(y) ? 366 : 365;
	for (uint32_t m = 1; m < month; m++)
		days += days_in_month(year, m);
	return days;
}

static bool get_date(struct troth_reader *r, uint64_t *out_days)
{
	uint32_t year, month, day;
	uint8_t c;
	if (!get_number(r, 4, 9999, &year) || !get_one_of(r, "-", &c) ||
	    !get_number(r, 2, 12, &month) || !get_one_of(r, "-", &c) ||
	    !get_number(r, 2, 31, &day))
		return false;
	if (year < 1970 || month == 0 || day == 0 || day > days_in_month(year, month))
		return false;
	*out_days = days_since_1970(year, month, day);
	return true;
}

static bool get_clock(struct troth_reader *r, uint64_t *out_s)
{
	uint32_t hour, minute, second, digit;
	uint8_t c;
	if (!get_number(r, 2, 23, &hour) || !get_one_of(r, ":", &c) ||
	    !get_number(r, 2, 59, &minute) || !get_one_of(r, ":", &c) ||
	    !get_number(r, 2, 60, &second))
		return false;
	if (get_one_of(r, ".", &c)) {
		if (!get_number(r, 1, 9, &digit))
			return false;
		while (get_one_of(r, "0123456789", &c))
			continue;
	}
	*out_s = (uint64_t)hour * 3600 + (uint64_t)minute * 60 + second;
	return true;
}

static bool get_zone(struct troth_reader *r, bool *out_behind, uint64_t *out_s)
{
	uint32_t hour, minute;
	uint8_t c;
	*out_behind = false;
	*out_s = 0;
	if (get_one_of(r, "Zz", &c))
		return true;
	if (!get_one_of(r, "+-", &c))
		return false;
	*out_behind = c == '-';
	if (!get_number(r, 2, 23, &hour) || !get_one_of(r, ":", &c) ||
	    !get_number(r, 2, 59, &minute))
		return false;
	*out_s = (uint64_t)hour * 3600 + (uint64_t)minute * 60;
	return true;
}

bool troth_cli_time(const char *text, uint64_t *out_unix_s)
{
	struct troth_reader r = { troth_view_str(text) };
	uint64_t days, clock_s, zone_s;
	bool behind;
	uint8_t c;
	if (!get_date(&r, &days) || !get_one_of(&r, "Tt ", &c) || !get_clock(&r, &clock_s) ||
	    !get_zone(&r, &behind, &zone_s) || !troth_at_end(&r))
		return false;
	uint64_t local = days * 86400 + clock_s;
	if (!behind && zone_s > local)
		return false;
	*out_unix_s = behind ? local + zone_s : local - zone_s;
	return true;
}
