/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_life.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"
#include "issuer/renew.h"
#include "reader.h"
#include "watched.h"
#include "writer.h"

enum troth_status troth_tls_word(const struct troth_settings *s, struct troth_buffer *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer chain = { 0 };
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer key = { 0 };
	char chain_path[PATH_MAX], key_path[PATH_MAX];
	TROTH_TRY(troth_tls_paths(s, chain_path, key_path));
	TROTH_TRY(troth_file_read(chain_path, TROTH_TLS_FILE_MAX, &chain));
	TROTH_TRY(troth_file_read(key_path, TROTH_TLS_FILE_MAX, &key));
	const size_t n = 8 + chain.n + key.n;
	uint8_t *bytes = malloc(n);
	if (bytes == NULL)
		return TROTH_E_MEMORY;
	struct troth_writer w = troth_writer_make(bytes, n);
	troth_put_view32be(&w, troth_buffer_view(&chain));
	troth_put_view32be(&w, troth_buffer_view(&key));
	*out = (struct troth_buffer){ bytes, n };
	return TROTH_OK;
}

/* Exit code: a status. */
static enum troth_status renew_in_a_child(const struct troth_tls_renewal *r)
{
	int code;
	const pid_t pid = fork();
	if (pid < 0)
		return TROTH_E_IO;
	if (pid == 0)
		_exit((int)troth_tls_renew(r));
	while (waitpid(pid, &code, 0) < 0)
		if (errno != EINTR)
			return TROTH_E_IO;
	return WIFEXITED(code) ? (enum troth_status)WEXITSTATUS(code) : TROTH_E_IO;
}

static const char *why_not(enum troth_status status)
{
	if (status == TROTH_E_CONFLICT)
		return "the issuing CA leads to none of the anchors in tls/ca.crt, which "
		       "devices "
		       "hold";
	return status == TROTH_E_LIMIT ? "the issuing CA ends as soon: rotate it"
				       : troth_status_name(status);
}

bool troth_tls_tend(const struct troth_settings *s)
{
	char keys[PATH_MAX], tls[PATH_MAX];
	if (s->tls_certificate[0] != '\0' || troth_state_path(s, "keys", keys) != TROTH_OK ||
	    troth_state_path(s, "tls", tls) != TROTH_OK)
		return false;
	const struct troth_tls_renewal renewal = { keys, tls, troth_now_ms() / 1000 };
	if (!troth_tls_is_due(&renewal))
		return false;
	const enum troth_status status = renew_in_a_child(&renewal);
	if (status != TROTH_OK)
		troth_error("tls", "certificate=ends-soon renewal=\"%s\"", why_not(status));
	return status == TROTH_OK;
}
