/* SPDX-License-Identifier: Apache-2.0 */
/* Writes DER (X.690) forwards, so that code reads like the ASN.1 it makes.
 *
 * A writer without a buffer only measures: run the same code twice, first to learn the length,
 * then to write, and a buffer that is too short is never touched. Writing past the end writes
 * nothing and is remembered in overflow. */
#ifndef TROTH_CORE_DER_H
#define TROTH_CORE_DER_H

#include <troth/status.h>
#include <troth/view.h>

/* Identifier octets; context tags are TROTH_DER_CONTEXT or _CONTEXT_CONSTRUCTED plus
 * a number up to 30. */
enum {
	TROTH_DER_BOOLEAN = 0x01,
	TROTH_DER_INTEGER = 0x02,
	TROTH_DER_BIT_STRING = 0x03,
	TROTH_DER_OCTET_STRING = 0x04,
	TROTH_DER_OID = 0x06,
	TROTH_DER_UTF8_STRING = 0x0c,
	TROTH_DER_UTC_TIME = 0x17,
	TROTH_DER_GENERALIZED_TIME = 0x18,
	TROTH_DER_SEQUENCE = 0x30,
	TROTH_DER_SET = 0x31,
	TROTH_DER_CONTEXT = 0x80,
	TROTH_DER_CONTEXT_CONSTRUCTED = 0xa0
};

/* The last second that a GeneralizedTime can say: 9999-12-31T23:59:59Z. */
#define TROTH_DER_TIME_MAX_S UINT64_C(253402300799)

struct troth_der {
	uint8_t *p; /* NULL: measure only */
	size_t n;   /* bytes written, or that would be */
	size_t max; /* bytes p has room for */
	bool overflow;
};

struct troth_der troth_der_measure(void);
struct troth_der troth_der_make(uint8_t *p, size_t max);

/* Begins a value whose length is not known yet; what open returns goes to close. Nested values
 * close in reverse. */
TROTH_NODISCARD size_t troth_der_open(struct troth_der *d, uint8_t tag);
void troth_der_close(struct troth_der *d, size_t mark);

/* Bytes that are DER already, or the content of an open value. */
void troth_der_raw(struct troth_der *d, struct troth_view v);
/* Tag, length and these bytes. */
void troth_der_value(struct troth_der *d, uint8_t tag, struct troth_view v);
/* INTEGER from an unsigned big-endian number of any length. */
void troth_der_unsigned(struct troth_der *d, struct troth_view v);
void troth_der_u64(struct troth_der *d, uint64_t v);
/* RFC 5280, 4.1.2.5: UTCTime up to 2049, GeneralizedTime after. Past
 * TROTH_DER_TIME_MAX_S it overflows. */
void troth_der_time(struct troth_der *d, uint64_t unix_s);

#endif
