/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm_policy.h"

#include <stdio.h>
#include <string.h>

#include "reader.h"
#include "text.h"

enum fit { FITS_NOT, FITS_MAYBE, FITS };

static enum fit fits(const struct troth_tpm_rule *rule, const struct troth_tpm_facts *facts)
{
	if (facts->firmware < rule->from || facts->firmware > rule->to)
		return FITS_NOT;
	if (rule->maker[0] == '\0')
		return FITS;
	if (facts->maker[0] == '\0')
		return FITS_MAYBE;
	return strcmp(rule->maker, facts->maker) == 0 ? FITS : FITS_NOT;
}

static enum fit best(const struct troth_tpm_rule *rules, size_t n,
		     const struct troth_tpm_facts *facts)
{
	enum fit most = FITS_NOT;
	for (size_t i = 0; i < n; i++) {
		const enum fit one = fits(&rules[i], facts);
		most = one > most ? one : most;
	}
	return most;
}

enum troth_tpm_answer troth_tpm_judge(const struct troth_tpm_policy *policy,
				      const struct troth_tpm_facts *facts)
{
	const enum fit denied = best(policy->deny, policy->n_deny, facts);
	const enum fit allowed =
		policy->n_allow > 0 ? best(policy->allow, policy->n_allow, facts) : FITS;
	if (denied == FITS || allowed == FITS_NOT)
		return TROTH_TPM_DENIED;
	return denied == FITS_MAYBE || allowed == FITS_MAYBE ? TROTH_TPM_UNKNOWN
							     : TROTH_TPM_ACCEPTED;
}

static bool plain(uint8_t c)
{
	return c > ' ' && c <= '~';
}

bool troth_tpm_maker_valid(struct troth_view text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!plain(text.p[i]))
			return false;
	return text.n > 0 && text.n <= TROTH_TPM_MAKER_MAX;
}

bool troth_tpm_maker_read(const char *attribute, char out[TROTH_TPM_MAKER_MAX + 1])
{
	struct troth_reader r = { troth_view_str(attribute) };
	struct troth_view prefix;
	uint8_t id[4];
	size_t n = sizeof id;
	if (!troth_get_view(&r, 3, &prefix) ||
	    !troth_view_equal(prefix, troth_view_str("id:")) ||
	    !troth_parse_hex(r.left, id, sizeof id))
		return false;
	/* Short ones are filled with blanks or zeros: "STM ", "IFX\0". */
	while (n > 0 && (id[n - 1] == ' ' || id[n - 1] == 0))
		n--;
	memset(out, 0, TROTH_TPM_MAKER_MAX + 1);
	if (troth_tpm_maker_valid((struct troth_view){ id, n }))
		memcpy(out, id, n);
	else
		troth_format_hex(TROTH_VIEW_OF(id), out);
	return true;
}

/* The next number of a version; false when there is none. */
static bool next_number(struct troth_reader *r, uint64_t *out)
{
	size_t n = 0;
	struct troth_view number, dot;
	while (n < r->left.n && r->left.p[n] != '.')
		n++;
	if (!troth_get_view(r, n, &number) || !troth_parse_u64(number, UINT16_MAX, out))
		return false;
	/* A dot has a number behind it. */
	return troth_at_end(r) || (troth_get_view(r, 1, &dot) && !troth_at_end(r));
}

bool troth_tpm_version_read(struct troth_view text, bool end, uint64_t *out)
{
	struct troth_reader r = { text };
	uint64_t version = 0;
	for (size_t i = 0; i < 4; i++) {
		uint64_t number = end ? UINT16_MAX : 0;
		if ((i == 0 || !troth_at_end(&r)) && !next_number(&r, &number))
			return false;
		version = version << 16 | number;
	}
	if (!troth_at_end(&r))
		return false;
	*out = version;
	return true;
}

void troth_tpm_version_text(uint64_t version, char out[TROTH_TPM_VERSION_TEXT])
{
	(void)snprintf(out, TROTH_TPM_VERSION_TEXT, "%u.%u.%u.%u",
		       (unsigned int)(version >> 48 & UINT16_MAX),
		       (unsigned int)(version >> 32 & UINT16_MAX),
		       (unsigned int)(version >> 16 & UINT16_MAX),
		       (unsigned int)(version & UINT16_MAX));
}
