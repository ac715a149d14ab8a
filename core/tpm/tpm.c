/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that uses tss2-mu.
 *
 * Each structure is walked twice. Our reader frames it first: it checks every length, takes the
 * views, and lets only selectors through that we support, so that tss2-mu never sees a size or
 * union it has to complain about (it logs). tss2-mu then unmarshals the same bytes and gives
 * the numbers; it must consume all of them. */
#include "tpm.h"

#include <string.h>
#include <tss2/tss2_mu.h>

#include "base.h"
#include "reader.h"
#include "writer.h"

/* Part 2, 8.3.2: bits that shall be zero. tss2 counts x509sign (bit 19) among them; the
 * library specification has defined it since revision 1.59. */
static const uint32_t RESERVED_ATTRIBUTES =
	TPMA_OBJECT_RESERVED1_MASK | TPMA_OBJECT_RESERVED2_MASK | TPMA_OBJECT_RESERVED3_MASK |
	TPMA_OBJECT_RESERVED4_MASK |
	(TPMA_OBJECT_RESERVED5_MASK & ~(uint32_t)TPMA_OBJECT_X509SIGN);

struct troth_view troth_name_view(const struct troth_name *name)
{
	return (struct troth_view){ name->n > 0 ? name->bytes : NULL, name->n };
}

static enum troth_status skip(struct troth_reader *r, size_t n)
{
	struct troth_view skipped;
	return troth_get_view(r, n, &skipped) ? TROTH_OK : TROTH_E_TRUNCATED;
}

/* A TPM2B of at most max bytes. */
static enum troth_status get_2b(struct troth_reader *r, size_t max, struct troth_view *out)
{
	struct troth_view v;
	if (!troth_get_view16be(r, &v))
		return TROTH_E_TRUNCATED;
	if (v.n > max)
		return TROTH_E_LIMIT;
	*out = v;
	return TROTH_OK;
}

/* TPMS_QUOTE_INFO, Part 2, 10.12.4. */
static enum troth_status frame_quote(struct troth_reader *r, struct troth_attest *a)
{
	uint32_t n_banks;
	if (!troth_get_u32be(r, &n_banks))
		return TROTH_E_TRUNCATED;
	if (n_banks > TROTH_BANKS_MAX)
		return TROTH_E_LIMIT;
	for (uint32_t i = 0; i < n_banks; i++) {
		uint8_t select_len;
		TROTH_TRY(skip(r, sizeof(TPMI_ALG_HASH)));
		if (!troth_get_u8(r, &select_len))
			return TROTH_E_TRUNCATED;
		if (select_len == 0 || select_len > TPM2_PCR_SELECT_MAX)
			return TROTH_E_MALFORMED;
		TROTH_TRY(skip(r, select_len));
	}
	return get_2b(r, TROTH_DIGEST_MAX, &a->pcr_digest);
}

/* TPMS_CERTIFY_INFO, Part 2, 10.12.3. */
static enum troth_status frame_certify(struct troth_reader *r, struct troth_attest *a)
{
	TROTH_TRY(get_2b(r, TROTH_NAME_MAX, &a->name));
	return get_2b(r, TROTH_NAME_MAX, &a->qualified_name);
}

/* clockInfo (Part 2, 10.11.1) and firmwareVersion have a fixed size. */
enum { CLOCK_AND_FIRMWARE_LEN = 8 + 4 + 4 + 1 + 8 };

/* What follows magic and type. extraData is a TPM2B_DATA; no TPM takes more than 64 bytes. */
static enum troth_status frame_attest(struct troth_reader *r, struct troth_attest *a)
{
	TROTH_TRY(get_2b(r, TROTH_NAME_MAX, &a->qualified_signer));
	TROTH_TRY(get_2b(r, TROTH_DIGEST_MAX, &a->extra_data));
	TROTH_TRY(skip(r, CLOCK_AND_FIRMWARE_LEN));
	TROTH_TRY(a->type == TROTH_ATTEST_QUOTE ? frame_quote(r, a) : frame_certify(r, a));
	return troth_at_end(r) ? TROTH_OK : TROTH_E_MALFORMED;
}

