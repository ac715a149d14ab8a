/* SPDX-License-Identifier: Apache-2.0 */
/* An emulated TPM in a directory of its own, the attester program, and other people's tools. */
#ifndef TROTH_TESTS_ATTESTER_LAB_H
#define TROTH_TESTS_ATTESTER_LAB_H

#include <sys/types.h>
#include <troth/view.h>

#include "tpm_quote.h"

struct lab {
	char dir[32];
	char tcti[80];
	struct troth_ctx *ctx;
};

/* Group fixtures: *state becomes a struct lab with a started TPM (banks sha256 and sha384). The
 * group is skipped where swtpm is missing. */
int lab_setup(void **state);
int lab_teardown(void **state);
/* Starts and stops the TPM; asserts. extra is one more option or NULL. */
void lab_start(const struct lab *lab, const char *extra);
void lab_stop(const struct lab *lab);

/* "<dir>/<name>", in one of four static buffers. */
const char *lab_path(const struct lab *lab, const char *name);
void lab_write(const struct lab *lab, const char *name, struct troth_view data);
/* Owned, free(); asserts that there is such a file. */
struct troth_view lab_read(const struct lab *lab, const char *name);

/* Runs a program found in PATH; its standard output and error go to <dir>/output. Returns the
 * exit code, or 128 and the signal. */
int lab_run(const struct lab *lab, const char *const argv[]);
/* Asserts that it ends with the code, and shows its output if not. */
void lab_expect(const struct lab *lab, int code, const char *const argv[]);
#define LAB_OK(lab, ...) lab_expect(lab, 0, (const char *const[]){ __VA_ARGS__, NULL })
#define LAB_CODE(lab, code, ...) \
	lab_expect(lab, code, (const char *const[]){ __VA_ARGS__, NULL })
/* Is the text in the output of the last program? */
bool lab_said(const struct lab *lab, const char *text);
/* Starts it and goes on. */
pid_t lab_spawn(const struct lab *lab, const char *const argv[]);
int lab_wait(pid_t pid);
/* Path of a program built beside this test. */
const char *lab_program(const char *name);

/* Handles the TPM holds of a kind: "transient", "loaded-session". */
size_t lab_handles(const struct lab *lab, const char *kind);
void lab_assert_clean(const struct lab *lab);

/* An open adapter; asserts. */
struct troth_tpm lab_open(const struct lab *lab);

#endif
