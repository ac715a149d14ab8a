/* SPDX-License-Identifier: Apache-2.0 */
/* trothctl image show: what an EFI image will be measured as, and who signed it. */
#include <stdio.h>

#include "args.h"
#include "input.h"
#include "output.h"
#include "pe.h"
#include "text.h"

static json_t *digests_json(struct troth_ctx *ctx, const struct troth_pe *pe)
{
	json_t *o = json_object();
	for (enum troth_hash h = TROTH_HASH_SHA1; h <= TROTH_HASH_SHA512; h++) {
		struct troth_digest d;
		char hex[2 * TROTH_DIGEST_MAX + 1];
		if (troth_pe_digest(ctx, pe, h, &d) != TROTH_OK)
			continue;
		troth_format_hex(troth_digest_view(&d), hex);
		json_object_set_new(o, troth_hash_name(h), json_string(hex));
	}
	return o;
}

/* Subjects, "?" where a signature cannot be read. */
static json_t *signers_json(const struct troth_pe *pe)
{
	struct troth_reader r = { pe->certificates };
	json_t *list = json_array();
	for (;;) {
		struct troth_view pkcs7;
		char subject[256];
		enum troth_status status = troth_pe_next_signature(&r, &pkcs7);
		if (status == TROTH_E_UNSUPPORTED)
			continue; /* no PKCS#7: passed over */
		if (status == TROTH_E_NOT_FOUND)
			return list;
		const bool known = status == TROTH_OK &&
				   troth_pe_signer(pkcs7, subject, sizeof subject) == TROTH_OK;
		json_t *text = known ? json_string(subject) : NULL;
		json_array_append_new(list, text != NULL ? text : json_string("?"));
		if (status != TROTH_OK)
			return list;
	}
}

static json_t *sections_json(const struct troth_pe *pe)
{
	json_t *list = json_array();
	for (size_t i = 0; i < pe->n_sections; i++) {
		const struct troth_pe_section *s = &pe->sections[i];
		json_t *name =
			json_stringn(s->name.n > 0 ? (const char *)s->name.p : "", s->name.n);
		json_array_append_new(list, json_pack("{s:o, s:I}", "name",
						      name != NULL ? name : json_string("?"),
						      "size", (json_int_t)s->virtual_size));
	}
	return list;
}

static void put_text(const json_t *o)
{
	const char *bank;
	json_t *v;
	size_t i;
	printf("machine\t%s\n", json_string_value(json_object_get(o, "machine")));
	json_object_foreach(json_object_get(o, "digests"), bank, v)
		printf("%s\t%s\n", bank, json_string_value(v));
	json_array_foreach(json_object_get(o, "signers"), i, v)
	{
		fputs("signed by\t", stdout);
		troth_cli_put(stdout, json_string_value(v));
		putchar('\n');
	}
	json_array_foreach(json_object_get(o, "sections"), i, v)
	{
		fputs("section\t", stdout);
		troth_cli_put(stdout, json_string_value(json_object_get(v, "name")));
		printf("\t%" JSON_INTEGER_FORMAT "\n",
		       json_integer_value(json_object_get(v, "size")));
	}
}

static enum troth_cli_exit show(const char *file, enum troth_cli_format format)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	struct troth_pe pe;
	char machine[8];
	if (ctx == NULL || !troth_cli_read(file, TROTH_BOOT_FILE_MAX, &bytes))
		return TROTH_CLI_UNSURE;
	enum troth_status status = troth_pe_parse(troth_buffer_view(&bytes), &pe);
	if (status != TROTH_OK) {
		troth_cli_error("%s: no sound EFI image: %s", file, troth_status_name(status));
		return TROTH_CLI_NO;
	}
	(void)snprintf(machine, sizeof machine, "0x%04x", pe.machine);
	json_t *o = json_pack("{s:s, s:o, s:o, s:o}", "machine", machine, "digests",
			      digests_json(ctx, &pe), "signers", signers_json(&pe), "sections",
			      sections_json(&pe));
	if (format == TROTH_CLI_JSON)
		return troth_cli_put_json(o, TROTH_CLI_YES);
	put_text(o);
	json_decref(o);
	return TROTH_CLI_YES;
}

static enum troth_cli_exit run_show(const struct troth_cli_command *self, int argc, char **argv)
{
	const char *format_text = NULL;
	const struct troth_cli_option options[] = { { "--format", &format_text, NULL }, { 0 } };
	struct troth_cli_words words;
	enum troth_cli_format format;
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words))
		return TROTH_CLI_UNSURE;
	if (!troth_cli_format(self, format_text, false, &format))
		return TROTH_CLI_UNSURE;
	return show(words.list[0], format);
}

const struct troth_cli_command TROTH_CLI_IMAGE[] = {
	{ "image", "show", "[--format text|json] FILE",
	  "Print what an EFI image is measured as, who signed it, and its sections",
	  "  --format text|json  text: a line each; json: one object\n"
	  "\nSignatures are named, not verified. Exit code 1 for what is no sound image.\n",
	  1, 1, run_show },
	{ 0 },
};