static bool selects(const struct troth_pcr_selection *s, enum troth_hash bank)
{
	for (size_t i = 0; i < s->n_banks; i++)
		if (s->banks[i].bank == bank)
			return true;
	return false;
}

/* TPMS_PCR_SELECTION, Part 2, 10.6.2. A mask of zero is legal: a TPM answers so for a bank it
 * has not allocated. A bank that comes twice is not: which of the two would count? */
static enum troth_status read_bank(const TPMS_PCR_SELECTION *in,
				   struct troth_pcr_selection *out)
{
	struct troth_pcr_bank_selection s = { .bank = troth_hash_from_tpm(in->hash) };
	if (s.bank == TROTH_HASH_NONE)
		return TROTH_E_UNSUPPORTED;
	for (uint8_t i = 0; i < in->sizeofSelect; i++)
		s.mask |= (uint32_t)in->pcrSelect[i] << 8 * i;
	if (s.mask >> TROTH_PCR_COUNT != 0 || selects(out, s.bank))
		return TROTH_E_MALFORMED;
	out->banks[out->n_banks++] = s;
	return TROTH_OK;
}

static enum troth_status read_selection(const TPML_PCR_SELECTION *in,
					struct troth_pcr_selection *out)
{
	for (uint32_t i = 0; i < in->count; i++)
		TROTH_TRY(read_bank(&in->pcrSelections[i], out));
	return TROTH_OK;
}

static enum troth_status read_attest(struct troth_view bytes, struct troth_attest *a)
{
	TPMS_ATTEST t = { 0 };
	size_t offset = 0;
	if (Tss2_MU_TPMS_ATTEST_Unmarshal(bytes.p, bytes.n, &offset, &t) != TSS2_RC_SUCCESS ||
	    offset != bytes.n)
		return TROTH_E_MALFORMED;
	/* TPMI_YES_NO, Part 2, 9.2. */
	if (t.clockInfo.safe > 1)
		return TROTH_E_MALFORMED;
	a->clock = t.clockInfo.clock;
	a->reset_count = t.clockInfo.resetCount;
	a->restart_count = t.clockInfo.restartCount;
	a->safe = t.clockInfo.safe == 1;
	a->firmware_version = t.firmwareVersion;
	if (a->type != TROTH_ATTEST_QUOTE)
		return TROTH_OK;
	return read_selection(&t.attested.quote.pcrSelect, &a->selection);
}

static enum troth_attest_type attest_type(uint16_t raw_type)
{
	switch (raw_type) {
	case TPM2_ST_ATTEST_QUOTE: return TROTH_ATTEST_QUOTE;
	case TPM2_ST_ATTEST_CERTIFY: return TROTH_ATTEST_CERTIFY;
	default: return TROTH_ATTEST_OTHER;
	}
}

enum troth_status troth_attest_parse(struct troth_view bytes, struct troth_attest *out)
{
	if (bytes.n > TROTH_ATTEST_MAX)
		return TROTH_E_LIMIT;
	struct troth_reader r = { bytes };
	struct troth_attest a = { 0 };
	uint32_t magic;
	if (!troth_get_u32be(&r, &magic) || !troth_get_u16be(&r, &a.raw_type))
		return TROTH_E_TRUNCATED;
	a.magic_ok = magic == TPM2_GENERATED_VALUE;
	a.type = attest_type(a.raw_type);
	if (a.type != TROTH_ATTEST_OTHER) {
		TROTH_TRY(frame_attest(&r, &a));
		TROTH_TRY(read_attest(bytes, &a));
	}
	*out = a;
	return TROTH_OK;
}

static enum troth_sig_scheme scheme_from_tpm(uint16_t alg)
{
	switch (alg) {
	case TPM2_ALG_RSASSA: return TROTH_SIG_RSASSA;
	case TPM2_ALG_RSAPSS: return TROTH_SIG_RSAPSS;
	case TPM2_ALG_ECDSA: return TROTH_SIG_ECDSA;
	default: return TROTH_SIG_NONE;
	}
}

