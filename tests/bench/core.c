/* SPDX-License-Identifier: Apache-2.0 */
/* What the core costs, beside the bare cryptography of OpenSSL on the same
 * core in the same run. */
#include "check.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise.h"
#include "bench.h"
#include "event_text.h"
#include "eventlog.h"
#include "facts.h"
#include "file.h"
#include "forge.h"
#include "quote.h"
#include "reader.h"
#include "writer.h"

#define LOG_ROOM (256 * 1024)

static struct troth_ctx *ctx;

static void need(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "bench_core: %s\n", what);
	exit(1);
}

/* ---- quotes ---- */

struct quote_bench {
	struct forge_key forged;
	uint8_t public_bytes[TROTH_PUBLIC_MAX], attest[TROTH_ATTEST_MAX],
		sig[TROTH_SIGNATURE_MAX];
	struct troth_view attest_view, sig_view;
	struct troth_public ak;
	struct troth_key *key;
	struct troth_pcr_values pcrs;
	struct troth_pcr_selection selection;
	struct troth_view extra;
	/* the peer */
	EVP_PKEY_CTX *verify;
	uint8_t digest[32], raw[TROTH_SIGNATURE_MAX];
	size_t raw_len;
};

static const uint8_t EXTRA[32] = { 1, 2, 3 };

static void prepare_values(struct quote_bench *b, TPMS_ATTEST *quote)
{
	struct troth_digest d;
	uint8_t value[32] = { 7 };
	for (uint32_t pcr = 0; pcr < 10; pcr++)
		need(troth_pcr_set(&b->pcrs, TROTH_HASH_SHA256, pcr, TROTH_VIEW_OF(value)),
		     "pcr");
	need(troth_pcr_selection_add(&b->selection, TROTH_HASH_SHA256, 0x3ff), "selection");
	forge_select(quote, TPM2_ALG_SHA256, 0x3ff);
	need(troth_pcr_digest(ctx, TROTH_HASH_SHA256, &b->selection, &b->pcrs, &d) == TROTH_OK,
	     "pcr digest");
	quote->attested.quote.pcrDigest.size = 32;
	memcpy(quote->attested.quote.pcrDigest.buffer, d.bytes, 32);
}

/* The peer verifies a digest with a context that is ready, as `openssl speed` does. */
static void prepare_peer(struct quote_bench *b)
{
	EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(b->forged.pkey, NULL);
	bool rsa = b->forged.kind == FORGE_RSA2048;
	b->raw_len = sizeof b->raw;
	b->verify = EVP_PKEY_CTX_new(b->forged.pkey, NULL);
	need(EVP_Digest(b->attest_view.p, b->attest_view.n, b->digest, NULL, EVP_sha256(),
			NULL) == 1 &&
		     EVP_PKEY_sign_init(sign) == 1 &&
		     (!rsa || EVP_PKEY_CTX_set_rsa_padding(sign, RSA_PKCS1_PADDING) == 1) &&
		     EVP_PKEY_CTX_set_signature_md(sign, EVP_sha256()) == 1 &&
		     EVP_PKEY_sign(sign, b->raw, &b->raw_len, b->digest, 32) == 1 &&
		     EVP_PKEY_verify_init(b->verify) == 1 &&
		     (!rsa ||
		      EVP_PKEY_CTX_set_rsa_padding(b->verify, RSA_PKCS1_PADDING) == 1) &&
		     EVP_PKEY_CTX_set_signature_md(b->verify, EVP_sha256()) == 1,
	     "the peer cannot be set up");
	EVP_PKEY_CTX_free(sign);
}

static void prepare_quote(struct quote_bench *b, enum forge_kind kind, TPM2_ALG_ID scheme)
{
	*b = (struct quote_bench){ .extra = TROTH_VIEW_OF(EXTRA) };
	b->forged = forge_key(kind, scheme, TPM2_ALG_SHA256);
	TPMT_PUBLIC area = forge_public(&b->forged, FORGE_AK_ATTRIBUTES);
	struct troth_view public_view =
		forge_public_bytes(&area, b->public_bytes, sizeof b->public_bytes);
	TPMS_ATTEST quote = forge_quote(b->extra);
	quote.attested.quote.pcrSelect.count = 0;
	prepare_values(b, &quote);
	quote.qualifiedSigner = forge_qualified_name(TPM2_RH_ENDORSEMENT, public_view);
	b->attest_view = forge_attest_bytes(&quote, b->attest, sizeof b->attest);
	b->sig_view = forge_sign(&b->forged, b->attest_view, b->sig, sizeof b->sig);
	need(troth_public_parse(ctx, public_view, &b->ak) == TROTH_OK &&
		     troth_key_from_public(&b->ak, &b->key) == TROTH_OK,
	     "the AK cannot be read");
	prepare_peer(b);
}

