/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of webhooks against the values that Standard Webhooks' own documentation and
 * OpenSSL give, and files that hold no key. */
#include "check.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <unistd.h>

#include "base.h"
#include "file.h"
#include "log.h"
#include "reader.h"
#include "webhook_keys.h"

/* The example of the specification's reference libraries. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIME_S 1614265330
#define BODY "{\"test\": 2432232314}"
#define WANT "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static char dir[] = "/tmp/troth-webhook.XXXXXX";
static struct troth_webhook hook;

static void write_text(const char *name, const char *text, char out[PATH_MAX])
{
	(void)snprintf(out, PATH_MAX, "%s/%s", dir, name);
	assert_int_equal(troth_file_write(out, troth_view_str(text), 0600), TROTH_OK);
}

static void make_ed25519(char out[PATH_MAX], EVP_PKEY **key)
{
	(void)snprintf(out, PATH_MAX, "%s/ed.pem", dir);
	FILE *f = fopen(out, "w");
	assert_non_null(f);
	*key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_int_equal(PEM_write_PrivateKey(f, *key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
}

static const struct troth_webhook_message MESSAGE = {
	ID, TIME_S, { (const uint8_t *)BODY, sizeof BODY - 1 }
};

static void as_the_standards_libraries_sign(void **state)
{
	struct troth_webhook_keys k;
	char text[TROTH_WEBHOOK_SIGNATURE_MAX];
	(void)state;
	write_text("secret", SECRET "\n", hook.secret);
	assert_int_equal(troth_webhook_keys_load(&hook, &k), TROTH_OK);
	assert_int_equal(troth_webhook_sign(&k, &MESSAGE, text), TROTH_OK);
	assert_string_equal(text, WANT);
	troth_webhook_keys_release(&k);
}

static void two_secrets_sign_both(void **state)
{
	struct troth_webhook_keys k;
	char text[TROTH_WEBHOOK_SIGNATURE_MAX];
	(void)state;
	write_text("secret", "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n" SECRET, hook.secret);
	assert_int_equal(troth_webhook_keys_load(&hook, &k), TROTH_OK);
	assert_int_equal(troth_webhook_sign(&k, &MESSAGE, text), TROTH_OK);
	assert_string_equal(strchr(text, ' ') + 1, WANT);
	troth_webhook_keys_release(&k);
}

static void ed25519_verifies(void **state)
{
	struct troth_webhook_keys k;
	char text[TROTH_WEBHOOK_SIGNATURE_MAX];
	static const char SIGNED[] = ID ".1614265330." BODY;
	uint8_t signature[96];
	EVP_PKEY *key = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	(void)state;
	make_ed25519(hook.key, &key);
	hook.secret[0] = '\0';
	assert_int_equal(troth_webhook_keys_load(&hook, &k), TROTH_OK);
	assert_int_equal(troth_webhook_sign(&k, &MESSAGE, text), TROTH_OK);
	assert_int_equal(strncmp(text, "v1a,", 4), 0);
	assert_int_equal(
		EVP_DecodeBlock(signature, (const uint8_t *)text + 4, (int)strlen(text + 4)),
		66); /* 64, and two of padding */
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestVerify(ctx, signature, 64, (const uint8_t *)SIGNED,
					  sizeof SIGNED - 1),
			 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	troth_webhook_keys_release(&k);
	hook.key[0] = '\0';
}

/* Base64 of 23, 24, 64 and 65 bytes. */
#define N23 "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
#define N24 "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
#define N63 N24 N24 "QUFBQUFBQUFBQUFBQUFB"
#define N64 N63 "QQ=="
#define N65 N63 "QUE="

static void files_that_are_none(void **state)
{
	static const struct {
		const char *what, *text;
		enum troth_status want;
	} CASES[] = {
		{ "24 bytes", "whsec_" N24, TROTH_OK },
		{ "64 bytes", "whsec_" N64 "\n", TROTH_OK },
		{ "two lines and an empty one", "whsec_" N24 "\n\nwhsec_" N64 "\n", TROTH_OK },
		{ "23 bytes", "whsec_" N23, TROTH_E_CONFIG },
		{ "65 bytes", "whsec_" N65, TROTH_E_CONFIG },
		{ "empty", "", TROTH_E_CONFIG },
		{ "an empty line", "\n", TROTH_E_CONFIG },
		{ "no prefix", N24, TROTH_E_CONFIG },
		{ "a public key's prefix", "whpk_" N24, TROTH_E_CONFIG },
		{ "no base64", "whsec_????????????????????????????????", TROTH_E_CONFIG },
		{ "base64 cut off", "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUF", TROTH_E_CONFIG },
		{ "three lines", "whsec_" N24 "\nwhsec_" N24 "\nwhsec_" N24, TROTH_E_CONFIG },
	};
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		struct troth_webhook_keys k;
		write_text("secret", CASES[i].text, hook.secret);
		enum troth_status got = troth_webhook_keys_load(&hook, &k);
		if (got != CASES[i].want)
			fail_msg("%s: %s", CASES[i].what, troth_status_name(got));
		if (got == TROTH_OK)
			troth_webhook_keys_release(&k);
	}
	hook.secret[0] = '\0';
	write_text("key", "-----BEGIN PRIVATE KEY-----\n", hook.key);
	struct troth_webhook_keys k;
	assert_int_equal(troth_webhook_keys_load(&hook, &k), TROTH_E_CONFIG);
	hook.key[0] = '\0';
}

static int setup(void **state)
{
	(void)state;
	troth_log_start("test", TROTH_LOG_ERROR);
	(void)snprintf(hook.name, sizeof hook.name, "siem");
	return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
	static const char *const FILES[] = { "secret", "ed.pem", "key" };
	char path[PATH_MAX];
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(FILES); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_standards_libraries_sign),
		cmocka_unit_test(two_secrets_sign_both),
		cmocka_unit_test(ed25519_verifies),
		cmocka_unit_test(files_that_are_none),
	};
	return cmocka_run_group_tests_name("webhook_keys", tests, setup, teardown);
}
