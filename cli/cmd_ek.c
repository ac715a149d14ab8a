/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "args.h"
#include "clock.h"
#include "ek.h"
#include "input.h"
#include "output.h"
#include "text.h"

TROTH_DEFINE_AUTO(struct troth_ek_trust, troth_ek_trust_free)

/* Bundles of a manufacturer's certificates are a few hundred KB. */
#define BUNDLE_MAX ((size_t)4 * 1024 * 1024)

struct trust_dir {
	struct troth_ek_trust *trust;
	enum troth_status (*add)(struct troth_ek_trust *trust, struct troth_view cert);
	size_t n;
};

/* What is no certificate is passed over with a word: a missing root can
 * only take trust away. */
static enum troth_status add_file(void *arg, const char *file)
{
	struct trust_dir *dir = arg;
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	if (!troth_cli_read(file, BUNDLE_MAX, &bytes))
		return TROTH_OK;
	enum troth_status st = dir->add(dir->trust, troth_buffer_view(&bytes));
	if (st == TROTH_E_MEMORY)
		return st;
	if (st == TROTH_OK)
		dir->n++;
	else
		troth_cli_error("warning: %s: not taken: %s", file, troth_status_name(st));
	return TROTH_OK;
}

static bool read_dir(struct trust_dir *dir, const char *path)
{
	struct stat at;
	enum troth_status st = troth_dir_each(path, add_file, dir);
	if (stat(path, &at) == 0 && !S_ISDIR(at.st_mode))
		troth_cli_error("%s: is no directory; certificates are taken from one", path);
	else if (st == TROTH_E_NOT_FOUND)
		troth_cli_error("%s: there is no such directory", path);
	else if (st != TROTH_OK)
		troth_cli_error("%s: %s", path, troth_status_name(st));
	else if (dir->n == 0)
		troth_cli_error("%s: no certificate in it", path);
	return st == TROTH_OK && dir->n > 0;
}

static bool read_trust(const char *roots, const char *intermediates,
		       struct troth_ek_trust **out)
{
	TROTH_AUTO(troth_ek_trust_free_p) struct troth_ek_trust *trust = NULL;
	if (troth_ek_trust_new(&trust) != TROTH_OK) {
		troth_cli_error("out of memory");
		return false;
	}
	struct trust_dir dir = { trust, troth_ek_trust_add_root, 0 };
	if (!read_dir(&dir, roots))
		return false;
	dir = (struct trust_dir){ trust, troth_ek_trust_add_intermediate, 0 };
	if (intermediates != NULL && !read_dir(&dir, intermediates))
		return false;
	*out = trust;
	trust = NULL;
	return true;
}

static json_t *time_json(uint64_t unix_s)
{
	char text[32];
	if (unix_s == 0)
		return json_null();
	troth_format_time(unix_s, text);
	return json_string(text);
}

static json_t *text_json(const char *text)
{
	return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *findings_json(const struct troth_findings *findings)
{
	json_t *list = json_array();
	for (size_t i = 0; i < findings->n; i++) {
		const struct troth_finding *f = &findings->list[i];
		const char *detail = f->detail[0] != '\0' ? f->detail
							  : troth_finding_meaning(f->code);
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "code",
						troth_finding_name(f->code), "detail", detail));
	}
	return list;
}

static json_t *cert_json(const struct troth_ek_cert_facts *facts,
			 const struct troth_findings *findings)
{
	char id[65];
	bool read = !troth_findings_have(findings, TROTH_FINDING_EK_CERT_MALFORMED);
	troth_format_hex(TROTH_VIEW_OF(facts->spki_sha256), id);
	return json_pack(
		"{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "trusted", findings->n == 0,
		"findings", findings_json(findings), "issuer", text_json(facts->issuer),
		"manufacturer", text_json(facts->manufacturer), "model",
		text_json(facts->model), "version", text_json(facts->version), "not_before",
		time_json(facts->not_before_s), "not_after", time_json(facts->not_after_s),
		"device_id", read ? json_string(id) : json_null());
}