static void release_quote(struct quote_bench *b)
{
	troth_key_free(b->key);
	EVP_PKEY_CTX_free(b->verify);
	forge_key_free(&b->forged);
}

static void verify_quote(void *arg)
{
	struct quote_bench *b = arg;
	struct troth_findings findings;
	struct troth_signature signature;
	struct troth_attest attest;
	findings.n = findings.n_dropped = 0;
	need(troth_signature_parse(b->sig_view, &signature) == TROTH_OK, "signature");
	const struct troth_quote_case c = {
		.key = b->key,
		.ak = &b->ak,
		.attest = b->attest_view,
		.signature = &signature,
		.extra_data = &b->extra,
		.selection = &b->selection,
		.pcrs = &b->pcrs,
		.hierarchy = TPM2_RH_ENDORSEMENT,
	};
	need(troth_quote_verify(ctx, &c, &attest, &findings) == TROTH_OK && findings.n == 0,
	     "the quote is not found genuine");
}

static void verify_bare(void *arg)
{
	struct quote_bench *b = arg;
	need(EVP_PKEY_verify(b->verify, b->raw, b->raw_len, b->digest, 32) == 1, "peer");
}

static void bench_quote(const char *name, enum forge_kind kind, TPM2_ALG_ID scheme,
			double limit)
{
	static struct quote_bench b;
	prepare_quote(&b, kind, scheme);
	struct bench_pair p = bench_compare(verify_quote, verify_bare, &b);
	bench_print(&(struct bench_row){ .name = name,
					 .unit = "us",
					 .value = p.ours_s * 1e6,
					 .peer = "EVP_PKEY_verify",
					 .ratio = p.ours_s / p.peer_s,
					 .limit = limit });
	release_quote(&b);
}

/* ---- logs ---- */

struct log_bench {
	struct quote_bench rsa; /* the peer: one RSA-2048 verification */
	struct troth_view bytes;
	const struct troth_pcr_selection *banks; /* NULL: all */
	bool render;				 /* each event as fields, too */
};

/* What a verifier replays: the banks its policies select. */
static const struct troth_pcr_selection SHA256_ONLY = { 1,
							{ { TROTH_HASH_SHA256, 0xffffff } } };

static void put_le(struct troth_writer *w, uint32_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		troth_put_u8(w, (uint8_t)(v >> (8 * i)));
}

static const struct {
	uint16_t id, size;
} BANKS[] = { { 0x0004, 20 }, { 0x000b, 32 }, { 0x000c, 48 } };

static void put_zeros(struct troth_writer *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		troth_put_u8(w, (uint8_t)(w->n * 31));
}

/* A crypto-agile log of three banks: n events of data_len bytes of data. */
static struct troth_view generate_log(uint8_t *buf, size_t n, size_t data_len)
{
	static const char SPEC_ID[16] = "Spec ID Event03";
	static const uint8_t NO_DIGEST[20];
	struct troth_writer w = troth_writer_make(buf, LOG_ROOM);
	put_le(&w, 0, 4);
	put_le(&w, 3, 4);
	troth_put_view(&w, TROTH_VIEW_OF(NO_DIGEST));
	put_le(&w, 16 + 4 + 4 + 4 + 3 * 4 + 1, 4);
	troth_put_view(&w, TROTH_VIEW_OF(SPEC_ID));
	put_le(&w, 0, 4);
	put_le(&w, 0x02690200, 4);
	put_le(&w, 3, 4);
	for (size_t i = 0; i < 3; i++) {
		put_le(&w, BANKS[i].id, 2);
		put_le(&w, BANKS[i].size, 2);
	}
	put_le(&w, 0, 1);
	for (size_t e = 1; e < n; e++) {
		put_le(&w, (uint32_t)(e % 10), 4);
		put_le(&w, 0x0d, 4);
		put_le(&w, 3, 4);
		for (size_t i = 0; i < 3; i++) {
			put_le(&w, BANKS[i].id, 2);
			put_zeros(&w, BANKS[i].size);
		}
		put_le(&w, (uint32_t)data_len, 4);
		put_zeros(&w, data_len);
	}
	need(troth_writer_ok(&w), "the log does not fit");
	return troth_written(&w);
}

static void replay_log(void *arg)
{
	struct log_bench *b = arg;
	struct troth_log log = { 0 };
	static struct troth_replay replay;
	need(troth_log_parse(b->bytes, &log) == TROTH_OK &&
		     troth_log_replay_banks(ctx, &log, b->banks, &replay) == TROTH_OK,
	     "the log does not replay");
	troth_log_release(&log);
}