/* A number that must not be empty: neither RSA nor ECDSA has a signature of no bytes. */
static enum troth_status get_number(struct troth_reader *r, size_t max, struct troth_view *out)
{
	struct troth_view v;
	TROTH_TRY(get_2b(r, max, &v));
	if (v.n == 0)
		return TROTH_E_MALFORMED;
	*out = v;
	return TROTH_OK;
}

static enum troth_status frame_numbers(struct troth_reader *r, struct troth_signature *s)
{
	if (s->scheme != TROTH_SIG_ECDSA)
		return get_number(r, TROTH_RSA_BYTES_MAX, &s->rsa);
	TROTH_TRY(get_number(r, TROTH_ECC_BYTES_MAX, &s->r));
	return get_number(r, TROTH_ECC_BYTES_MAX, &s->s);
}

/* TPMU_SIGNATURE, Part 2, 11.3.3, for the schemes we take. */
static enum troth_status frame_signature(struct troth_reader *r, struct troth_signature *s)
{
	uint16_t alg;
	if (!troth_get_u16be(r, &alg))
		return TROTH_E_TRUNCATED;
	s->scheme = scheme_from_tpm(alg);
	if (s->scheme == TROTH_SIG_NONE)
		return TROTH_E_UNSUPPORTED;
	TROTH_TRY(skip(r, sizeof(TPMI_ALG_HASH)));
	TROTH_TRY(frame_numbers(r, s));
	return troth_at_end(r) ? TROTH_OK : TROTH_E_MALFORMED;
}

enum troth_status troth_signature_parse(struct troth_view bytes, struct troth_signature *out)
{
	if (bytes.n > TROTH_SIGNATURE_MAX)
		return TROTH_E_LIMIT;
	struct troth_reader r = { bytes };
	struct troth_signature s = { 0 };
	TROTH_TRY(frame_signature(&r, &s));

	TPMT_SIGNATURE t = { 0 };
	size_t offset = 0;
	if (Tss2_MU_TPMT_SIGNATURE_Unmarshal(bytes.p, bytes.n, &offset, &t) !=
		    TSS2_RC_SUCCESS ||
	    offset != bytes.n)
		return TROTH_E_MALFORMED;
	s.hash = troth_hash_from_tpm(t.signature.any.hashAlg);
	if (s.hash == TROTH_HASH_NONE)
		return TROTH_E_UNSUPPORTED;
	*out = s;
	return TROTH_OK;
}

/* TPMT_SYM_DEF_OBJECT, Part 2, 11.1.7: none, or AES as storage keys have it. */
static enum troth_status frame_symmetric(struct troth_reader *r)
{
	uint16_t alg;
	if (!troth_get_u16be(r, &alg))
		return TROTH_E_TRUNCATED;
	if (alg == TPM2_ALG_NULL)
		return TROTH_OK;
	if (alg != TPM2_ALG_AES)
		return TROTH_E_UNSUPPORTED;
	return skip(r, sizeof(TPMI_AES_KEY_BITS) + sizeof(TPMI_ALG_SYM_MODE));
}

/* TPMT_RSA_SCHEME and TPMT_ECC_SCHEME, Part 2, 11.2.4.2 and 11.2.5.6: none, or a signature. */
static enum troth_status frame_scheme(struct troth_reader *r, struct troth_public *p)
{
	uint16_t alg;
	if (!troth_get_u16be(r, &alg))
		return TROTH_E_TRUNCATED;
	if (alg == TPM2_ALG_NULL)
		return TROTH_OK;
	p->scheme = scheme_from_tpm(alg);
	bool fits = p->type == TROTH_KEY_ECC
			    ? p->scheme == TROTH_SIG_ECDSA
			    : p->scheme == TROTH_SIG_RSASSA || p->scheme == TROTH_SIG_RSAPSS;
	return fits ? skip(r, sizeof(TPMI_ALG_HASH)) : TROTH_E_UNSUPPORTED;
}

