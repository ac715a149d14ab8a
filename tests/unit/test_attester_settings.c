/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <unistd.h>

#include "reader.h"
#include "settings.h"

/* A file for --config. */
static char config_path[] = "/tmp/troth-settings.XXXXXX";

static int make_file(void **state)
{
	(void)state;
	int fd = mkstemp(config_path);
	return fd >= 0 && close(fd) == 0 ? 0 : -1;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(config_path);
}

static void write_config(const char *text)
{
	FILE *f = fopen(config_path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static enum troth_status load(const char *yaml, const char *option, const char *value,
			      struct troth_settings *out, struct troth_complaint *complaint)
{
	const struct troth_command command = { .verb = TROTH_VERB_ONCE,
					       .config = config_path,
					       .n_options = option != NULL,
					       .options = { { option, value } } };
	write_config(yaml);
	return troth_settings_load(&command, out, complaint);
}

static void what_nobody_says(void **state)
{
	(void)state;
	struct troth_settings s;
	struct troth_complaint c;
	assert_int_equal(load("{}\n", NULL, NULL, &s, &c), TROTH_OK);
	assert_string_equal(s.tcti, "device:/dev/tpmrm0");
	assert_string_equal(s.state_dir, "/var/lib/troth-attester");
	assert_string_equal(s.run_dir, "/run/troth-attester");
	assert_string_equal(s.log, "/sys/kernel/security/tpm0/binary_bios_measurements");
	assert_string_equal(s.verifier, "");
	assert_int_equal(s.ak_algorithm, TROTH_AK_ECC);
	assert_int_equal(s.ek, TROTH_EK_NONE);
	assert_int_equal(s.ak_handle, 0);
	assert_int_equal(s.clock, TROTH_CLOCK_SYSTEM);
	assert_int_equal(s.timeout_s, 30);
	assert_int_equal(s.peer_refresh_s, 0);
	assert_int_equal(s.n_hooks, 0);
}

static void a_whole_file(void **state)
{
	(void)state;
	struct troth_settings s;
	struct troth_complaint c;
	assert_int_equal(load("verifier: https://v.example:8443\n"
			      "ca: /etc/troth/ca.pem\n"
			      "ak_algorithm: rsa\n"
			      "ek: p384\n"
			      "ak_handle: \"0x81010a51\"\n"
			      "clock: none\n"
			      "timeout: 5s\n"
			      "peer_refresh: 30s\n"
			      "reload_hooks: [/bin/true, /usr/sbin/reload]\n",
			      NULL, NULL, &s, &c),
			 TROTH_OK);
	assert_string_equal(s.verifier, "https://v.example:8443");
	assert_int_equal(s.ak_algorithm, TROTH_AK_RSA);
	assert_int_equal(s.peer_refresh_s, 30);
	assert_int_equal(s.ek, TROTH_EK_H3_P384);
	assert_int_equal(s.ak_handle, 0x81010a51);
	assert_int_equal(s.clock, TROTH_CLOCK_NONE);
	assert_int_equal(s.timeout_s, 5);
	assert_int_equal(s.n_hooks, 2);
	assert_string_equal(s.hooks[1], "/usr/sbin/reload");
}

static void the_command_line_stands_over_the_file(void **state)
{
	(void)state;
	struct troth_settings s;
	struct troth_complaint c;
	assert_int_equal(load("ek: p384\n", "ek", "p256", &s, &c), TROTH_OK);
	assert_int_equal(s.ek, TROTH_EK_L2_P256);
	assert_int_equal(load("{}\n", "tcti", "swtpm:path=/x", &s, &c), TROTH_OK);
	assert_string_equal(s.tcti, "swtpm:path=/x");
	assert_int_equal(load("{}\n", "ek", "p521", &s, &c), TROTH_E_CONFIG);
	assert_non_null(strstr(c.text, "p521"));
	assert_int_equal(load("{}\n", "verifier", "http://v.example", &s, &c), TROTH_E_CONFIG);
	assert_non_null(strstr(c.text, "http://v.example"));
}

static const struct {
	const char *name, *yaml, *says;
} REFUSED[] = {
	{ "unknown key", "verifer: https://v\n", ":1:1" },
	{ "key twice", "ek: p256\nek: p256\n", ":2:1" },
	{ "plain HTTP", "verifier: http://v.example\n", "http://v.example" },
	{ "AK of no kind", "ak_algorithm: ed25519\n", "ed25519" },
	{ "EK of no template", "ek: rsa1024\n", "rsa1024" },
	{ "clock of no kind", "clock: maybe\n", "maybe" },
	{ "handle of the platform", "ak_handle: \"0x81800000\"\n", "0x81800000" },
	{ "handle that is transient", "ak_handle: \"0x80000001\"\n", "0x80000001" },
	{ "handle without 0x", "ak_handle: \"81010a51\"\n", "81010a51" },
	{ "handle with more after it", "ak_handle: \"0x81010a512\"\n", "ak_handle" },
	{ "timeout of nothing", "timeout: 0s\n", "timeout" },
	{ "timeout without unit", "timeout: 5\n", "timeout" },
	{ "hook that is no absolute path", "reload_hooks: [reload]\n", "absolute" },
	{ "hook of nothing", "reload_hooks: [\"\"]\n", "no value" },
	{ "nine hooks", "reload_hooks: [/1, /2, /3, /4, /5, /6, /7, /8, /9]\n", "at most 8" },
	{ "hooks that are no list", "reload_hooks: /bin/true\n", ":1:" },
	{ "an alias", "ca: &a /x\nlog: *a\n", ":1:" },
	{ "a second document", "ek: auto\n---\nek: auto\n", ":2:" },
};

static void mistakes_are_found_with_their_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
		struct troth_settings s;
		struct troth_complaint c = { 0 };
		POISON(s);
		if (load(REFUSED[i].yaml, NULL, NULL, &s, &c) != TROTH_E_CONFIG)
			fail_msg("%s: taken", REFUSED[i].name);
		ASSERT_POISONED(s);
		if (strstr(c.text, REFUSED[i].says) == NULL)
			fail_msg("%s: no '%s' in '%s'", REFUSED[i].name, REFUSED[i].says,
				 c.text);
	}
}

