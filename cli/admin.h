/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to a running verifier over its local socket. */
#ifndef TROTH_CLI_ADMIN_H
#define TROTH_CLI_ADMIN_H

#include "args.h"
#include "file.h"

#define TROTH_CLI_SOCKET "/run/troth-verifier/admin.sock"

struct troth_cli_call {
	const char *socket; /* NULL: TROTH_CLI_SOCKET */
	const char *path;   /* "/v1/admin/devices" */
	const char *item;   /* one more segment, checked here; NULL: none */
	const char *content_type;
	const char
		*about; /* file that is posted: named before what is wrong with it; or NULL */
	struct troth_view body; /* with a content type: POST, else GET */
	/* Takes the answer's bytes as they come, for as long as they do; false ends the call.
	 * NULL: the answer is waited for, some seconds. */
	bool (*take)(void *arg, struct troth_view bytes);
	void *take_arg;
};

/* The answer's body on YES. Otherwise it says why: NO for what the server refused, UNSURE when
 * there was no server or it failed. */
enum troth_cli_exit troth_cli_call(const struct troth_cli_call *call,
				   struct troth_buffer *out_body);
/* The same for an answer that must be a JSON object. Owned by the caller. */
enum troth_cli_exit troth_cli_call_json(const struct troth_cli_call *call, json_t **out);
/* Posts a JSON value, which is taken. */
enum troth_cli_exit troth_cli_post_json(struct troth_cli_call call, json_t *value,
					json_t **out);

/* What the online commands have in common: the words, --socket and --format. */
struct troth_cli_online {
	struct troth_cli_words words;
	const char *socket, *format_text;
	enum troth_cli_format format;
};
/* Reads them together with further options (may be NULL; ends with a NULL name). */
TROTH_NODISCARD bool troth_cli_online_args(const struct troth_cli_command *command, char **argv,
					   const struct troth_cli_option *further,
					   struct troth_cli_online *out);

/* A route that lists objects: where, under which key, and what of each is shown. */
struct troth_cli_listing {
	const char *path, *list;
	const char *const *keys, *const *head; /* end with NULL */
};
enum troth_cli_exit troth_cli_put_listing(const struct troth_cli_listing *listing,
					  const struct troth_cli_online *o);
/* Prints the object an action answered with; takes it. */
enum troth_cli_exit troth_cli_put_result(json_t *result, enum troth_cli_format format);

/* Prints an object as lines of key and value, inner objects with dotted keys. */
void troth_cli_put_fields(json_t *object, const char *prefix);
/* A row for troth_cli_put_table: the values of these keys, dotted for inner objects. */
json_t *troth_cli_row(json_t *object, const char *const *keys);

/* The help of the options all online commands take. */
#define TROTH_CLI_ONLINE_HELP                                                         \
	"  --socket PATH         the verifier's local socket, " TROTH_CLI_SOCKET "\n" \
	"  --format FORMAT       text, tsv or json\n"

#endif
