/* SPDX-License-Identifier: Apache-2.0 */
/* An emulated TPM in a directory of its own, the attester program, and other people's tools. */
#ifndef TROTH_TESTS_RIG_H
#define TROTH_TESTS_RIG_H

#include <sys/types.h>
#include <troth/view.h>

#include "tpm_quote.h"

struct rig {
	char dir[32];
	char tcti[80];
	struct troth_ctx *ctx;
};

/* Group fixtures: *state becomes a struct rig with a started TPM (banks sha256 and sha384). The
 * group is skipped where swtpm is missing. */
int rig_setup(void **state);
int rig_teardown(void **state);
/* Starts and stops the TPM; asserts. extra is one more option or NULL. */
void rig_start(const struct rig *rig, const char *extra);
void rig_stop(const struct rig *rig);

/* "<dir>/<name>", in one of four static buffers. */
const char *rig_path(const struct rig *rig, const char *name);
void rig_write(const struct rig *rig, const char *name, struct troth_view data);
/* Owned, free(); asserts that there is such a file. */
struct troth_view rig_read(const struct rig *rig, const char *name);

/* Runs a program found in PATH; its standard output and error go to <dir>/output. Returns the
 * exit code, or 128 and the signal. */
int rig_run(const struct rig *rig, const char *const argv[]);
/* Asserts that it ends with the code, and shows its output if not. */
void rig_expect(const struct rig *rig, int code, const char *const argv[]);
#define RIG_OK(rig, ...) rig_expect(rig, 0, (const char *const[]){ __VA_ARGS__, NULL })
#define RIG_CODE(rig, code, ...) \
	rig_expect(rig, code, (const char *const[]){ __VA_ARGS__, NULL })
/* Is the text in the output of the last program? */
bool rig_said(const struct rig *rig, const char *text);
/* Starts it and goes on. */
pid_t rig_spawn(const struct rig *rig, const char *const argv[]);
int rig_wait(pid_t pid);
/* Path of a program built beside this test. */
const char *rig_program(const char *name);

/* Handles the TPM holds of a kind: "transient", "loaded-session". */
size_t rig_handles(const struct rig *rig, const char *kind);
void rig_assert_clean(const struct rig *rig);

/* An open adapter; asserts. */
struct troth_tpm rig_open(const struct rig *rig);

#endif
