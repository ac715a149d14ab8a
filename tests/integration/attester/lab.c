/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "lab.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"

extern char **environ;

static const char DEVICE[] = TROTH_SWTPM_SETUP "/device";

const char *lab_path(const struct lab *lab, const char *name)
{
	static char paths[4][256];
	static size_t next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", lab->dir, name);
	return path;
}

void lab_write(const struct lab *lab, const char *name, struct troth_view data)
{
	FILE *f = fopen(lab_path(lab, name), "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data.p, 1, data.n, f), data.n);
	assert_int_equal(fclose(f), 0);
}

struct troth_view lab_read(const struct lab *lab, const char *name)
{
	struct troth_view v = file_load(lab->dir, name);
	assert_non_null(v.p);
	return v;
}

pid_t lab_spawn(const struct lab *lab, const char *const argv[])
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
	posix_spawn_file_actions_addopen(&to_file, 1, lab_path(lab, "output"),
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

int lab_wait(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int lab_run(const struct lab *lab, const char *const argv[])
{
	return lab_wait(lab_spawn(lab, argv));
}

void lab_expect(const struct lab *lab, int code, const char *const argv[])
{
	int got = lab_run(lab, argv);
	if (got == code)
		return;
	struct troth_view output = lab_read(lab, "output");
	print_error("%.*s\n", (int)output.n, (const char *)output.p);
	file_free(output);
	fail_msg("%s %s: ended with %d, not %d", argv[0], argv[1] != NULL ? argv[1] : "", got,
		 code);
}

bool lab_said(const struct lab *lab, const char *text)
{
	struct troth_view output = lab_read(lab, "output");
	bool said = memmem(output.p, output.n, text, strlen(text)) != NULL;
	if (!said)
		print_error("not said: '%s' in\n%.*s\n", text, (int)output.n,
			    (const char *)output.p);
	file_free(output);
	return said;
}

const char *lab_program(const char *name)
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

void lab_start(const struct lab *lab, const char *extra)
{
	const char *const argv[] = { DEVICE,	      "--dir", lab->dir, "--banks",
				     "sha256,sha384", "start", extra,	 NULL };
	lab_expect(lab, 0, argv);
}

void lab_stop(const struct lab *lab)
{
	LAB_OK(lab, DEVICE, "--dir", lab->dir, "stop");
}

int lab_setup(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);
	if (lab == NULL || troth_ctx_new(&lab->ctx) != TROTH_OK)
		return -1;
	snprintf(lab->dir, sizeof lab->dir, "/tmp/troth-lab.XXXXXX");
	if (mkdtemp(lab->dir) == NULL)
		return -1;
	snprintf(lab->tcti, sizeof lab->tcti, "swtpm:path=%s/sock", lab->dir);
	setenv("TPM2TOOLS_TCTI", lab->tcti, 1);
	setenv("TPM2OPENSSL_TCTI", lab->tcti, 1);
	setenv("TSS2_LOG", "all+none", 1);
	lab_start(lab, NULL);
	*state = lab;
	return 0;
}

int lab_teardown(void **state)
{
	struct lab *lab = *state;
	lab_stop(lab);
	troth_ctx_free(lab->ctx);
	const char *const argv[] = { "rm", "-rf", "--", lab->dir, NULL };
	pid_t pid;
	char *copy[] = { strdup(argv[0]), strdup(argv[1]), strdup(argv[2]), strdup(argv[3]),
			 NULL };
	if (posix_spawnp(&pid, copy[0], NULL, NULL, copy, environ) == 0)
		(void)lab_wait(pid);
	for (size_t i = 0; copy[i] != NULL; i++)
		free(copy[i]);
	free(lab);
	return 0;
}

size_t lab_handles(const struct lab *lab, const char *kind)
{
	char what[64];
	size_t n = 0;
	snprintf(what, sizeof what, "handles-%s", kind);
	LAB_OK(lab, "tpm2_getcap", what);
	struct troth_view output = lab_read(lab, "output");
	for (size_t i = 0; i + 1 < output.n; i++)
		n += output.p[i] == '0' && output.p[i + 1] == 'x';
	file_free(output);
	return n;
}

void lab_assert_clean(const struct lab *lab)
{
	assert_int_equal(lab_handles(lab, "transient"), 0);
	assert_int_equal(lab_handles(lab, "loaded-session"), 0);
}

struct troth_tpm lab_open(const struct lab *lab)
{
	const struct troth_tpm_options options = { .tcti = lab->tcti };
	struct troth_tpm tpm;
	assert_int_equal(troth_tpm_open(&options, &tpm), TROTH_OK);
	return tpm;
}
