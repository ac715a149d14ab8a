/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ima_signature.h"
#include "output.h"
#include "text.h"

static json_t *hex_json(struct troth_view bytes)
{
	char *hex = malloc(2 * bytes.n + 1);
	if (hex == NULL)
		return NULL;
	troth_format_hex(bytes, hex);
	json_t *text = json_string(hex);
	free(hex);
	return text;
}

/* ---- replay ---- */

static json_t *values_json(const struct troth_pcr_bank *bank)
{
	json_t *values = json_object();
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		char index[8];
		if ((bank->have >> pcr & 1) == 0)
			continue;
		snprintf(index, sizeof index, "%u", pcr);
		json_object_set_new(values, index,
				    hex_json((struct troth_view){
					    bank->value[pcr], troth_hash_size(bank->bank) }));
	}
	return values;
}

static json_t *banks_json(const struct troth_pcr_values *values, enum troth_hash bank)
{
	json_t *banks = json_object();
	for (size_t i = 0; i < values->n_banks; i++)
		if (bank == TROTH_HASH_NONE || values->banks[i].bank == bank)
			json_object_set_new(banks, troth_hash_name(values->banks[i].bank),
					    values_json(&values->banks[i]));
	return banks;
}

static json_t *prefix_json(const struct troth_ima_prefix *p, enum troth_hash bank)
{
	if (p == NULL)
		return json_null();
	if (!p->found)
		return json_pack("{s:b, s:s, s:n, s:n}", "matched", 0, "bank",
				 troth_hash_name(bank), "entries", "way");
	return json_pack("{s:b, s:s, s:I, s:s}", "matched", 1, "bank", troth_hash_name(bank),
			 "entries", (json_int_t)p->n_entries, "way",
			 troth_ima_way_name(p->way));
}

json_t *troth_cli_ima_replay_json(const struct troth_ima_replay *r, enum troth_hash bank,
				  const struct troth_ima_prefix *prefix,
				  enum troth_hash pcr10_bank)
{
	return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "template_hash",
			 troth_hash_name(r->hash), "entries", (json_int_t)r->n_entries,
			 "violations", (json_int_t)r->n_violations, "banks",
			 banks_json(&r->values[TROTH_IMA_HASHED], bank), "padded_sha1",
			 banks_json(&r->values[TROTH_IMA_PADDED_SHA1], bank), "prefix",
			 prefix_json(prefix, pcr10_bank));
}

/* ---- entries ---- */

/* A path is bytes, JSON is Unicode: what is no printable ASCII is escaped as everywhere. */
static void escape(struct troth_view text, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n && n + 5 < size; i++) {
		const uint8_t c = text.p[i];
		if (c >= 0x20 && c < 0x7f && c != '\\')
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, size - n, "\\x%02x", c);
	}
	out[n] = '\0';
}

static json_t *text_json(struct troth_view text)
{
	char escaped[4 * TROTH_IMA_PATH_MAX + 8];
	escape(text, escaped, sizeof escaped);
	return json_string(escaped);
}

/* "sha256:<hex>", "verity:sha256:<hex>"; the bare hex where nothing says what it is of. */
#define DIGEST_TEXT_MAX (8 + TROTH_IMA_ALGORITHM_MAX + 1 + 2 * TROTH_DIGEST_MAX + 1)
static void digest_text(const struct troth_ima_digest *d, char out[DIGEST_TEXT_MAX])
{
	char hex[2 * TROTH_DIGEST_MAX + 1], algorithm[TROTH_IMA_ALGORITHM_MAX + 1];
	escape(d->algorithm, algorithm, sizeof algorithm);
	troth_format_hex(d->bytes, hex);
	snprintf(out, DIGEST_TEXT_MAX, "%s%s%s%s", d->verity ? "verity:" : "", algorithm,
		 algorithm[0] != '\0' ? ":" : "", hex);
}

static json_t *digest_json(const struct troth_ima_digest *d)
{
	char text[DIGEST_TEXT_MAX];
	if (d->bytes.n == 0)
		return json_null();
	digest_text(d, text);
	return json_string(text);
}

static json_t *signature_json(struct troth_view field)
{
	struct troth_ima_signature s;
	char key_id[9];
	if (field.n == 0)
		return json_null();
	if (troth_ima_signature_parse(field, &s) != TROTH_OK)
		return json_pack("{s:n, s:n, s:n, s:I}", "kind", "hash", "key_id", "bytes",
				 (json_int_t)field.n);
	snprintf(key_id, sizeof key_id, "%08" PRIx32, s.key_id);
	return json_pack("{s:s, s:s?, s:s, s:I}", "kind", troth_ima_signature_kind_name(s.kind),
			 "hash", troth_hash_name(s.hash), "key_id", key_id, "bytes",
			 (json_int_t)s.bytes.n);
}

/* What is shown as it is logged, under the field's own name. */
static json_t *others_json(const struct troth_ima_entry *e)
{
	static const enum troth_ima_field RAW[] = {
		TROTH_IMA_BUF,		 TROTH_IMA_MODSIG,	 TROTH_IMA_XATTR_NAMES,
		TROTH_IMA_XATTR_LENGTHS, TROTH_IMA_XATTR_VALUES, TROTH_IMA_IUID,
		TROTH_IMA_IGID,		 TROTH_IMA_IMODE,
	};
	json_t *fields = json_object();
	for (size_t i = 0; i < TROTH_COUNT(RAW); i++)
		if ((e->fields & 1U << RAW[i]) != 0)
			json_object_set_new(fields, troth_ima_field_name(RAW[i]),
					    hex_json(e->field[RAW[i]]));
	return fields;
}

json_t *troth_cli_ima_entry_json(const struct troth_ima_record *r,
				 const struct troth_ima_entry *e)
{
	return json_pack("{s:I, s:I, s:I, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "index", (json_int_t)r->index, "offset", (json_int_t)r->offset, "pcr",
			 (json_int_t)r->pcr, "template", text_json(r->name), "template_digest",
			 hex_json(r->digest), "violation", r->violation, "digest",
			 digest_json(&e->file), "path", text_json(e->path), "signature",
			 signature_json(e->field[TROTH_IMA_SIG]), "evm_signature",
			 signature_json(e->field[TROTH_IMA_EVMSIG]), "modsig_digest",
			 digest_json(&e->modsig), "fields", others_json(e));
}

/* ---- lines ---- */

static void put_text(struct troth_view text)
{
	char escaped[4 * TROTH_IMA_PATH_MAX + 8];
	escape(text, escaped, sizeof escaped);
	fputs(escaped, stdout);
}

static void put_signature(struct troth_view field)
{
	struct troth_ima_signature s;
	if (field.n == 0)
		return;
	if (troth_ima_signature_parse(field, &s) != TROTH_OK)
		fputs("\tsignature of an unknown kind", stdout);
	else
		printf("\tsigned by key %08" PRIx32 " (%s)", s.key_id,
		       troth_ima_signature_kind_name(s.kind));
}

void troth_cli_ima_put_line(const struct troth_ima_record *r, const struct troth_ima_entry *e)
{
	char digest[DIGEST_TEXT_MAX] = "-";
	if (e->file.bytes.n > 0)
		digest_text(&e->file, digest);
	printf("%" PRIu64 "\t%" PRIu32 "\t%.*s\t%s\t", r->index, r->pcr, (int)r->name.n,
	       (const char *)r->name.p, digest);
	put_text(e->path);
	fputs(r->violation ? "\tviolation" : "", stdout);
	put_signature(e->field[TROTH_IMA_SIG]);
	put_signature(e->field[TROTH_IMA_EVMSIG]);
	putchar('\n');
}