static void verify_rsa(void *arg)
{
	struct log_bench *b = arg;
	verify_bare(&b->rsa);
}

static void bench_replay(struct log_bench *b, const char *name, double limit)
{
	struct bench_pair p = bench_compare(replay_log, verify_rsa, b);
	bench_print(&(struct bench_row){ .name = name,
					 .unit = "us",
					 .value = p.ours_s * 1e6,
					 .peer = "RSA-2048 verify",
					 .ratio = p.ours_s / p.peer_s,
					 .limit = limit });
}

static void count_text(void *to, const char *name, const char *value)
{
	(void)name;
	*(size_t *)to += value[0] != '\0';
}

static void count_number(void *to, const char *name, uint64_t value)
{
	(void)name;
	*(size_t *)to += value != 0;
}

/* Everything that is known of a log: parsed, replayed in the bank that proves, every event
 * judged, every fact read; and, where asked, every event rendered for people. */
static void decode_log(void *arg)
{
	struct log_bench *b = arg;
	struct troth_log log = { 0 };
	static struct troth_replay replay;
	struct troth_facts facts = { 0 };
	size_t n = 0;
	const struct troth_fields sink = { count_text, count_text, count_number, &n };
	need(troth_log_parse(b->bytes, &log) == TROTH_OK &&
		     troth_log_replay_banks(ctx, &log, b->banks, &replay) == TROTH_OK &&
		     troth_facts_read(ctx, &log, TROTH_HASH_SHA256, &facts) == TROTH_OK,
	     "the log cannot be decoded");
	for (size_t i = 0; b->render && i < log.n_events; i++)
		troth_event_fields(&log.events[i], &sink);
	troth_facts_release(&facts);
	troth_log_release(&log);
}

static void bench_decode(struct log_bench *b, const char *name, double limit)
{
	struct bench_pair p = bench_compare(decode_log, verify_rsa, b);
	bench_print(&(struct bench_row){ .name = name,
					 .unit = "us",
					 .value = p.ours_s * 1e6,
					 .peer = "RSA-2048 verify",
					 .ratio = p.ours_s / p.peer_s,
					 .limit = limit });
}

static void bench_foreign_log(struct log_bench *b, const char *name)
{
	struct troth_buffer file = { 0 };
	char path[4096];
	const char *data = getenv("TROTH_TEST_DATA");
	if (data == NULL) {
		fprintf(stderr, "bench_core: %s skipped, TROTH_TEST_DATA is not set\n", name);
		return;
	}
	snprintf(path, sizeof path, "%s/eventlogs/%s.bin", data, name);
	if (troth_file_read(path, TROTH_LOG_MAX, &file) != TROTH_OK) {
		fprintf(stderr, "bench_core: %s skipped, it is not there\n", name);
		return;
	}
	b->bytes = troth_buffer_view(&file);
	bench_replay(b, "log.replay.38k.real.sha256", 3);
	b->render = false;
	bench_decode(b, "log.decode.38k.real", 5);
	b->render = true;
	bench_decode(b, "log.render.38k.real", 12);
	troth_buffer_clear(&file);
}

static void bench_logs(void)
{
	static struct log_bench b;
	static uint8_t buf[LOG_ROOM];
	prepare_quote(&b.rsa, FORGE_RSA2048, TPM2_ALG_RSASSA);
	b.bytes = generate_log(buf, 100, 262);
	bench_replay(&b, "log.replay.38k.three-banks", 0);
	b.banks = &SHA256_ONLY;
	bench_replay(&b, "log.replay.38k.sha256", 3);
	bench_foreign_log(&b, "google-ubuntu-2104-shielded-vm-no-secure-boot-eventlog");
	b.bytes = generate_log(buf, 520, 130);
	bench_replay(&b, "log.replay.131k.sha256", 15);
	b.render = false;
	bench_decode(&b, "log.decode.131k", 20);
	b.render = true;
	bench_decode(&b, "log.render.131k", 40);
	b.banks = NULL;
	bench_replay(&b, "log.replay.131k.three-banks", 0);
	release_quote(&b.rsa);
}

/* ---- whole appraisals, of a captured boot ---- */

struct appraisal_bench {
	struct quote_bench quote;
	struct troth_buffer bytes;
	struct troth_log log;
	struct troth_replay replay;
	struct troth_policy policy;
	struct troth_reference_set reference;
};

