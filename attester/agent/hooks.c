/* SPDX-License-Identifier: Apache-2.0 */
#include "hooks.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "pulse.h"
#include "stop.h"

extern char **environ;

/* The child gets no blocked and no ignored signal of ours. */
static int spawn(const char *path, pid_t *pid)
{
	posix_spawnattr_t attributes;
	sigset_t none, ignored;
	char program[TROTH_PATH_MAX + 1];
	char *const argv[] = { program, NULL };

	(void)snprintf(program, sizeof program, "%s", path);
	sigemptyset(&none);
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	int error = posix_spawnattr_init(&attributes);
	if (error != 0)
		return error;
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &ignored);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(pid, path, NULL, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* A reload asked for meanwhile waits until the hook is done; a stop does not. */
static enum troth_wake wait_for(int fd)
{
	bool reload = false;

	enum troth_wake wake = troth_stop_wait(fd, TROTH_HOOK_LIFE_MS);
	while (wake == TROTH_WAKE_SIGNAL && !troth_stop_wanted()) {
		reload |= troth_stop_take_reload();
		wake = troth_stop_wait(fd, TROTH_HOOK_LIFE_MS);
	}
	if (reload)
		raise(SIGHUP); /* blocked, and so kept for the next wait */
	return wake;
}

/* Ends a hook that takes too long, and collects it. */
static void finish(const char *path, pid_t pid)
{
	int fd = pidfd_open(pid, 0);
	int status = 0;

	const enum troth_wake wake = wait_for(fd);
	if (fd >= 0)
		close(fd);
	if (wake == TROTH_WAKE_SIGNAL)
		return;
	if (wake == TROTH_WAKE_TIME) {
		troth_warn("hook", "program=%s ended=timeout", path);
		kill(pid, SIGKILL);
	}
	if (waitpid(pid, &status, 0) != pid)
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		troth_warn("hook", "program=%s status=0x%x", path, (unsigned)status);
}

void troth_hooks_run(const struct troth_settings *settings)
{
	for (size_t i = 0; i < settings->n_hooks && !troth_stop_wanted(); i++) {
		const char *path = settings->hooks[i];
		troth_pulse();
		pid_t pid;
		int error = spawn(path, &pid);
		if (error != 0)
			troth_warn("hook", "program=%s error=\"%s\"", path, strerror(error));
		else
			finish(path, pid);
	}
}
