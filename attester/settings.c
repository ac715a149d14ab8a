/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troth/limits.h>
#include <unistd.h>

#include "base.h"
#include "config.h"
#include "config_scalar.h"
#include "file.h"
#include "reader.h"
#include "text.h"
#include "url.h"

#define DEFAULT_CONFIG "/etc/troth/attester.yaml"
/* Persistent handles of the owner: TPM 2.0 Part 2, 7.5 and Registry of Reserved Handles. */
#define OWNER_HANDLE_FIRST 0x81000000u
#define OWNER_HANDLE_LAST 0x817fffffu

static const char *const AK_NAMES[] = { "ecc", "rsa", NULL };
static const char *const EK_NAMES[] = { "auto", "rsa2048", "p256", "p384", "rsa3072", NULL };
static const char *const CLOCK_NAMES[] = { "system", "none", NULL };
static const char *const LEVEL_NAMES[] = { "error", "warning", "info", "debug", NULL };

static enum troth_status add_hook(struct troth_config_doc *doc, void *target)
{
	struct troth_settings *s = target;
	struct troth_view path;

	TROTH_TRY(troth_config_scalar(doc, &path));
	if (s->n_hooks == TROTH_HOOKS_MAX)
		return troth_config_fail(doc, "at most %d reload hooks", TROTH_HOOKS_MAX);
	if (path.n == 0 || path.n > TROTH_PATH_MAX || path.p[0] != '/')
		return troth_config_fail(doc, "a reload hook is an absolute path");
	memcpy(s->hooks[s->n_hooks], path.p, path.n);
	s->hooks[s->n_hooks++][path.n] = '\0';
	return TROTH_OK;
}

static enum troth_status add_proof_rule(struct troth_config_doc *doc, void *target)
{
	return troth_proof_rule_read(doc, &((struct troth_settings *)target)->proofs);
}

#define AT(member) offsetof(struct troth_settings, member)
#define ROOM(member) sizeof(((struct troth_settings *)0)->member)
#define TEXT(key_, member, default_)                                                    \
	{                                                                               \
		.key = key_, .type = TROTH_CONFIG_STRING, .offset = AT(member),         \
		.size = ROOM(member), .max = ROOM(member) - 1, .default_text = default_ \
	}
#define CHOICE(key_, member, names_, default_)                                                 \
	{                                                                                      \
		.key = key_, .type = TROTH_CONFIG_ENUM, .offset = AT(member), .names = names_, \
		.default_text = default_                                                       \
	}
#define DURATION(key_, member, default_)                                                    \
	{                                                                                   \
		.key = key_, .type = TROTH_CONFIG_DURATION, .offset = AT(member), .min = 1, \
		.max = 600, .default_text = default_                                        \
	}

static const struct troth_config_field FIELDS[] = {
	TEXT("verifier", verifier, NULL),
	TEXT("ca", ca, NULL),
	TEXT("update_key", update_key, NULL),
	TEXT("trust_domain", trust_domain, NULL),
	TEXT("state_dir", state_dir, "/var/lib/troth-attester"),
	TEXT("run_dir", run_dir, "/run/troth-attester"),
	TEXT("log", log, "/sys/kernel/security/tpm0/binary_bios_measurements"),
	TEXT("ima", ima, "/sys/kernel/security/integrity/ima/binary_runtime_measurements"),
	TEXT("systemd_log", systemd_log, "/run/log/systemd/tpm2-measure.log"),
	TEXT("tcti", tcti, "device:/dev/tpmrm0"),
	TEXT("owner_auth_file", owner_auth_file, NULL),
	TEXT("endorsement_auth_file", endorsement_auth_file, NULL),
	TEXT("ak_handle", ak_handle_text, NULL),
	CHOICE("ak_algorithm", ak_algorithm, AK_NAMES, "ecc"),
	CHOICE("ek", ek_choice, EK_NAMES, "auto"),
	CHOICE("clock", clock, CLOCK_NAMES, "system"),
	{ .key = "session_key",
	  .type = TROTH_CONFIG_BOOL,
	  .offset = AT(session_key),
	  .default_text = "true" },
	CHOICE("log_level", log_level, LEVEL_NAMES, "info"),
	DURATION("connect_timeout", connect_timeout_s, "10s"),
	DURATION("timeout", timeout_s, "30s"),
	{ .key = "peer_refresh",
	  .type = TROTH_CONFIG_DURATION,
	  .offset = AT(peer_refresh_s),
	  .max = 24 * 3600,
	  .default_text = "0s" },
	{ .key = "proofs", .type = TROTH_CONFIG_LIST, .each = add_proof_rule },
	{ .key = "reload_hooks", .type = TROTH_CONFIG_LIST, .each = add_hook },
	{ 0 },
};

__attribute__((format(printf, 2, 3))) static enum troth_status
complain(struct troth_complaint *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(c->text, sizeof c->text, format, args);
	va_end(args);
	return TROTH_E_CONFIG;
}