static void eight_hooks_are_taken(void **state)
{
	(void)state;
	struct troth_settings s;
	struct troth_complaint c;
	assert_int_equal(
		load("reload_hooks: [/1, /2, /3, /4, /5, /6, /7, /8]\n", NULL, NULL, &s, &c),
		TROTH_OK);
	assert_int_equal(s.n_hooks, 8);
}

static void a_file_that_was_named_must_be_there(void **state)
{
	(void)state;
	struct troth_settings s;
	struct troth_complaint c;
	const struct troth_command command = { .config = "/nonexistent/attester.yaml" };
	assert_int_equal(troth_settings_load(&command, &s, &c), TROTH_E_CONFIG);
	assert_non_null(strstr(c.text, "/nonexistent/attester.yaml"));
}

/* What the service manager holds is taken where the file names nothing. */
static void credentials_of_the_service_manager(void **state)
{
	(void)state;
	char dir[] = "/tmp/troth-credentials.XXXXXX", path[64];
	struct troth_settings s;
	struct troth_complaint c;
	static const char *const NAMES[] = { "troth.ca", "troth.owner-auth" };
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, NAMES[i]);
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fclose(f), 0);
	}
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	assert_int_equal(load("owner_auth_file: /x\n", NULL, NULL, &s, &c), TROTH_OK);
	snprintf(path, sizeof path, "%s/troth.ca", dir);
	assert_string_equal(s.ca, path);
	assert_string_equal(s.owner_auth_file, "/x");
	assert_string_equal(s.endorsement_auth_file, ""); /* there is none */
	assert_int_equal(load("{}\n", "ca", "/y", &s, &c), TROTH_OK);
	assert_string_equal(s.ca, "/y");
	snprintf(path, sizeof path, "%s/troth.owner-auth", dir);
	assert_string_equal(s.owner_auth_file, path);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, NAMES[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

static const struct {
	const char *name;
	const char *argv[8];
	enum troth_status want;
	enum troth_verb verb;
} LINES[] = {
	{ "run", { "run" }, TROTH_OK, TROTH_VERB_RUN },
	{ "options before", { "--ek", "p256", "once" }, TROTH_OK, TROTH_VERB_ONCE },
	{ "options after", { "once", "--ek", "p256" }, TROTH_OK, TROTH_VERB_ONCE },
	{ "help without a command", { "--help" }, TROTH_OK, TROTH_VERB_HELP },
	{ "version", { "--version" }, TROTH_OK, TROTH_VERB_VERSION },
	{ "status as JSON", { "status", "--format", "json" }, TROTH_OK, TROTH_VERB_STATUS },
	{ "status as something", { "status", "--format", "xml" }, TROTH_E_CONFIG, 0 },
	{ "nothing", { NULL }, TROTH_E_CONFIG, 0 },
	{ "no such command", { "attest" }, TROTH_E_CONFIG, 0 },
	{ "two commands", { "once", "run" }, TROTH_E_CONFIG, 0 },
	{ "an hour of tries", { "once", "--retry-for", "1h" }, TROTH_OK, TROTH_VERB_ONCE },
	{ "more than an hour", { "once", "--retry-for", "3601s" }, TROTH_E_CONFIG, 0 },
	{ "a time without unit", { "once", "--retry-for", "30" }, TROTH_E_CONFIG, 0 },
	{ "an hour of waiting", { "wait", "--timeout", "1h" }, TROTH_OK, TROTH_VERB_WAIT },
	{ "more than an hour of it", { "wait", "--timeout", "3601s" }, TROTH_E_CONFIG, 0 },
	{ "no time at all", { "wait", "--timeout", "0s" }, TROTH_E_CONFIG, 0 },
	{ "a secret", { "secret", "disk" }, TROTH_OK, TROTH_VERB_SECRET },
	{ "a secret into a file",
	  { "secret", "disk", "--output", "/x" },
	  TROTH_OK,
	  TROTH_VERB_SECRET },
	{ "a secret without a name", { "secret" }, TROTH_E_CONFIG, 0 },
	{ "two secrets", { "secret", "disk", "root" }, TROTH_E_CONFIG, 0 },
	{ "a secret for a nonce", { "secret", "disk", "--nonce", "n" }, TROTH_E_CONFIG, 0 },
	{ "credentials into a file", { "once", "--output", "/x" }, TROTH_E_CONFIG, 0 },
	{ "no such option", { "once", "--insecure" }, TROTH_E_CONFIG, 0 },
	{ "an option without its value", { "once", "--ek" }, TROTH_E_CONFIG, 0 },
};

static void command_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
		char *argv[10] = { strdup("troth-attester") };
		int argc = 1;
		struct troth_command c;
		char why[TROTH_COMMAND_WHY_MAX] = "";
		for (size_t k = 0; LINES[i].argv[k] != NULL; k++)
			argv[argc++] = strdup(LINES[i].argv[k]);
		POISON(c);
		enum troth_status got = troth_command_parse(argc, argv, &c, why);
		if (got != LINES[i].want)
			fail_msg("%s: %s", LINES[i].name, troth_status_name(got));
		if (got == TROTH_OK)
			assert_int_equal(c.verb, LINES[i].verb);
		else
			ASSERT_POISONED(c);
		assert_int_equal(strlen(why) > 10, got != TROTH_OK);
		for (int k = 0; k < argc; k++)
			free(argv[k]);
	}
}

