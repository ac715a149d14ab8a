/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that are released on a verdict. A value is sealed here, for the issuer's key: nobody
 * on the way to it can read it. */
#include <openssl/crypto.h>
#include <string.h>

#include "admin.h"
#include "base64.h"
#include "input.h"
#include "output.h"
#include "random.h"
#include "reader.h"
#include "sealed_secret.h"
#include "text.h"
#include "writer.h"

#define SECRETS "/v1/admin/secrets"
#define DEVICES "/v1/admin/devices"
#define KEY_FILE_MAX ((size_t)16 * 1024)

/* What a value is sealed for. */
struct recipient {
	struct troth_jwk key;
	char trust_domain[TROTH_TRUST_DOMAIN_MAX + 1];
	uint8_t device_id[32];
	bool of_device;
};

static enum troth_cli_exit run_list(const struct troth_cli_command *self, int argc, char **argv)
{
	static const char *const KEYS[] = { "name", "kind", "device", "for_all", "put", NULL };
	static const char *const HEAD[] = { "NAME", "KIND", "DEVICE", "FOR ALL", "PUT", NULL };
	static const struct troth_cli_listing LISTING = { SECRETS, "secrets", KEYS, HEAD };
	struct troth_cli_online o = { 0 };
	(void)argc;
	if (!troth_cli_online_args(self, argv, NULL, &o))
		return TROTH_CLI_UNSURE;
	return troth_cli_put_listing(&LISTING, &o);
}

/* Posts what shall happen to the secret and prints the answer. */
static enum troth_cli_exit change(const struct troth_cli_online *o, json_t *wish)
{
	const struct troth_cli_call call = { .socket = o->socket,
					     .path = SECRETS,
					     .item = o->words.list[0] };
	json_t *result = NULL;
	enum troth_cli_exit code = troth_cli_post_json(call, wish, &result);
	return code == TROTH_CLI_YES ? troth_cli_put_result(result, o->format) : code;
}

/* ---- put ---- */

static bool read_served_key(json_t *answer, struct recipient *out)
{
	const char *key = json_string_value(json_object_get(answer, "key"));
	const char *domain = json_string_value(json_object_get(answer, "trust_domain"));
	uint8_t buf[sizeof out->key];
	struct troth_view point;
	if (key == NULL || domain == NULL || strlen(domain) >= sizeof out->trust_domain ||
	    troth_base64url_decode(troth_view_str(key), buf, sizeof buf, &point) != TROTH_OK ||
	    point.n != sizeof out->key) {
		troth_cli_error("the verifier's answer has no key for secrets");
		return false;
	}
	memcpy(&out->key, buf, sizeof out->key);
	(void)snprintf(out->trust_domain, sizeof out->trust_domain, "%s", domain);
	return true;
}

/* The key the operator trusts, in place of the one that a front he does not trust names. */
static bool read_key_file(const char *file, struct troth_jwk *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	TROTH_AUTO(troth_key_free_p) struct troth_key *key = NULL;
	if (!troth_cli_read(file, KEY_FILE_MAX, &pem))
		return false;
	if (troth_key_from_pem(troth_buffer_view(&pem), &key) == TROTH_OK &&
	    troth_jwk_of(troth_key_evp(key), out) == TROTH_OK)
		return true;
	troth_cli_error("%s: no P-256 public key in PEM", file);
	return false;
}

/* An id is taken at its word; whose a name is, the verifier says. */
static enum troth_cli_exit find_device_id(const char *socket, const char *device,
					  struct recipient *out)
{
	TROTH_AUTO(json_decref_p) json_t *answer = NULL;
	const struct troth_cli_call call = { .socket = socket,
					     .path = DEVICES,
					     .item = device };
	out->of_device = true;
	if (troth_parse_hex(troth_view_str(device), out->device_id, sizeof out->device_id))
		return TROTH_CLI_YES;
	enum troth_cli_exit code = troth_cli_call_json(&call, &answer);
	if (code != TROTH_CLI_YES)
		return code;
	const char *id = json_string_value(json_object_get(answer, "id"));
	if (id == NULL ||
	    !troth_parse_hex(troth_view_str(id), out->device_id, sizeof out->device_id)) {
		troth_cli_error("the verifier's answer has no device id");
		return TROTH_CLI_UNSURE;
	}
	return TROTH_CLI_YES;
}

struct put_options {
	const char *device, *file, *key;
};

static enum troth_cli_exit find_recipient(const struct troth_cli_online *o,
					  const struct put_options *p, struct recipient *out)
{
	TROTH_AUTO(json_decref_p) json_t *answer = NULL;
	const struct troth_cli_call call = { .socket = o->socket, .path = SECRETS };
	enum troth_cli_exit code = troth_cli_call_json(&call, &answer);
	if (code != TROTH_CLI_YES)
		return code;
	if (!read_served_key(answer, out) ||
	    (p->key != NULL && !read_key_file(p->key, &out->key)))
		return TROTH_CLI_UNSURE;
	return p->device != NULL ? find_device_id(o->socket, p->device, out) : TROTH_CLI_YES;
}

static enum troth_status seal(const struct recipient *r, const char *name,
			      struct troth_view value, struct troth_writer *out)
{
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	uint8_t words[TROTH_SECRET_WORDS_MAX], random[TROTH_AGREE_RANDOM];
	struct troth_hpke_about about;
	struct troth_secret_place place = { .trust_domain = troth_view_str(r->trust_domain),
					    .name = troth_view_str(name) };
	if (ctx == NULL)
		return TROTH_E_CRYPTO;
	if (r->of_device)
		place.device_id = TROTH_VIEW_OF(r->device_id);
	TROTH_TRY(troth_secret_at_rest(&place, &r->key, words, &about));
	TROTH_TRY(troth_random(random, sizeof random));
	enum troth_status got = troth_hpke_seal(ctx, &about, random, value, out);
	OPENSSL_cleanse(random, sizeof random);
	return got;
}

