/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "config.h"
#include "file.h"
#include "reader.h"
#include "settings_ca.h"
#include "settings_callers.h"
#include "settings_names.h"
#include "settings_webhooks.h"
#include "text.h"

static const char *const LOG_LEVELS[] = { "error", "warning", "info", "debug", NULL };

#define AT(member) offsetof(struct troth_settings, member)
#define TEXT(key_, member, required_, default_)                                               \
	{                                                                                     \
		.key = key_, .type = TROTH_CONFIG_STRING, .offset = AT(member),               \
		.size = sizeof((struct troth_settings *)0)->member,                           \
		.max = sizeof((struct troth_settings *)0)->member - 1, .required = required_, \
		.default_text = default_                                                      \
	}
#define NUMBER(key_, member, min_, max_, default_)                                        \
	{                                                                                 \
		.key = key_, .type = TROTH_CONFIG_U32, .offset = AT(member), .min = min_, \
		.max = max_, .default_text = default_                                     \
	}
#define DURATION(key_, member, min_, max_, default_)                                           \
	{                                                                                      \
		.key = key_, .type = TROTH_CONFIG_DURATION, .offset = AT(member), .min = min_, \
		.max = max_, .default_text = default_                                          \
	}

static const struct troth_config_field TLS_FIELDS[] = {
	TEXT("certificate", tls_certificate, true, NULL),
	TEXT("key", tls_key, true, NULL),
	{ 0 },
};

static const struct troth_config_field CA_FIELDS[] = {
	{ .key = "key", .type = TROTH_CONFIG_NODE, .each = troth_settings_ca_key },
	{ .key = "providers", .type = TROTH_CONFIG_LIST, .each = troth_settings_ca_provider },
	{ 0 },
};

static const struct troth_config_field EK_FIELDS[] = {
	TEXT("roots", ek_roots, false, NULL),
	TEXT("intermediates", ek_intermediates, false, NULL),
	TEXT("inventory", inventory, false, NULL),
	{ 0 },
};

static const struct troth_config_field IMA_FIELDS[] = {
	TEXT("lists", ima_lists, false, NULL),
	{ 0 },
};

static const struct troth_config_field LIMIT_FIELDS[] = {
	NUMBER("connections_per_worker", connections_max, 16, 1000000, "10000"),
	NUMBER("enrolments_per_minute", enrol_per_minute, 1, 1000000, "600"),
	NUMBER("pending_devices", pending_max, 0, 1000000, "1000"),
	NUMBER("log_cache_mb", log_cache_mb, 1, 65536, "256"),
	NUMBER("proofs", proofs_max, 1024, 100000000, "1000000"),
	NUMBER("proofs_per_device", proofs_per_device, 1, 100000000, "100000"),
	NUMBER("events", events_kept, TROTH_EVENTS_KEPT_MIN, TROTH_EVENTS_KEPT_MAX, "1000000"),
	DURATION("events_age", events_age_s, TROTH_EVENTS_AGE_MIN_S, TROTH_EVENTS_AGE_MAX_S,
		 "90d"),
	{ 0 },
};

static const struct troth_config_field FIELDS[] = {
	TEXT("trust_domain", trust_domain, true, NULL),
	TEXT("listen", listen, false, "127.0.0.1:8443"),
	TEXT("port_file", port_file, false, NULL),
	TEXT("state_dir", state_dir, false, "/var/lib/troth-verifier"),
	TEXT("admin_socket", admin_socket, false, "/run/troth-verifier/admin.sock"),
	NUMBER("workers", workers, 0, TROTH_WORKERS_MAX, "0"),
	{ .key = "log_level",
	  .type = TROTH_CONFIG_ENUM,
	  .offset = AT(log_level),
	  .names = LOG_LEVELS,
	  .default_text = "info" },
	{ .key = "tls", .type = TROTH_CONFIG_MAP, .fields = TLS_FIELDS },
	{ .key = "ca", .type = TROTH_CONFIG_MAP, .fields = CA_FIELDS },
	{ .key = "ek", .type = TROTH_CONFIG_MAP, .fields = EK_FIELDS },
	TEXT("bundle_update", bundle_update, false, NULL),
	TEXT("anchor_crls", anchor_crls, false, NULL),
	DURATION("status_life", status_life_s, 20, 24 * 3600, "5m"),
	{ .key = "ima", .type = TROTH_CONFIG_MAP, .fields = IMA_FIELDS },
	DURATION("crl_life", crl_life_s, 60, 7 * 24 * 3600, "1h"),
	{ .key = "certificate_names",
	  .type = TROTH_CONFIG_LIST,
	  .each = troth_settings_name_rule },
	{ .key = "callers", .type = TROTH_CONFIG_LIST, .each = troth_settings_caller },
	{ .key = "webhooks", .type = TROTH_CONFIG_LIST, .each = troth_settings_webhook },
	{ .key = "limits", .type = TROTH_CONFIG_MAP, .fields = LIMIT_FIELDS },
	{ 0 },
};