static void prepare_appraisal(struct appraisal_bench *b)
{
	prepare_quote(&b->quote, FORGE_P256, TPM2_ALG_ECDSA);
	need(troth_file_read(TROTH_FIXTURES "/bootvm/shim-sb-on/binary_bios_measurements",
			     TROTH_LOG_MAX, &b->bytes) == TROTH_OK,
	     "the captured boot cannot be read");
	need(troth_log_parse(troth_buffer_view(&b->bytes), &b->log) == TROTH_OK &&
		     troth_log_replay(ctx, &b->log, &b->replay) == TROTH_OK,
	     "the captured boot does not replay");
	snprintf(b->policy.name, sizeof b->policy.name, "default");
	snprintf(b->policy.reference, sizeof b->policy.reference, "base");
	b->policy.require_secure_boot = true;
	need(troth_pcr_selection_add(&b->policy.selection, TROTH_HASH_SHA256, 0x3bf),
	     "selection");
	need(troth_reference_learn(&b->log, &b->policy.selection, "base", "learned",
				   &b->reference) == TROTH_OK,
	     "nothing is learned");
}

static void appraise(struct appraisal_bench *b, const struct troth_log *log,
		     const struct troth_replay *replay)
{
	static struct troth_verdict verdict;
	uint8_t digest[32];
	verify_quote(&b->quote);
	const struct troth_case c = {
		.policy = &b->policy,
		.reference = &b->reference,
		.pcrs = &b->replay.values,
		.log_bytes = troth_buffer_view(&b->bytes),
		.log = log,
		.replay = replay,
	};
	need(troth_appraise(ctx, &c, &verdict) == TROTH_OK &&
		     troth_verdict_digest(ctx, &verdict, digest) == TROTH_OK,
	     "no verdict");
}

static void appraise_first(void *arg)
{
	struct appraisal_bench *b = arg;
	struct troth_log log = { 0 };
	static struct troth_replay replay;
	struct troth_digest d;
	need(troth_hash_one(ctx, TROTH_HASH_SHA256, troth_buffer_view(&b->bytes), &d) ==
			     TROTH_OK &&
		     troth_log_parse(troth_buffer_view(&b->bytes), &log) == TROTH_OK &&
		     troth_log_replay(ctx, &log, &replay) == TROTH_OK,
	     "replay");
	appraise(b, &log, &replay);
	troth_log_release(&log);
}

static void appraise_renewal(void *arg)
{
	struct appraisal_bench *b = arg;
	appraise(b, &b->log, &b->replay);
}

/* One verification, the log hashed once, and each of its events extended in each bank. */
static void bare_first(void *arg)
{
	struct appraisal_bench *b = arg;
	struct troth_digest d;
	uint8_t block[128] = { 0 };
	verify_bare(&b->quote);
	need(troth_hash_one(ctx, TROTH_HASH_SHA256, troth_buffer_view(&b->bytes), &d) ==
		     TROTH_OK,
	     "hash");
	for (size_t e = 0; e < b->log.n_events; e++)
		for (size_t i = 0; i < b->log.header.n_algs; i++) {
			enum troth_hash h = b->log.header.algs[i].hash;
			struct troth_view two = { block, 2 * troth_hash_size(h) };
			need(troth_hash_one(ctx, h, two, &d) == TROTH_OK, "hash");
		}
}

static void bare_renewal(void *arg)
{
	struct appraisal_bench *b = arg;
	verify_bare(&b->quote);
}

static void bench_appraisals(void)
{
	static struct appraisal_bench b;
	prepare_appraisal(&b);
	struct bench_pair p = bench_compare(appraise_first, bare_first, &b);
	bench_print(&(struct bench_row){ .name = "appraisal.first",
					 .unit = "us",
					 .value = p.ours_s * 1e6,
					 .peer = "P-256 verify and the log's hashes",
					 .ratio = p.ours_s / p.peer_s,
					 .limit = 2 });
	p = bench_compare(appraise_renewal, bare_renewal, &b);
	bench_print(&(struct bench_row){ .name = "appraisal.renewal",
					 .unit = "us",
					 .value = p.ours_s * 1e6,
					 .peer = "P-256 verify",
					 .ratio = p.ours_s / p.peer_s,
					 .limit = 1.5 });
	troth_reference_release(&b.reference);
	troth_log_release(&b.log);
	troth_buffer_clear(&b.bytes);
	release_quote(&b.quote);
}

int main(void)
{
	need(troth_ctx_new(&ctx) == TROTH_OK, "no context");
	bench_quote("quote.verify.p256", FORGE_P256, TPM2_ALG_ECDSA, 1.15);
	bench_quote("quote.verify.rsa2048", FORGE_RSA2048, TPM2_ALG_RSASSA, 1.4);
	bench_logs();
	bench_appraisals();
	troth_ctx_free(ctx);
	return 0;
}
