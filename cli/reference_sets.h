/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of the group "reference" share, and those that have a file of their own. */
#ifndef TROTH_CLI_REFERENCE_SETS_H
#define TROTH_CLI_REFERENCE_SETS_H

#include "admin.h"
#include "reference.h"

#define TROTH_CLI_REFERENCES "/v1/admin/references"

typedef enum troth_cli_exit troth_cli_runner(const struct troth_cli_command *self, int argc,
					     char **argv);
troth_cli_runner troth_cli_run_build, troth_cli_run_put, troth_cli_run_promote,
	troth_cli_run_diff, troth_cli_run_import, troth_cli_run_export,
	troth_cli_run_reference_ima;
extern const char TROTH_CLI_BUILD_HELP[];

/* A set as text; every function says what was wrong. */
TROTH_NODISCARD bool troth_cli_parse_set(struct troth_ctx *ctx, const char *where,
					 struct troth_view text,
					 struct troth_reference_set *out);
/* A set's canonical text as a JSON object, NULL when there is none. Owned by the caller. */
json_t *troth_cli_set_json(struct troth_ctx *ctx, struct troth_reference_set *set);
/* Writes a set to a file (NULL: standard output) as our JSON. */
enum troth_cli_exit troth_cli_write_set(struct troth_ctx *ctx, struct troth_reference_set *set,
					const char *out);
/* Writes a set as .pcrlock files into a directory. */
enum troth_cli_exit troth_cli_write_pcrlock(struct troth_ctx *ctx,
					    struct troth_reference_set *set,
					    const char *directory);
/* A set of the verifier's. */
enum troth_cli_exit troth_cli_fetch_set(struct troth_ctx *ctx, const char *socket,
					const char *name, struct troth_reference_set *out);
/* A set from a file, or the verifier's of this name where there is no such file. */
enum troth_cli_exit troth_cli_find_set(struct troth_ctx *ctx, const char *socket,
				       const char *where, struct troth_reference_set *out);

#endif