/* TPMS_RSA_PARMS, Part 2, 12.2.3.5, and the modulus. */
static enum troth_status frame_rsa(struct troth_reader *r, struct troth_public *p)
{
	TROTH_TRY(frame_symmetric(r));
	TROTH_TRY(frame_scheme(r, p));
	TROTH_TRY(skip(r, sizeof(TPMI_RSA_KEY_BITS) + sizeof(UINT32)));
	return get_2b(r, TROTH_RSA_BYTES_MAX, &p->modulus);
}

/* TPMS_ECC_PARMS, Part 2, 12.2.3.6, and the point. No known TPM sets a
 * key derivation scheme. */
static enum troth_status frame_ecc(struct troth_reader *r, struct troth_public *p)
{
	uint16_t kdf;
	TROTH_TRY(frame_symmetric(r));
	TROTH_TRY(frame_scheme(r, p));
	TROTH_TRY(skip(r, sizeof(TPMI_ECC_CURVE)));
	if (!troth_get_u16be(r, &kdf))
		return TROTH_E_TRUNCATED;
	if (kdf != TPM2_ALG_NULL)
		return TROTH_E_UNSUPPORTED;
	TROTH_TRY(get_2b(r, TROTH_ECC_BYTES_MAX, &p->x));
	return get_2b(r, TROTH_ECC_BYTES_MAX, &p->y);
}

static enum troth_status frame_public(struct troth_reader *r, struct troth_public *p)
{
	uint16_t type;
	if (!troth_get_u16be(r, &type))
		return TROTH_E_TRUNCATED;
	if (type != TPM2_ALG_RSA && type != TPM2_ALG_ECC)
		return TROTH_E_UNSUPPORTED;
	p->type = type == TPM2_ALG_RSA ? TROTH_KEY_RSA : TROTH_KEY_ECC;
	TROTH_TRY(skip(r, sizeof(TPMI_ALG_HASH) + sizeof(TPMA_OBJECT)));
	TROTH_TRY(get_2b(r, TROTH_DIGEST_MAX, &p->policy));
	TROTH_TRY(p->type == TROTH_KEY_RSA ? frame_rsa(r, p) : frame_ecc(r, p));
	return troth_at_end(r) ? TROTH_OK : TROTH_E_MALFORMED;
}

static enum troth_status read_symmetric(const TPMT_SYM_DEF_OBJECT *in, struct troth_public *p)
{
	if (in->algorithm == TPM2_ALG_NULL)
		return TROTH_OK;
	bool known = in->keyBits.aes == 128 || in->keyBits.aes == 192 || in->keyBits.aes == 256;
	if (!known || in->mode.aes != TPM2_ALG_CFB)
		return TROTH_E_UNSUPPORTED;
	p->symmetric_bits = in->keyBits.aes;
	return TROTH_OK;
}

static enum troth_status read_scheme_hash(uint16_t alg, struct troth_public *p)
{
	if (p->scheme == TROTH_SIG_NONE)
		return TROTH_OK;
	p->scheme_hash = troth_hash_from_tpm(alg);
	return p->scheme_hash == TROTH_HASH_NONE ? TROTH_E_UNSUPPORTED : TROTH_OK;
}

/* Part 2, 12.2.3.5: an exponent of zero means 2^16 + 1. */
enum { DEFAULT_EXPONENT = 65537 };

static enum troth_status read_rsa(const TPMS_RSA_PARMS *in, struct troth_public *p)
{
	TROTH_TRY(read_symmetric(&in->symmetric, p));
	TROTH_TRY(read_scheme_hash(in->scheme.details.anySig.hashAlg, p));
	p->rsa_bits = in->keyBits;
	p->rsa_exponent = in->exponent != 0 ? in->exponent : DEFAULT_EXPONENT;
	return p->modulus.n > 0 && p->modulus.n * 8 == p->rsa_bits ? TROTH_OK
								   : TROTH_E_MALFORMED;
}

