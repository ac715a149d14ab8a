/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"
#include "input.h"
#include "output.h"
#include "quote.h"
#include "reader.h"
#include "text.h"

/* Longer than any attestation or signature; what is too long for its kind is a finding. */
#define SMALL_FILE_MAX ((size_t)64 * 1024)

struct arguments {
	const char *ak, *attest, *signature, *signature_format, *hash, *nonce, *pcrs, *format;
	bool allow_sha1;
};

/* Everything that was read, and what it was found to be. */
struct quote {
	struct troth_ctx *ctx;
	struct troth_cli_ak ak;
	struct troth_buffer attest_bytes, signature_bytes;
	struct troth_signature signature;
	bool signature_read;
	enum troth_hash hash; /* asked for; NONE: whatever the signature says */
	bool has_nonce;
	uint8_t nonce[TROTH_DIGEST_MAX];
	struct troth_view nonce_view;
	bool has_pcrs, allow_sha1;
	struct troth_pcr_values pcrs;
	struct troth_attest attest;
	struct troth_findings findings;
};

static void quote_clear(struct quote *q)
{
	troth_cli_ak_clear(&q->ak);
	troth_buffer_clear(&q->attest_bytes);
	troth_buffer_clear(&q->signature_bytes);
	troth_ctx_free(q->ctx);
}

/* RSASSA, or ECDSA as DER or as two numbers of the curve's width one after the other. DER of
 * just that length does not come about by chance. */
static enum troth_status raw_signature(struct quote *q)
{
	struct troth_view bytes = troth_buffer_view(&q->signature_bytes);
	size_t half = (troth_key_bits(q->ak.key) + 7) / 8;
	struct troth_reader r = { bytes };
	struct troth_signature sig = { .scheme = TROTH_SIG_ECDSA, .hash = q->hash };
	if (troth_key_type_of(q->ak.key) == TROTH_KEY_RSA)
		return troth_signature_from_raw(TROTH_SIG_RSASSA, q->hash, bytes,
						&q->signature);
	if (bytes.n != 2 * half)
		return troth_signature_from_raw(TROTH_SIG_ECDSA, q->hash, bytes, &q->signature);
	if (!troth_get_view(&r, half, &sig.r) || !troth_get_view(&r, half, &sig.s))
		return TROTH_E_TRUNCATED;
	q->signature = sig;
	return TROTH_OK;
}

static enum troth_status read_signature(struct quote *q, bool raw)
{
	enum troth_status st =
		raw ? raw_signature(q)
		    : troth_signature_parse(troth_buffer_view(&q->signature_bytes),
					    &q->signature);
	if (st == TROTH_E_MEMORY || st == TROTH_E_CRYPTO)
		return st;
	q->signature_read = st == TROTH_OK;
	if (st != TROTH_OK)
		troth_finding_detail(
			troth_finding_add(&q->findings, TROTH_FINDING_SIGNATURE_MALFORMED),
			"%s", troth_status_name(st));
	else if (q->hash != TROTH_HASH_NONE && q->hash != q->signature.hash)
		troth_finding_add(&q->findings, TROTH_FINDING_SIGNATURE_SCHEME);
	return TROTH_OK;
}

/* A key that could sign anything has not vouched for the quote. What only SHA-1 makes weak is
 * for --allow-sha1 to say. */
static void check_ak(struct quote *q)
{
	struct troth_findings found = { 0 };
	const struct troth_public *ak = &q->ak.pub;
	if (!q->ak.has_pub)
		return;
	troth_ak_check(ak, &found);
	bool only_sha1 = q->allow_sha1 && (ak->scheme_hash == TROTH_HASH_SHA1 ||
					   ak->name_alg == TROTH_HASH_SHA1);
	for (size_t i = 0; i < found.n; i++) {
		if (found.list[i].code == TROTH_FINDING_AK_SCHEME && only_sha1)
			continue;
		struct troth_finding *f = troth_finding_add(&q->findings, found.list[i].code);
		troth_finding_detail(f, "%s", found.list[i].detail);
	}
}

static enum troth_status judge(struct quote *q)
{
	const struct troth_quote_case c = {
		.key = q->ak.key,
		.ak = q->ak.has_pub ? &q->ak.pub : NULL,
		.attest = troth_buffer_view(&q->attest_bytes),
		.signature = &q->signature,
		.extra_data = q->has_nonce ? &q->nonce_view : NULL,
		.pcrs = q->has_pcrs ? &q->pcrs : NULL,
		.allow_sha1 = q->allow_sha1,
	};
	if (q->signature_read)
		TROTH_TRY(troth_quote_verify(q->ctx, &c, &q->attest, &q->findings));
	check_ak(q);
	return TROTH_OK;
}

