/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "svid.h"
#include "x509_write.h"

static const uint8_t OID_CRL_NUMBER[] = { 0x06, 0x03, 0x55, 0x1d, 0x14 };

static int by_serial(const void *a, const void *b)
{
	const struct troth_crl_entry *x = a, *y = b;
	for (size_t i = 0; i < sizeof x->serial; i++)
		if (x->serial[i] != y->serial[i])
			return x->serial[i] < y->serial[i] ? -1 : 1;
	return 0;
}

static bool same_serial(const struct troth_crl_entry *a, const struct troth_crl_entry *b)
{
	return troth_view_equal(TROTH_VIEW_OF(a->serial), TROTH_VIEW_OF(b->serial));
}

/* Sorts the entries into out, with the serials as certificates carry them. */
static enum troth_status sort_entries(const struct troth_crl *crl, struct troth_crl_entry *out)
{
	for (size_t i = 0; i < crl->n_entries; i++) {
		out[i].revoked_s = crl->entries[i].revoked_s;
		if (!troth_x509_serial(crl->entries[i].serial, out[i].serial) ||
		    out[i].revoked_s > TROTH_DER_TIME_MAX_S)
			return TROTH_E_MALFORMED;
	}
	qsort(out, crl->n_entries, sizeof *out, by_serial);
	for (size_t i = 1; i < crl->n_entries; i++)
		if (same_serial(&out[i - 1], &out[i]))
			return TROTH_E_MALFORMED;
	return TROTH_OK;
}

/* An empty list is left out altogether (RFC 5280, 5.1.2.6). */
static void put_entries(struct troth_der *d, const struct troth_crl_entry *entries, size_t n)
{
	if (n == 0)
		return;
	size_t list = troth_der_open(d, TROTH_DER_SEQUENCE);
	for (size_t i = 0; i < n; i++) {
		size_t entry = troth_der_open(d, TROTH_DER_SEQUENCE);
		troth_der_unsigned(d, TROTH_VIEW_OF(entries[i].serial));
		troth_der_time(d, entries[i].revoked_s);
		troth_der_close(d, entry);
	}
	troth_der_close(d, list);
}

static void put_tbs(struct troth_der *d, const struct troth_crl *crl,
		    const struct troth_crl_entry *entries)
{
	static const uint8_t version_2[] = { TROTH_DER_INTEGER, 1, 1 };
	size_t tbs = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_der_raw(d, TROTH_VIEW_OF(version_2));
	troth_x509_ecdsa_with_sha256(d);
	troth_der_raw(d, crl->issuer_name);
	troth_der_time(d, crl->this_update_s);
	troth_der_time(d, crl->next_update_s);
	put_entries(d, entries, crl->n_entries);

	size_t outer = troth_der_open(d, TROTH_DER_CONTEXT_CONSTRUCTED | 0);
	size_t list = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_x509_authority_key_id(d, crl->issuer_key_id);
	struct troth_x509_extension e =
		troth_x509_extension_open(d, TROTH_VIEW_OF(OID_CRL_NUMBER), false);
	troth_der_u64(d, crl->number);
	troth_x509_extension_close(d, e);
	troth_der_close(d, list);
	troth_der_close(d, outer);
	troth_der_close(d, tbs);
}

static void free_entries(struct troth_crl_entry **p)
{
	free(*p);
}

enum troth_status troth_crl_tbs(const struct troth_crl *crl, uint8_t *buf, size_t max,
				size_t *out_len)
{
	if (!troth_x509_issuer_sound(crl->issuer_name, crl->issuer_key_id) ||
	    crl->next_update_s <= crl->this_update_s ||
	    crl->next_update_s > TROTH_DER_TIME_MAX_S)
		return TROTH_E_MALFORMED;

	TROTH_AUTO(free_entries) struct troth_crl_entry *entries = NULL;
	if (crl->n_entries > 0) {
		entries = calloc(crl->n_entries, sizeof *entries);
		if (entries == NULL)
			return TROTH_E_MEMORY;
		TROTH_TRY(sort_entries(crl, entries));
	}

	struct troth_der d = troth_der_measure();
	put_tbs(&d, crl, entries);
	if (d.overflow || d.n > max)
		return TROTH_E_LIMIT;
	d = troth_der_make(buf, d.n);
	put_tbs(&d, crl, entries);
	*out_len = d.n;
	return TROTH_OK;
}
