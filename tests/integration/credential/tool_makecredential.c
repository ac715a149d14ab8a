/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a credential with the code under test, for tpm2_activatecredential to open.
 *
 *   tool_makecredential TEMPLATE EK_PUBLIC AK_NAME SECRET OUT
 *
 * EK_PUBLIC is the TPM2B_PUBLIC that a TPM gave, AK_NAME a file of bytes, SECRET hex. It is
 * also checked that the TPM's public area is our template with a key in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base.h"
#include "ek.h"
#include "files.h"
#include "reader.h"
#include "text.h"
#include "writer.h"

/* The header of tpm2-tools' credential files. */
#define TOOLS_MAGIC 0xbadcc0de
#define TOOLS_VERSION 1

static int fail(const char *what)
{
	(void)fprintf(stderr, "tool_makecredential: %s\n", what);
	return 1;
}

/* Bytes of unique: the key in the TPM's answer, zeros or nothing in the template. */
static size_t unique_len(const struct troth_ek_template_info *info, bool with_key)
{
	const bool ecc = info->type == TROTH_KEY_ECC;
	const size_t width = info->curve == TROTH_CURVE_P384 ? 48 : 32;
	const size_t key = ecc ? 2 * width : info->rsa_bits / 8U;
	return (ecc ? 4 : 2) + (with_key || !info->high_range ? key : 0);
}

static bool is_of_template(enum troth_ek_template t, struct troth_view area)
{
	const struct troth_ek_template_info *info = troth_ek_template_info(t);
	uint8_t buf[TROTH_PUBLIC_MAX];
	size_t n;
	if (troth_ek_public_template(t, buf, sizeof buf, &n) != TROTH_OK ||
	    area.n < unique_len(info, true))
		return false;
	return troth_view_equal((struct troth_view){ buf, n - unique_len(info, false) },
				(struct troth_view){ area.p, area.n - unique_len(info, true) });
}

static enum troth_status read_ek(struct troth_ctx *ctx, enum troth_ek_template t,
				 struct troth_view tpm2b, struct troth_ek *out)
{
	struct troth_view area;
	struct troth_public pub;
	uint8_t point[2 * TROTH_ECC_BYTES_MAX];
	struct troth_writer w = troth_writer_make(point, sizeof point);
	TROTH_TRY(troth_public_unwrap(tpm2b, &area));
	TROTH_TRY(troth_public_parse(ctx, area, &pub));
	if (!is_of_template(t, area))
		return TROTH_E_MISMATCH;
	if (pub.type == TROTH_KEY_RSA)
		return troth_ek_make(t, pub.modulus, out);
	troth_put_view(&w, pub.x);
	troth_put_view(&w, pub.y);
	return troth_ek_make(t, troth_written(&w), out);
}

static int write_credential(const struct troth_credential *c, const char *path)
{
	uint8_t head[8];
	struct troth_writer w = troth_writer_make(head, sizeof head);
	FILE *out = fopen(path, "wb");
	if (out == NULL)
		return fail("cannot write");
	troth_put_u32be(&w, TOOLS_MAGIC);
	troth_put_u32be(&w, TOOLS_VERSION);
	const bool written = fwrite(head, sizeof head, 1, out) == 1 &&
			     fwrite(c->blob, c->blob_len, 1, out) == 1 &&
			     fwrite(c->secret, c->secret_len, 1, out) == 1;
	return fclose(out) == 0 && written ? 0 : fail("cannot write");
}

int main(int argc, char **argv)
{
	struct troth_ctx *ctx = NULL;
	struct troth_ek ek;
	struct troth_name name;
	struct troth_credential_input in = { .ak_name = &name };
	struct troth_credential credential;
	uint8_t secret[64];

	if (argc != 6)
		return fail("TEMPLATE EK_PUBLIC AK_NAME SECRET OUT");
	const enum troth_ek_template t = troth_ek_template_from_name(troth_view_str(argv[1]));
	struct troth_view ek_file = file_load(".", argv[2]),
			  name_file = file_load(".", argv[3]);
	const struct troth_view hex = troth_view_str(argv[4]);
	if (t == TROTH_EK_NONE || ek_file.p == NULL || name_file.p == NULL ||
	    name_file.n > sizeof name.bytes || hex.n / 2 > sizeof secret ||
	    !troth_parse_hex(hex, secret, hex.n / 2))
		return fail("bad arguments");
	name.n = name_file.n;
	memcpy(name.bytes, name_file.p, name.n);
	in.secret = (struct troth_view){ secret, hex.n / 2 };
	if (troth_ctx_new(&ctx) != TROTH_OK ||
	    getrandom(in.random, sizeof in.random, 0) != sizeof in.random)
		return fail("no context");
	enum troth_status s = read_ek(ctx, t, ek_file, &ek);
	if (s == TROTH_OK)
		s = troth_credential_make(ctx, &ek, &in, &credential);
	troth_ctx_free(ctx);
	file_free(ek_file);
	file_free(name_file);
	return s == TROTH_OK ? write_credential(&credential, argv[5])
			     : fail(troth_status_name(s));
}