static const char *ak_attributes(const struct quote *q)
{
	if (!q->ak.has_pub)
		return "unknown";
	return troth_findings_have(&q->findings, TROTH_FINDING_AK_ATTRIBUTES) ? "bad" : "ok";
}

/* Compared only where there was something to compare with. */
static json_t *pcrs_match(const struct quote *q)
{
	bool quoted = q->signature_read && q->attest.type == TROTH_ATTEST_QUOTE &&
		      !troth_findings_have(&q->findings, TROTH_FINDING_ATTEST_MALFORMED);
	if (!q->has_pcrs || !quoted)
		return json_null();
	return json_boolean(!troth_findings_have(&q->findings, TROTH_FINDING_PCR_VALUES) &&
			    !troth_findings_have(&q->findings, TROTH_FINDING_PCR_DIGEST));
}

static json_t *codes_json(const struct troth_findings *findings)
{
	json_t *list = json_array();
	for (size_t i = 0; i < findings->n; i++)
		json_array_append_new(
			list,
			json_pack("{s:s}", "code", troth_finding_name(findings->list[i].code)));
	return list;
}

/* TPM2_ClockSet takes values that JSON's integers here have no room for; they come out rounded
 * rather than negative. */
static json_t *number_if(bool known, uint64_t v)
{
	if (!known)
		return json_null();
	return v <= INT64_MAX ? json_integer((json_int_t)v) : json_real((double)v);
}

static json_t *quote_json(const struct quote *q)
{
	const struct troth_attest *a = &q->attest;
	bool read = q->signature_read && a->magic_ok && a->type != TROTH_ATTEST_OTHER;
	return json_pack("{s:b, s:o, s:s, s:s?, s:o, s:o, s:o, s:o}", "genuine",
			 q->findings.n == 0, "findings", codes_json(&q->findings),
			 "ak_attributes", ak_attributes(q), "hash",
			 troth_hash_name(q->signature.hash), "clock", number_if(read, a->clock),
			 "reset_count", number_if(read, a->reset_count), "restart_count",
			 number_if(read, a->restart_count), "pcrs_match", pcrs_match(q));
}

static void put_text(const json_t *o)
{
	static const char *const KEYS[] = { "ak_attributes", "hash",	      "clock",
					    "reset_count",   "restart_count", "pcrs_match" };
	size_t i;
	json_t *finding;
	char buf[64];
	printf("genuine\t%s\n", json_is_true(json_object_get(o, "genuine")) ? "yes" : "no");
	json_array_foreach(json_object_get(o, "findings"), i, finding)
		printf("finding\t%s\n", json_string_value(json_object_get(finding, "code")));
	for (i = 0; i < TROTH_COUNT(KEYS); i++)
		printf("%s\t%s\n", KEYS[i],
		       troth_cli_text_of(json_object_get(o, KEYS[i]), buf, sizeof buf));
}

static enum troth_cli_exit report(const struct quote *q, const char *file,
				  enum troth_cli_format format)
{
	enum troth_cli_exit code = q->findings.n == 0 ? TROTH_CLI_YES : TROTH_CLI_NO;
	const struct troth_finding *first = &q->findings.list[0];
	if (code == TROTH_CLI_NO)
		troth_cli_unsound(file, troth_finding_name(first->code), 0,
				  first->detail[0] != '\0'
					  ? first->detail
					  : troth_finding_meaning(first->code));
	else if (!q->ak.has_pub)
		troth_cli_error("warning: a PEM key does not say whether it may sign anything "
				"but what the TPM attests");
	json_t *result = quote_json(q);
	if (format == TROTH_CLI_JSON)
		return troth_cli_put_json(result, code);
	put_text(result);
	json_decref(result);
	return code;
}

static bool parse_nonce(const struct troth_cli_command *self, const char *text, struct quote *q)
{
	struct troth_view hex = troth_view_str(text);
	q->has_nonce = true;
	if (hex.n / 2 > sizeof q->nonce || !troth_parse_hex(hex, q->nonce, hex.n / 2)) {
		troth_cli_usage(self, "--nonce is at most %zu bytes in hexadecimal",
				sizeof q->nonce);
		return false;
	}
	q->nonce_view = (struct troth_view){ hex.n > 0 ? q->nonce : NULL, hex.n / 2 };
	return true;
}