/* The wish with the sealed value in it; NULL when it cannot be sealed. */
static json_t *sealed_wish(const struct recipient *r, const char *name, struct troth_view value)
{
	uint8_t sealed[TROTH_SECRET_SEALED_MAX];
	uint8_t text[TROTH_BASE64URL_LEN(TROTH_SECRET_SEALED_MAX)];
	char id[2 * sizeof r->device_id + 1];
	struct troth_writer w = troth_writer_make(sealed, sizeof sealed);
	struct troth_writer t = troth_writer_make(text, sizeof text);
	enum troth_status got = seal(r, name, value, &w);
	if (got != TROTH_OK) {
		troth_cli_error("%s: cannot be sealed (%s)", name, troth_status_name(got));
		return NULL;
	}
	troth_put_base64url(&t, troth_written(&w));
	json_t *wish =
		json_pack("{s:s, s:s%}", "action", "put", "sealed", (const char *)text, t.n);
	troth_format_hex(TROTH_VIEW_OF(r->device_id), id);
	if (r->of_device)
		json_object_set_new(wish, "device", json_string(id));
	return wish;
}

static enum troth_cli_exit run_put(const struct troth_cli_command *self, int argc, char **argv)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer value = { 0 };
	struct put_options p = { 0 };
	const struct troth_cli_option further[] = {
		{ "--device", &p.device, NULL },
		{ "--file", &p.file, NULL },
		{ "--key", &p.key, NULL },
		{ 0 },
	};
	struct troth_cli_online o = { 0 };
	struct recipient r = { 0 };
	(void)argc;
	if (!troth_cli_online_args(self, argv, further, &o))
		return TROTH_CLI_UNSURE;
	if (!troth_name_valid(troth_view_str(o.words.list[0]))) {
		troth_cli_error("%s: no name (a-z, 0-9, '.', '_', '-'; at most %d)",
				o.words.list[0], TROTH_NAME_LEN_MAX);
		return TROTH_CLI_UNSURE;
	}
	const char *from = p.file != NULL ? p.file : "/dev/stdin";
	if (!troth_cli_read(from, TROTH_SECRET_MAX, &value))
		return TROTH_CLI_UNSURE;
	if (value.n == 0) {
		troth_cli_error("%s: empty", from);
		return TROTH_CLI_UNSURE;
	}
	enum troth_cli_exit code = find_recipient(&o, &p, &r);
	if (code != TROTH_CLI_YES)
		return code;
	json_t *wish = sealed_wish(&r, o.words.list[0], troth_buffer_view(&value));
	return wish != NULL ? change(&o, wish) : TROTH_CLI_UNSURE;
}

/* ---- grant and remove ---- */

static enum troth_cli_exit run_grant(const struct troth_cli_command *self, int argc,
				     char **argv)
{
	const char *device = NULL;
	bool all = false;
	const struct troth_cli_option further[] = {
		{ "--device", &device, NULL },
		{ "--all", NULL, &all },
		{ 0 },
	};
	struct troth_cli_online o = { 0 };
	(void)argc;
	if (!troth_cli_online_args(self, argv, further, &o))
		return TROTH_CLI_UNSURE;
	if ((device != NULL) == all) {
		troth_cli_usage(self, "either --device or --all");
		return TROTH_CLI_UNSURE;
	}
	return change(&o, json_pack("{s:s, s:s*}", "action", "grant", "device", device));
}

static enum troth_cli_exit run_remove(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	const char *device = NULL;
	const struct troth_cli_option further[] = { { "--device", &device, NULL }, { 0 } };
	struct troth_cli_online o = { 0 };
	(void)argc;
	if (!troth_cli_online_args(self, argv, further, &o))
		return TROTH_CLI_UNSURE;
	return change(&o, json_pack("{s:s, s:s*}", "action", "remove", "device", device));
}

const struct troth_cli_command TROTH_CLI_SECRET[] = {
	{ "secret", "list", "[--socket PATH] [--format text|tsv|json]",
	  "List the secrets and who may have them, never a value", TROTH_CLI_ONLINE_HELP, 0, 0,
	  run_list },
	{ "secret", "put",
	  "NAME [--device DEVICE] [--file FILE] [--key FILE] [--socket PATH] "
	  "[--format text|tsv|json]",
	  "Store a value, for one device or to be shared",
	  "  --device DEVICE       the device's own value, which no other gets\n"
	  "  --file FILE           the value, as it is; without it standard input\n"
	  "  --key FILE            seal for this key, not for the one the verifier names: "
	  "PEM\n" TROTH_CLI_ONLINE_HELP,
	  1, 1, run_put },
	{ "secret", "grant",
	  "NAME --device DEVICE|--all [--socket PATH] "
	  "[--format text|tsv|json]",
	  "Let a device, or all whose policy names it, have a shared value",
	  "  --device DEVICE       this one\n"
	  "  --all                 every device whose policy names the "
	  "secret\n" TROTH_CLI_ONLINE_HELP,
	  1, 1, run_grant },
	{ "secret", "remove",
	  "NAME [--device DEVICE] [--socket PATH] "
	  "[--format text|tsv|json]",
	  "Remove a device's value or grant, or all of the name",
	  "  --device DEVICE       of this one alone\n" TROTH_CLI_ONLINE_HELP, 1, 1,
	  run_remove },
	{ 0 },
};