static void put_text(json_t *o)
{
	const char *key;
	json_t *value, *finding;
	size_t i;
	char buf[64];
	json_object_foreach(o, key, value)
	{
		if (!json_is_array(value)) {
			printf("%s\t", key);
			troth_cli_put(stdout, troth_cli_text_of(value, buf, sizeof buf));
			fputc('\n', stdout);
			continue;
		}
		json_array_foreach(value, i, finding)
		{
			printf("finding\t%s\t",
			       json_string_value(json_object_get(finding, "code")));
			troth_cli_put(stdout,
				      json_string_value(json_object_get(finding, "detail")));
			fputc('\n', stdout);
		}
	}
}

static enum troth_cli_exit report(const char *file, const struct troth_ek_cert_facts *facts,
				  const struct troth_findings *findings,
				  enum troth_cli_format format)
{
	enum troth_cli_exit code = findings->n == 0 ? TROTH_CLI_YES : TROTH_CLI_NO;
	const struct troth_finding *first = &findings->list[0];
	if (code == TROTH_CLI_NO)
		troth_cli_unsound(file, troth_finding_name(first->code), 0,
				  first->detail[0] != '\0'
					  ? first->detail
					  : troth_finding_meaning(first->code));
	json_t *result = cert_json(facts, findings);
	if (format == TROTH_CLI_JSON)
		return troth_cli_put_json(result, code);
	put_text(result);
	json_decref(result);
	return code;
}

static enum troth_cli_exit verify(const char *file, const struct troth_ek_trust *trust,
				  uint64_t now_s, enum troth_cli_format format)
{
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	struct troth_ek_cert_facts facts = { 0 };
	struct troth_findings findings = { 0 };
	if (ctx == NULL || !troth_cli_read(file, BUNDLE_MAX, &bytes))
		return TROTH_CLI_UNSURE;
	const struct troth_ek_cert_case c = { .trust = trust,
					      .cert = troth_buffer_view(&bytes),
					      .now_s = now_s };
	enum troth_status st = troth_ek_cert_verify(ctx, &c, &facts, &findings);
	if (st != TROTH_OK) {
		troth_cli_error("%s: %s", file, troth_status_name(st));
		return TROTH_CLI_UNSURE;
	}
	return report(file, &facts, &findings, format);
}

static enum troth_cli_exit run_verify(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	const char *roots = NULL, *intermediates = NULL, *at = NULL, *format_text = NULL;
	const struct troth_cli_option options[] = {
		{ "--roots", &roots, NULL },
		{ "--intermediates", &intermediates, NULL },
		{ "--at", &at, NULL },
		{ "--format", &format_text, NULL },
		{ 0 },
	};
	TROTH_AUTO(troth_ek_trust_free_p) struct troth_ek_trust *trust = NULL;
	struct troth_cli_words words;
	enum troth_cli_format format;
	uint64_t now_s = troth_now_ms() / 1000;
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words))
		return TROTH_CLI_UNSURE;
	if (!troth_cli_format(self, format_text, false, &format))
		return TROTH_CLI_UNSURE;
	if (roots == NULL || (at != NULL && !troth_cli_time(at, &now_s))) {
		troth_cli_usage(self, "wanted --roots, and --at as RFC 3339");
		return TROTH_CLI_UNSURE;
	}
	if (!read_trust(roots, intermediates, &trust))
		return TROTH_CLI_UNSURE;
	return verify(words.list[0], trust, now_s, format);
}

const struct troth_cli_command TROTH_CLI_EK[] = {
	{ "ek", "verify",
	  "CERT --roots DIR [--intermediates DIR] [--at RFC3339] [--format text|json]",
	  "Tell whether an endorsement key's certificate can be trusted",
	  "  --roots DIR          the certificates trusted, DER or PEM, one or more a file\n"
	  "  --intermediates DIR  certificates that may stand between\n"
	  "  --at RFC3339         judge at this time instead of now: 2026-11-22T05:28:38Z\n"
	  "  --format             text (tab-separated) or json\n"
	  "\n"
	  "No address in a certificate is followed. Exit code 0 when it is trusted, 1 when\n"
	  "it is not, 2 when that cannot be told.\n",
	  1, 1, run_verify },
	{ 0 },
};
