/* SPDX-License-Identifier: Apache-2.0 */
/* PCR values as other tools write them. */
#include <string.h>

#include "input.h"
#include "reader.h"
#include "text.h"

/* What tpm2_quote --pcr writes is its TPML_PCR_SELECTION, a count and that many TPML_DIGESTs as
 * they lie in its memory, little-endian and at full size. */
#define FILE_BANKS 16	     /* places for banks */
#define FILE_SELECT 4	     /* bytes of a bank's bit map */
#define FILE_DIGESTS 8	     /* places for digests in one list */
#define FILE_DIGEST_BYTES 64 /* bytes of such a place */
#define FILE_DIGEST_LISTS_MAX 64

struct digest_source {
	struct troth_reader left; /* whole lists */
	struct troth_reader list;
	uint32_t n_in_list, n_lists;
};

static bool next_list(struct digest_source *s)
{
	struct troth_view list;
	if (s->n_lists == 0 ||
	    !troth_get_view(&s->left, 4 + FILE_DIGESTS * (2 + FILE_DIGEST_BYTES), &list))
		return false;
	s->list.left = list;
	s->n_lists--;
	return troth_get_u32le(&s->list, &s->n_in_list) && s->n_in_list > 0 &&
	       s->n_in_list <= FILE_DIGESTS;
}

static bool next_digest(struct digest_source *s, size_t size, struct troth_view *out)
{
	uint16_t n;
	struct troth_view place;
	if (s->n_in_list == 0 && !next_list(s))
		return false;
	s->n_in_list--;
	if (!troth_get_u16le(&s->list, &n) || n != size ||
	    !troth_get_view(&s->list, FILE_DIGEST_BYTES, &place))
		return false;
	struct troth_reader r = { place };
	return troth_get_view(&r, n, out);
}

static bool get_selection(struct troth_reader *r, struct troth_pcr_selection *out)
{
	uint32_t n_banks;
	struct troth_pcr_selection sel = { 0 };
	if (!troth_get_u32le(r, &n_banks) || n_banks == 0 || n_banks > TROTH_BANKS_MAX)
		return false;
	for (uint32_t i = 0; i < FILE_BANKS; i++) {
		uint16_t alg;
		uint8_t n_select, padding;
		uint32_t mask;
		if (!troth_get_u16le(r, &alg) || !troth_get_u8(r, &n_select) ||
		    !troth_get_u32le(r, &mask) || !troth_get_u8(r, &padding))
			return false;
		if (i < n_banks && (n_select > FILE_SELECT || mask >> TROTH_PCR_COUNT != 0))
			return false;
		/* A bank with nothing selected has no values to come. */
		if (i < n_banks && mask != 0 &&
		    !troth_pcr_selection_add(&sel, troth_hash_from_tpm(alg), mask))
			return false;
	}
	*out = sel;
	return true;
}

static bool get_bank(struct digest_source *s, const struct troth_pcr_bank_selection *sel,
		     struct troth_pcr_values *v)
{
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		struct troth_view value;
		if ((sel->mask >> pcr & 1) == 0)
			continue;
		if (!next_digest(s, troth_hash_size(sel->bank), &value) ||
		    !troth_pcr_set(v, sel->bank, pcr, value))
			return false;
	}
	return true;
}

static bool parse_tool_file(struct troth_view bytes, struct troth_pcr_values *out)
{
	struct troth_reader r = { bytes };
	struct troth_pcr_selection sel;
	struct troth_pcr_values v = { 0 };
	struct digest_source s = { .n_lists = 0 };
	if (!get_selection(&r, &sel) || !troth_get_u32le(&r, &s.n_lists) ||
	    s.n_lists > FILE_DIGEST_LISTS_MAX)
		return false;
	s.left = r;
	for (size_t i = 0; i < sel.n_banks; i++)
		if (!get_bank(&s, &sel.banks[i], &v))
			return false;
	if (v.n_banks == 0 || s.n_in_list != 0 || s.n_lists != 0 || !troth_at_end(&s.left))
		return false;
	*out = v;
	return true;
}

/* Cuts what comes before the first of the given bytes, and that byte. */
static struct troth_view take_until(struct troth_reader *r, const char *ends)
{
	size_t n = 0;
	struct troth_view part, end;
	while (n < r->left.n && (r->left.p[n] == 0 || strchr(ends, r->left.p[n]) == NULL))
		n++;
	if (!troth_get_view(r, n, &part))
		part = (struct troth_view){ 0 };
	if (!troth_at_end(r) && !troth_get_view(r, 1, &end))
		end = (struct troth_view){ 0 };
	return part;
}

static bool is_header(struct troth_view bank, struct troth_view pcr)
{
	return troth_view_equal(bank, troth_view_str("bank")) &&
	       troth_view_equal(pcr, troth_view_str("pcr"));
}

static bool parse_line(struct troth_view line, size_t number, struct troth_pcr_values *v)
{
	struct troth_reader r = { line };
	struct troth_view bank = take_until(&r, "\t "), pcr = take_until(&r, "\t ");
	uint8_t value[TROTH_DIGEST_MAX];
	uint64_t index;
	if (number == 1 && is_header(bank, pcr))
		return true;
	enum troth_hash alg = troth_hash_from_name(bank);
	size_t size = troth_hash_size(alg);
	return alg != TROTH_HASH_NONE && troth_parse_u64(pcr, TROTH_PCR_COUNT - 1, &index) &&
	       troth_parse_hex(r.left, value, size) &&
	       troth_pcr_set(v, alg, (uint32_t)index, (struct troth_view){ value, size });
}

static bool parse_text(struct troth_view bytes, struct troth_pcr_values *out, size_t *line)
{
	struct troth_reader r = { bytes };
	struct troth_pcr_values v = { 0 };
	size_t number = 0;
	while (!troth_at_end(&r)) {
		struct troth_view text = take_until(&r, "\n");
		number++;
		if (text.n > 0 && text.p[text.n - 1] == '\r')
			text.n--;
		if (!parse_line(text, number, &v)) {
			*line = number;
			return false;
		}
	}
	if (v.n_banks == 0)
		return false;
	*out = v;
	return true;
}

/* A text has no zero byte; the other has many. */
bool troth_cli_pcrs_parse(struct troth_view bytes, struct troth_pcr_values *out, size_t *line)
{
	*line = 0;
	if (bytes.n == 0)
		return false;
	if (memchr(bytes.p, 0, bytes.n) != NULL)
		return parse_tool_file(bytes, out);
	return parse_text(bytes, out, line);
}