static bool parse_signature_options(const struct troth_cli_command *self,
				    const struct arguments *a, bool *raw, enum troth_hash *hash)
{
	struct troth_view format =
		troth_view_str(a->signature_format != NULL ? a->signature_format : "tpmt");
	*raw = troth_view_equal(format, troth_view_str("raw"));
	*hash = TROTH_HASH_NONE;
	if (!*raw && !troth_view_equal(format, troth_view_str("tpmt"))) {
		troth_cli_usage(self, "--signature-format is tpmt or raw");
		return false;
	}
	if (a->hash != NULL) {
		*hash = troth_hash_from_name(troth_view_str(a->hash));
		if (*hash == TROTH_HASH_NONE) {
			troth_cli_usage(self, "--hash names no hash known here");
			return false;
		}
	}
	if (*raw && *hash == TROTH_HASH_NONE) {
		troth_cli_usage(self, "--signature-format raw wants --hash");
		return false;
	}
	return true;
}

static bool read_files(const struct arguments *a, struct quote *q)
{
	q->ctx = troth_cli_context();
	if (q->ctx == NULL || !troth_cli_ak_read(q->ctx, a->ak, &q->ak) ||
	    !troth_cli_read(a->attest, SMALL_FILE_MAX, &q->attest_bytes) ||
	    !troth_cli_read(a->signature, SMALL_FILE_MAX, &q->signature_bytes))
		return false;
	q->has_pcrs = a->pcrs != NULL;
	return !q->has_pcrs || troth_cli_pcrs_read(a->pcrs, &q->pcrs);
}

static bool read_arguments(const struct troth_cli_command *self, char **argv,
			   struct arguments *a, enum troth_cli_format *format)
{
	const struct troth_cli_option options[] = {
		{ "--ak", &a->ak, NULL },
		{ "--attest", &a->attest, NULL },
		{ "--signature", &a->signature, NULL },
		{ "--signature-format", &a->signature_format, NULL },
		{ "--hash", &a->hash, NULL },
		{ "--nonce", &a->nonce, NULL },
		{ "--pcrs", &a->pcrs, NULL },
		{ "--format", &a->format, NULL },
		{ "--allow-sha1", NULL, &a->allow_sha1 },
		{ 0 },
	};
	struct troth_cli_words words;
	if (!troth_cli_args(self, argv, options, &words))
		return false;
	if (a->ak == NULL || a->attest == NULL || a->signature == NULL) {
		troth_cli_usage(self, "--ak, --attest and --signature are needed");
		return false;
	}
	return troth_cli_format(self, a->format, false, format);
}

static enum troth_cli_exit run_verify(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	struct arguments a = { 0 };
	TROTH_AUTO(quote_clear) struct quote q = { 0 };
	enum troth_cli_format format;
	bool raw;
	(void)argc;
	if (!read_arguments(self, argv, &a, &format) ||
	    !parse_signature_options(self, &a, &raw, &q.hash))
		return TROTH_CLI_UNSURE;
	if ((a.nonce != NULL && !parse_nonce(self, a.nonce, &q)) || !read_files(&a, &q))
		return TROTH_CLI_UNSURE;
	q.allow_sha1 = a.allow_sha1;
	enum troth_status st = read_signature(&q, raw);
	if (st == TROTH_OK)
		st = judge(&q);
	if (st != TROTH_OK) {
		troth_cli_error("%s: %s", a.attest, troth_status_name(st));
		return TROTH_CLI_UNSURE;
	}
	return report(&q, a.attest, format);
}

const struct troth_cli_command TROTH_CLI_QUOTE[] = {
	{ "quote", "verify",
	  "--ak FILE --attest FILE --signature FILE [--signature-format tpmt|raw] "
	  "[--hash NAME] [--nonce HEX] [--pcrs FILE] [--allow-sha1] [--format text|json]",
	  "Tell whether a TPM quote is genuine",
	  "  --ak FILE         attestation key: TPM2B_PUBLIC, TPMT_PUBLIC or PEM. PEM does "
	  "not\n"
	  "                    say what the key may sign: ak_attributes is then unknown\n"
	  "  --attest FILE     the TPMS_ATTEST\n"
	  "  --signature FILE  the TPMT_SIGNATURE\n"
	  "  --signature-format tpmt|raw\n"
	  "                    raw: the bytes of an RSASSA signature, or ECDSA as DER or r\n"
	  "                    and s\n"
	  "  --hash NAME       hash of the signature: sha256, ... (needed for raw)\n"
	  "  --nonce HEX       the qualifying data must be this; may be empty\n"
	  "  --pcrs FILE       the values of the quoted PCRs and no others: lines of bank, "
	  "PCR\n"
	  "                    and value with tabs between, or the file of tpm2_quote\n"
	  "  --allow-sha1      take signatures over SHA-1\n"
	  "  --format          text (tab-separated) or json\n"
	  "\n"
	  "Exit code 0 when it is genuine, 1 when it is not, 2 when that cannot be told.\n",
	  0, 0, run_verify },
	{ 0 },
};
