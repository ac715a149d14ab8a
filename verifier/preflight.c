/* SPDX-License-Identifier: Apache-2.0 */
#include "preflight.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "courier.h"
#include "front/front.h"
#include "issuer/issuer.h"
#include "sandbox.h"
#include "store.h"

enum troth_status troth_preflight(const struct troth_settings *s)
{
	char keys[PATH_MAX], database[PATH_MAX];
	TROTH_TRY(troth_state_path(s, "keys", keys));
	TROTH_TRY(troth_state_path(s, "troth.db", database));
	TROTH_TRY(troth_front_check(s));
	TROTH_TRY(troth_courier_check(&s->webhooks));
	TROTH_TRY(troth_issuer_check(keys));
	return troth_store_sqlite.check(database);
}

/* Exit code: a status. Whatever the caller blocked or handles, the alarm ends it. */
static enum troth_status in_the_child(const struct troth_settings *s)
{
	(void)alarm(TROTH_PREFLIGHT_MAX_S);
	TROTH_TRY(troth_sandbox_no_dump());
	return troth_preflight(s);
}

enum troth_status troth_preflight_apart(const struct troth_settings *s)
{
	int code;
	const pid_t pid = fork();
	if (pid < 0)
		return TROTH_E_IO;
	if (pid == 0)
		_exit((int)in_the_child(s));
	while (waitpid(pid, &code, 0) < 0)
		if (errno != EINTR)
			return TROTH_E_IO;
	if (WIFEXITED(code))
		return (enum troth_status)WEXITSTATUS(code);
	troth_error("check", "reason=\"it did not end\" signal=%d after_s_at_most=%d",
		    WTERMSIG(code), TROTH_PREFLIGHT_MAX_S);
	return TROTH_E_BUSY;
}