static uint32_t processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	if (n < 1)
		return 1;
	return n > TROTH_WORKERS_MAX ? TROTH_WORKERS_MAX : (uint32_t)n;
}

enum troth_status troth_settings_load(const char *path, struct troth_settings *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	enum troth_status status = troth_file_read(path, TROTH_POLICY_MAX, &text);
	if (status != TROTH_OK) {
		troth_error("config", "file=%s error=\"%s\"", path,
			    status == TROTH_E_LIMIT ? "too large" : strerror(errno));
		return status;
	}
	struct troth_settings c = { 0 };
	struct troth_config_error error = { 0 };
	status = troth_config_parse(troth_buffer_view(&text), FIELDS, &c, &error);
	if (status != TROTH_OK) {
		troth_error("config", "file=%s line=%u column=%u reason=\"%s\"", path,
			    error.line, error.column, error.text);
		return TROTH_E_CONFIG;
	}
	if (!troth_trust_domain_valid(troth_view_str(c.trust_domain))) {
		troth_error("config",
			    "file=%s reason=\"trust_domain: lower-case letters, digits, "
			    "'.', '-' and '_' only\"",
			    path);
		return TROTH_E_CONFIG;
	}
	if ((c.ca_key.uri[0] == '\0') != (c.ca_key.n_providers == 0)) {
		troth_error("config", "file=%s reason=\"ca: key and providers go together\"",
			    path);
		return TROTH_E_CONFIG;
	}
	if (c.workers == 0)
		c.workers = processors();
	*out = c;
	return TROTH_OK;
}

/* Keys bound to what a start does once: identities, sockets, the database. */
static const struct {
	const char *key;
	size_t offset;
} DECIDED_AT_START[] = {
	{ "trust_domain", AT(trust_domain) }, { "listen", AT(listen) },
	{ "port_file", AT(port_file) },	      { "state_dir", AT(state_dir) },
	{ "admin_socket", AT(admin_socket) },
};

/* The first of them that is not what it was; NULL when all are. */
static const char *changed_key(const struct troth_settings *a, const struct troth_settings *b)
{
	for (size_t i = 0; i < TROTH_COUNT(DECIDED_AT_START); i++) {
		const size_t at = DECIDED_AT_START[i].offset;
		if (strcmp((const char *)a + at, (const char *)b + at) != 0)
			return DECIDED_AT_START[i].key;
	}
	return NULL;
}

enum troth_status troth_settings_reread(const char *path, const struct troth_settings *running,
					struct troth_settings *out)
{
	struct troth_settings c;
	TROTH_TRY(troth_settings_load(path, &c));
	const char *key = changed_key(running, &c);
	if (key != NULL) {
		troth_error("config", "file=%s reason=\"%s: a change needs a restart\"", path,
			    key);
		return TROTH_E_CONFIG;
	}
	if (c.workers != running->workers)
		troth_warn("config", "file=%s workers=%u running=%u; waits for a restart", path,
			   c.workers, running->workers);
	c.workers = running->workers;
	*out = c;
	return TROTH_OK;
}

enum troth_status troth_state_path(const struct troth_settings *c, const char *name, char *out)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", c->state_dir, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return TROTH_E_LIMIT;
	memcpy(out, path, (size_t)n + 1);
	return TROTH_OK;
}