/* Part 1, C.8: a TPM pads coordinates to the width of the field. */
static enum troth_status read_ecc(const TPMS_ECC_PARMS *in, struct troth_public *p)
{
	size_t width;
	TROTH_TRY(read_symmetric(&in->symmetric, p));
	TROTH_TRY(read_scheme_hash(in->scheme.details.anySig.hashAlg, p));
	switch (in->curveID) {
	case TPM2_ECC_NIST_P256:
		p->curve = TROTH_CURVE_P256;
		width = 32;
		break;
	case TPM2_ECC_NIST_P384:
		p->curve = TROTH_CURVE_P384;
		width = 48;
		break;
	default: return TROTH_E_UNSUPPORTED;
	}
	return p->x.n == width && p->y.n == width ? TROTH_OK : TROTH_E_MALFORMED;
}

static enum troth_status read_public(struct troth_view bytes, struct troth_public *p)
{
	TPMT_PUBLIC t = { 0 };
	size_t offset = 0;
	if (Tss2_MU_TPMT_PUBLIC_Unmarshal(bytes.p, bytes.n, &offset, &t) != TSS2_RC_SUCCESS ||
	    offset != bytes.n)
		return TROTH_E_MALFORMED;
	p->name_alg = troth_hash_from_tpm(t.nameAlg);
	if (p->name_alg == TROTH_HASH_NONE)
		return TROTH_E_UNSUPPORTED;
	p->attributes = t.objectAttributes;
	if ((p->attributes & RESERVED_ATTRIBUTES) != 0)
		return TROTH_E_MALFORMED;
	/* A policy is a digest under nameAlg, or there is none (Part 2, 12.2.4). */
	if (p->policy.n != 0 && p->policy.n != troth_hash_size(p->name_alg))
		return TROTH_E_MALFORMED;
	return p->type == TROTH_KEY_RSA ? read_rsa(&t.parameters.rsaDetail, p)
					: read_ecc(&t.parameters.eccDetail, p);
}

/* alg || H(parts), the form of Names and qualified names (Part 1, 16). */
static enum troth_status make_name(struct troth_ctx *ctx, enum troth_hash alg,
				   const struct troth_view *parts, size_t n_parts,
				   struct troth_name *out)
{
	struct troth_digest d;
	struct troth_name name = { 0 };
	TROTH_TRY(troth_hash_parts(ctx, alg, parts, n_parts, &d));
	struct troth_writer w = troth_writer_make(name.bytes, sizeof name.bytes);
	troth_put_u16be(&w, troth_hash_to_tpm(alg));
	troth_put_view(&w, troth_digest_view(&d));
	name.n = troth_written(&w).n;
	*out = name;
	return TROTH_OK;
}

enum troth_status troth_public_parse(struct troth_ctx *ctx, struct troth_view bytes,
				     struct troth_public *out)
{
	if (bytes.n > TROTH_PUBLIC_MAX)
		return TROTH_E_LIMIT;
	struct troth_reader r = { bytes };
	struct troth_public p = { 0 };
	TROTH_TRY(frame_public(&r, &p));
	TROTH_TRY(read_public(bytes, &p));
	/* Over the received bytes, not over what we understood of them. */
	TROTH_TRY(make_name(ctx, p.name_alg, &bytes, 1, &p.name));
	*out = p;
	return TROTH_OK;
}

enum troth_status troth_public_unwrap(struct troth_view tpm2b, struct troth_view *out)
{
	struct troth_reader r = { tpm2b };
	struct troth_view inner;
	if (!troth_get_view16be(&r, &inner))
		return TROTH_E_TRUNCATED;
	if (!troth_at_end(&r) || inner.n == 0)
		return TROTH_E_MALFORMED;
	*out = inner;
	return TROTH_OK;
}

enum troth_status troth_qualified_name(struct troth_ctx *ctx, uint32_t hierarchy,
				       const struct troth_public *key, struct troth_name *out)
{
	uint8_t handle[sizeof hierarchy];
	struct troth_writer w = troth_writer_make(handle, sizeof handle);
	troth_put_u32be(&w, hierarchy);
	const struct troth_view parts[] = { troth_written(&w), troth_name_view(&key->name) };
	return make_name(ctx, key->name_alg, parts, TROTH_COUNT(parts), out);
}
