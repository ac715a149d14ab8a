/* SPDX-License-Identifier: Apache-2.0 */
#include "enrol_budget.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

struct bucket {
	uint64_t filled_ms; /* when it was last topped up */
	uint32_t left;	    /* thousandths of an enrolment */
};

struct troth_enrol_budget {
	uint32_t full; /* thousandths */
	struct bucket buckets[TROTH_ENROL_SLOTS];
};

enum troth_status troth_enrol_budget_new(uint32_t per_minute, struct troth_enrol_budget **out)
{
	struct troth_enrol_budget *b = calloc(1, sizeof *b);
	if (b == NULL)
		return TROTH_E_MEMORY;
	/* An enrolment is two requests. */
	b->full = per_minute * 2 * 1000;
	for (size_t i = 0; i < TROTH_ENROL_SLOTS; i++)
		b->buckets[i].left = b->full;
	*out = b;
	return TROTH_OK;
}

void troth_enrol_budget_free(struct troth_enrol_budget *b)
{
	free(b);
}

/* A source is an IPv4 address, or the first 64 bits of an IPv6 one: whoever has one address of
 * that kind has a network of them. */
struct source {
	size_t n;
	uint8_t bytes[INET6_ADDRSTRLEN];
};

static struct source source_of(const char *peer)
{
	struct source s = { .n = 0 };
	struct in6_addr v6;
	char host[INET6_ADDRSTRLEN];
	const bool bracketed = peer[0] == '[';
	const char *end = bracketed ? strchr(peer, ']') : strrchr(peer, ':');
	const char *begin = bracketed ? peer + 1 : peer;
	size_t n = end != NULL ? (size_t)(end - begin) : strlen(begin);
	if (n >= sizeof host)
		n = sizeof host - 1;
	memcpy(host, begin, n);
	host[n] = '\0';
	if (inet_pton(AF_INET6, host, &v6) == 1) {
		s.n = IN6_IS_ADDR_V4MAPPED(&v6) ? sizeof v6 : sizeof v6 / 2;
		memcpy(s.bytes, v6.s6_addr, s.n);
	} else {
		s.n = n;
		memcpy(s.bytes, host, n);
	}
	return s;
}

static size_t slot_of(const char *peer)
{
	const struct source s = source_of(peer);
	return (size_t)(troth_view_hash((struct troth_view){ s.bytes, s.n }) %
			TROTH_ENROL_SLOTS);
}

bool troth_enrol_budget_take(struct troth_enrol_budget *b, const char *peer, uint64_t now_ms)
{
	struct bucket *bucket = &b->buckets[slot_of(peer)];
	uint64_t elapsed = now_ms > bucket->filled_ms ? now_ms - bucket->filled_ms : 0;
	if (elapsed > 60000)
		elapsed = 60000;
	uint64_t left = bucket->left + elapsed * b->full / 60000;
	bucket->left = left > b->full ? b->full : (uint32_t)left;
	bucket->filled_ms = now_ms;
	if (bucket->left < 1000)
		return false;
	bucket->left -= 1000;
	return true;
}