static void wrong_command_lines_have_reasons(void **state)
{
	static const struct {
		const char *argv[3], *reason;
	} WRONG[] = {
		{ { "--format=xml", "status" },
		  "--format is text, json or headers, not 'xml'" },
		{ { "attest" },
		  "no command attest; there are provision, run, once, result, proof, secret, "
		  "wait, status, check-config" },
		{ { NULL },
		  "a command is wanted: provision, run, once, result, proof, secret, wait, "
		  "status, check-config" },
		{ { "result" }, "result wants --nonce, --form or --profile" },
		{ { "once", "--form=cwt" }, "--form and --profile are of result" },
		{ { "once", "--nonce=abc" }, "--nonce is of result and proof" },
		{ { "once", "--output=file" }, "--output is of secret" },
		{ { "result", "--form=xml" }, "--form is jwt or cwt, not 'xml'" },
		{ { "once", "--retry-for=soon" },
		  "--retry-for is a time such as 30s or 2m, at most 1h, not 'soon'" },
		{ { "wait", "--timeout=0s" },
		  "--timeout is a time such as 30s or 2m, from 1s to 1h, not '0s'" },
		{ { "once", "--frobnicate" }, "unknown option --frobnicate" },
		{ { "once", "--frobnicate=yes" }, "unknown option --frobnicate=yes" },
		{ { "once", "-x" }, "unknown option -x" },
		{ { "once", "--config" }, "--config wants a value" },
		{ { "once", "twice" }, "once takes no further words, but there is 'twice'" },
		{ { "proof", "GET" }, "proof wants METHOD and URL of one call" },
		{ { "secret" }, "secret wants the NAME of one" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
		char *argv[4] = { strdup("troth-attester") };
		int argc = 1;
		struct troth_command c;
		char why[TROTH_COMMAND_WHY_MAX] = "";
		for (size_t k = 0; WRONG[i].argv[k] != NULL; k++)
			argv[argc++] = strdup(WRONG[i].argv[k]);
		assert_int_equal(troth_command_parse(argc, argv, &c, why), TROTH_E_CONFIG);
		assert_string_equal(why, WRONG[i].reason);
		for (int k = 0; k < argc; k++)
			free(argv[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_says),
		cmocka_unit_test(a_whole_file),
		cmocka_unit_test(the_command_line_stands_over_the_file),
		cmocka_unit_test(mistakes_are_found_with_their_place),
		cmocka_unit_test(eight_hooks_are_taken),
		cmocka_unit_test(a_file_that_was_named_must_be_there),
		cmocka_unit_test(credentials_of_the_service_manager),
		cmocka_unit_test(command_lines),
		cmocka_unit_test(wrong_command_lines_have_reasons),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
