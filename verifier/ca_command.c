/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "issuer/key_write.h"
#include "issuer/request.h"
#include "issuer/rotate.h"

static const char *rotation_text(enum troth_rotation step)
{
	switch (step) {
	case TROTH_ROTATION_WAITING: return "nothing is due";
	case TROTH_ROTATION_PREPARED:
		return "prepared: SIGHUP publishes the next CA and result key";
	case TROTH_ROTATION_ACTIVATED: return "activated: SIGHUP puts the next keys in force";
	case TROTH_ROTATION_RETIRED: return "retired: the former keys are gone after SIGHUP";
	}
	return "";
}

static const char *why_not(enum troth_status status)
{
	return status == TROTH_E_IO ? strerror(errno) : troth_status_name(status);
}

static void close_keys(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* One command at a time is at the keys, the next waits: half of two steps is none. A directory
 * that cannot be opened is for what reads it to complain about. */
static void hold_keys(const char *keys, int *out_fd)
{
	*out_fd = open(keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*out_fd >= 0)
		(void)flock(*out_fd, LOCK_EX);
}

/* CODE, or 1 when what was written is not for the service to read. */
static int handed_over(const char *keys, int code)
{
	if (troth_keys_hand_over(keys) == TROTH_OK)
		return code;
	fprintf(stderr, "troth-verifier: %s: its files cannot be given to its owner: %s\n",
		keys, strerror(errno));
	return code != 0 ? code : 1;
}

int troth_command_rotate(const struct troth_settings *s, bool at_once)
{
	TROTH_AUTO(close_keys) int held = -1;
	char keys[PATH_MAX], due[32];
	enum troth_rotation step = TROTH_ROTATION_WAITING;
	uint64_t due_s = 0;
	if (troth_state_path(s, "keys", keys) != TROTH_OK)
		return 2;
	hold_keys(keys, &held);
	const struct troth_rotation_request request = { .key_dir = keys,
							.trust_domain = s->trust_domain,
							.source = &s->ca_key,
							.now_s = troth_now_ms() / 1000,
							.at_once = at_once };
	enum troth_status status = troth_issuer_rotate(&request, &step, &due_s);
	if (status != TROTH_OK) {
		fprintf(stderr, "troth-verifier: %s: %s\n", keys,
			status == TROTH_E_CONFLICT
				? "ca.key of the configuration is the key in "
				  "force: make another and name that"
			: status == TROTH_E_NOT_FOUND
				? "root.key, the key of root.crt, is needed for a new issuing "
				  "CA; "
				  "under a root of your own it is `ca request` and `ca install`"
				: why_not(status));
		return 1;
	}
	troth_format_time(due_s, due);
	printf("%s\n", rotation_text(step));
	if (step != TROTH_ROTATION_RETIRED)
		printf("next step due   %s\n", due);
	return handed_over(keys, 0);
}

int troth_command_ca_request(const struct troth_settings *s)
{
	TROTH_AUTO(close_keys) int held = -1;
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	char keys[PATH_MAX];
	if (troth_state_path(s, "keys", keys) != TROTH_OK)
		return 2;
	hold_keys(keys, &held);
	enum troth_status status = troth_ca_request(keys, s->trust_domain, &s->ca_key, &pem);
	if (status != TROTH_OK) {
		fprintf(stderr, "troth-verifier: %s: no request can be made: %s\n", keys,
			why_not(status));
		return 1;
	}
	(void)fwrite(pem.p, 1, pem.n, stdout);
	return handed_over(keys, fflush(stdout) == 0 ? 0 : 1);
}

static int installed(bool new_root)
{
	char due[32];
	troth_format_time(troth_now_ms() / 1000 + TROTH_ROTATION_WAIT_S, due);
	printf("%s\nnext step due   %s (troth-verifier rotate)\n",
	       rotation_text(TROTH_ROTATION_PREPARED), due);
	if (new_root)
		printf("the root is a new one: give it to relying parties before the next "
		       "step, "
		       "and both are published meanwhile (/v1/bundle)\n");
	return 0;
}

int troth_command_ca_install(const struct troth_settings *s, const char *chain_file)
{
	TROTH_AUTO(close_keys) int held = -1;
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	struct troth_chain_refusal why = { "" };
	char keys[PATH_MAX];
	bool new_root = false;
	if (troth_state_path(s, "keys", keys) != TROTH_OK)
		return 2;
	hold_keys(keys, &held);
	enum troth_status status = troth_file_read(chain_file, TROTH_AUTHORITY_FILE_MAX, &pem);
	if (status != TROTH_OK) {
		fprintf(stderr, "troth-verifier: %s: %s\n", chain_file, why_not(status));
		return 1;
	}
	const struct troth_ca_answer answer = { .key_dir = keys,
						.trust_domain = s->trust_domain,
						.names = &s->certificate_names,
						.chain = troth_buffer_view(&pem),
						.now_s = troth_now_ms() / 1000 };
	status = troth_ca_install(&answer, &new_root, &why);
	if (status == TROTH_OK)
		return handed_over(keys, installed(new_root));
	fprintf(stderr, "troth-verifier: %s is not taken: %s\n", chain_file,
		why.text[0] != '\0' ? why.text : why_not(status));
	return 1;
}
