/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "rig.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"

extern char **environ;

static const char DEVICE[] = TROTH_SWTPM_SETUP "/device";

const char *rig_path(const struct rig *rig, const char *name)
{
	static char paths[4][256];
	static size_t next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", rig->dir, name);
	return path;
}

void rig_write(const struct rig *rig, const char *name, struct troth_view data)
{
	FILE *f = fopen(rig_path(rig, name), "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data.p, 1, data.n, f), data.n);
	assert_int_equal(fclose(f), 0);
}

struct troth_view rig_read(const struct rig *rig, const char *name)
{
	struct troth_view v = file_load(rig->dir, name);
	assert_non_null(v.p);
	return v;
}

pid_t rig_spawn(const struct rig *rig, const char *const argv[])
{
	char *copy[32];
	posix_spawn_file_actions_t to_file;
	size_t n = 0;
	pid_t pid;

	for (; argv[n] != NULL && n < 31; n++)
		copy[n] = strdup(argv[n]);
	copy[n] = NULL;
	posix_spawn_file_actions_init(&to_file);
	posix_spawn_file_actions_addopen(&to_file, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&to_file, 1, rig_path(rig, "output"),
					 O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&to_file, 1, 2);
	int error = posix_spawnp(&pid, copy[0], &to_file, NULL, copy, environ);
	posix_spawn_file_actions_destroy(&to_file);
	for (size_t i = 0; i < n; i++)
		free(copy[i]);
	if (error != 0)
		fail_msg("%s: %s", argv[0], strerror(error));
	return pid;
}

int rig_wait(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int rig_run(const struct rig *rig, const char *const argv[])
{
	return rig_wait(rig_spawn(rig, argv));
}

void rig_expect(const struct rig *rig, int code, const char *const argv[])
{
	int got = rig_run(rig, argv);
	if (got == code)
		return;
	struct troth_view output = rig_read(rig, "output");
	print_error("%.*s\n", (int)output.n, (const char *)output.p);
	file_free(output);
	fail_msg("%s %s: ended with %d, not %d", argv[0], argv[1] != NULL ? argv[1] : "", got,
		 code);
}

bool rig_said(const struct rig *rig, const char *text)
{
	struct troth_view output = rig_read(rig, "output");
	bool said = memmem(output.p, output.n, text, strlen(text)) != NULL;
	if (!said)
		print_error("not said: '%s' in\n%.*s\n", text, (int)output.n,
			    (const char *)output.p);
	file_free(output);
	return said;
}

const char *rig_program(const char *name)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 64);
	assert_true(n > 0);
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	assert_non_null(slash);
	snprintf(slash, 64, "/%s", name);
	return path;
}

void rig_start(const struct rig *rig, const char *extra)
{
	const char *const argv[] = { DEVICE,	      "--dir", rig->dir, "--banks",
				     "sha256,sha384", "start", extra,	 NULL };
	rig_expect(rig, 0, argv);
}

void rig_stop(const struct rig *rig)
{
	RIG_OK(rig, DEVICE, "--dir", rig->dir, "stop");
}

int rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof *rig);
	if (rig == NULL || troth_ctx_new(&rig->ctx) != TROTH_OK)
		return -1;
	snprintf(rig->dir, sizeof rig->dir, "/tmp/troth-rig.XXXXXX");
	if (mkdtemp(rig->dir) == NULL)
		return -1;
	snprintf(rig->tcti, sizeof rig->tcti, "swtpm:path=%s/sock", rig->dir);
	setenv("TPM2TOOLS_TCTI", rig->tcti, 1);
	setenv("TPM2OPENSSL_TCTI", rig->tcti, 1);
	setenv("TSS2_LOG", "all+none", 1);
	rig_start(rig, NULL);
	*state = rig;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;
	rig_stop(rig);
	troth_ctx_free(rig->ctx);
	const char *const argv[] = { "rm", "-rf", "--", rig->dir, NULL };
	pid_t pid;
	char *copy[] = { strdup(argv[0]), strdup(argv[1]), strdup(argv[2]), strdup(argv[3]),
			 NULL };
	if (posix_spawnp(&pid, copy[0], NULL, NULL, copy, environ) == 0)
		(void)rig_wait(pid);
	for (size_t i = 0; copy[i] != NULL; i++)
		free(copy[i]);
	free(rig);
	return 0;
}

size_t rig_handles(const struct rig *rig, const char *kind)
{
	char what[64];
	size_t n = 0;
	snprintf(what, sizeof what, "handles-%s", kind);
	RIG_OK(rig, "tpm2_getcap", what);
	struct troth_view output = rig_read(rig, "output");
	for (size_t i = 0; i + 1 < output.n; i++)
		n += output.p[i] == '0' && output.p[i + 1] == 'x';
	file_free(output);
	return n;
}

void rig_assert_clean(const struct rig *rig)
{
	assert_int_equal(rig_handles(rig, "transient"), 0);
	assert_int_equal(rig_handles(rig, "loaded-session"), 0);
}

struct troth_tpm rig_open(const struct rig *rig)
{
	const struct troth_tpm_options options = { .tcti = rig->tcti };
	struct troth_tpm tpm;
	assert_int_equal(troth_tpm_open(&options, &tpm), TROTH_OK);
	return tpm;
}