/* No file at the default place is no mistake: the command line may say everything. */
static enum troth_status read_file(const char *named, struct troth_settings *out,
				   struct troth_complaint *complaint)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	struct troth_config_error error;
	const char *path = named != NULL ? named : DEFAULT_CONFIG;
	struct troth_view yaml = troth_view_str("{}");

	enum troth_status status = troth_file_read(path, TROTH_POLICY_MAX, &text);
	if (status == TROTH_OK)
		yaml = troth_buffer_view(&text);
	else if (status != TROTH_E_NOT_FOUND || named != NULL)
		return complain(complaint, "%s: cannot be read: %s", path,
				status == TROTH_E_LIMIT ? "too large" : strerror(errno));
	if (troth_config_parse(yaml, FIELDS, out, &error) != TROTH_OK)
		return complain(complaint, "%s:%u:%u: %s", path, error.line, error.column,
				error.text);
	return TROTH_OK;
}

static bool parse_handle(const char *text, uint32_t *out)
{
	struct troth_view v = troth_view_str(text);
	uint8_t b[4];

	if (v.n != 10 || v.p[0] != '0' || v.p[1] != 'x' ||
	    !troth_parse_hex((struct troth_view){ v.p + 2, 8 }, b, sizeof b))
		return false;
	struct troth_reader r = { TROTH_VIEW_OF(b) };
	return troth_get_u32be(&r, out);
}

/* A file the service manager holds ready for us (systemd.exec(5), LoadCredential=). */
static void take_credential(const char *dir, const char *name, char *path, size_t room)
{
	char found[TROTH_PATH_MAX + 1];

	if (path[0] != '\0' ||
	    (size_t)snprintf(found, sizeof found, "%s/%s", dir, name) >= sizeof found)
		return;
	if (access(found, F_OK) == 0)
		(void)snprintf(path, room, "%s", found);
}

static void take_credentials(struct troth_settings *s)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	if (dir == NULL)
		return;
	take_credential(dir, "troth.ca", s->ca, sizeof s->ca);
	take_credential(dir, "troth.owner-auth", s->owner_auth_file, sizeof s->owner_auth_file);
	take_credential(dir, "troth.endorsement-auth", s->endorsement_auth_file,
			sizeof s->endorsement_auth_file);
}

/* What the schema cannot say. */
static enum troth_status finish(struct troth_settings *s, struct troth_complaint *complaint)
{
	char url[TROTH_URL_MAX + 32];

	if (s->ak_handle_text[0] != '\0' &&
	    (!parse_handle(s->ak_handle_text, &s->ak_handle) ||
	     s->ak_handle < OWNER_HANDLE_FIRST || s->ak_handle > OWNER_HANDLE_LAST))
		return complain(complaint, "ak_handle: '%s' is no handle of the owner's",
				s->ak_handle_text);
	s->ek = s->ek_choice == 0
			? TROTH_EK_NONE
			: troth_ek_template_from_name(troth_view_str(EK_NAMES[s->ek_choice]));
	if (s->verifier[0] != '\0' &&
	    troth_url_join(s->verifier, "/v1/challenge", url, sizeof url) != TROTH_OK)
		return complain(complaint, "verifier: '%s' is no https://host[:port] address",
				s->verifier);
	if (s->trust_domain[0] != '\0' &&
	    !troth_trust_domain_valid(troth_view_str(s->trust_domain)))
		return complain(complaint, "trust_domain: '%s' is no name of a trust domain",
				s->trust_domain);
	/* One update key may sign for several domains: each device takes those of its own. */
	if (s->update_key[0] != '\0' && s->trust_domain[0] == '\0')
		return complain(complaint, "update_key needs trust_domain beside it");
	return TROTH_OK;
}

/* One option, as if the file had said so. */
static enum troth_status override(const struct troth_option *o, struct troth_settings *s,
				  struct troth_complaint *complaint)
{
	char why[TROTH_CONFIG_WHY_MAX];

	for (const struct troth_config_field *f = FIELDS; f->key != NULL; f++) {
		if (strcmp(f->key, o->key) != 0)
			continue;
		const bool plain = f->type != TROTH_CONFIG_STRING;
		if (troth_config_scalar_set(f, troth_view_str(o->value), plain, s, why) ==
		    TROTH_OK)
			return TROTH_OK;
		return complain(complaint, "%s: %s: '%s'", o->key, why, o->value);
	}
	return complain(complaint, "%s is no setting", o->key);
}

enum troth_status troth_settings_load(const struct troth_command *command,
				      struct troth_settings *out,
				      struct troth_complaint *complaint)
{
	struct troth_settings s = { 0 };

	TROTH_TRY(read_file(command->config, &s, complaint));
	for (size_t i = 0; i < command->n_options; i++)
		TROTH_TRY(override(&command->options[i], &s, complaint));
	TROTH_TRY(finish(&s, complaint));
	take_credentials(&s);
	*out = s;
	return TROTH_OK;
}

const char *troth_settings_missing(const struct troth_settings *settings)
{
	if (settings->verifier[0] == '\0')
		return "no verifier is configured; give --verifier, or `verifier` in the "
		       "configuration";
	if (settings->ca[0] == '\0')
		return "no CA is configured for the verifier; give --ca, `ca` or the service "
		       "manager's credential troth.ca";
	return NULL;
}

void troth_settings_print(const struct troth_settings *settings, FILE *to)
{
	for (const struct troth_config_field *f = FIELDS; f->key != NULL; f++)
		if (f->type == TROTH_CONFIG_STRING)
			(void)fprintf(to, "%s=%s\n", f->key,
				      (const char *)settings + f->offset);
}
