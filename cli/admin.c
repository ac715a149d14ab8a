/* SPDX-License-Identifier: Apache-2.0 */
#include "admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <troth/limits.h>
#include <unistd.h>

#include "https.h"
#include "output.h"
#include "reader.h"
#include "text.h"

/* Long enough for a reference set to be learned; a million devices listed fit. */
#define TOTAL_TIMEOUT_MS 60000
#define CONNECT_TIMEOUT_MS 5000
#define ANSWER_MAX ((size_t)512 * 1024 * 1024)
#define URL_MAX 256

TROTH_DEFINE_AUTO(struct troth_https, troth_https_free)

/* A registry name, a device id or the beginning of one: nothing that a URL
 * would read differently. */
static bool item_valid(const char *item)
{
	static const char SET[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strspn(item, SET);
	return n > 0 && n <= 64 && item[n] == '\0' && strcmp(item, ".") != 0 &&
	       strcmp(item, "..") != 0;
}

static bool make_url(const struct troth_cli_call *call, char *url)
{
	if (call->item != NULL && !item_valid(call->item)) {
		troth_cli_error("%s: neither a name nor an id", call->item);
		return false;
	}
	snprintf(url, URL_MAX, "http://localhost%s%s%s", call->path,
		 call->item != NULL ? "/" : "", call->item != NULL ? call->item : "");
	return true;
}

/* RFC 9457: the detail is what people read. */
static void put_problem(const struct troth_https_answer *a, const char *about)
{
	TROTH_AUTO(json_decref_p)
	json_t *problem = json_loadb(a->body.n > 0 ? (const char *)a->body.p : "", a->body.n,
				     JSON_REJECT_DUPLICATES, NULL);
	const char *detail = json_string_value(json_object_get(problem, "detail"));
	if (detail == NULL)
		detail = json_string_value(json_object_get(problem, "title"));
	if (detail != NULL)
		troth_cli_error("%s%s%s", about != NULL ? about : "", about != NULL ? ": " : "",
				detail);
	else
		troth_cli_error("the verifier answered with status %ld", a->status);
}

/* libcurl speaks of a port where there is a socket. */
static void put_unreached(const char *path, const char *why)
{
	struct stat st;
	if (stat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		troth_cli_error("%s: is no socket; name the verifier's admin_socket with "
				"--socket",
				path);
	else if (access(path, R_OK | W_OK) == 0)
		troth_cli_error("%s: %s", path, why);
	else if (errno == ENOENT)
		troth_cli_error("%s: no verifier serves there; name its admin_socket with "
				"--socket",
				path);
	else
		troth_cli_error("%s: %s; only root and the verifier's own user may ask", path,
				strerror(errno));
}

static enum troth_cli_exit send(const struct troth_cli_call *call, const char *url,
				struct troth_https_answer *answer)
{
	const struct troth_https_options o = {
		.unix_socket = call->socket != NULL ? call->socket : TROTH_CLI_SOCKET,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.total_timeout_ms = call->take != NULL ? UINT32_MAX : TOTAL_TIMEOUT_MS,
		.answer_max = ANSWER_MAX,
		.take = call->take,
		.take_arg = call->take_arg,
	};
	TROTH_AUTO(troth_https_free_p) struct troth_https *https = NULL;
	if (troth_https_new(&o, &https) != TROTH_OK) {
		troth_cli_error("%s: cannot be used as a socket", o.unix_socket);
		return TROTH_CLI_UNSURE;
	}
	if (troth_https_call(https, call->content_type != NULL ? "POST" : "GET", url,
			     call->content_type, call->body, answer) != TROTH_OK) {
		put_unreached(o.unix_socket, troth_https_error(https));
		return TROTH_CLI_UNSURE;
	}
	return TROTH_CLI_YES;
}

enum troth_cli_exit troth_cli_call(const struct troth_cli_call *call,
				   struct troth_buffer *out_body)
{
	char url[URL_MAX];
	TROTH_AUTO(troth_https_answer_clear) struct troth_https_answer answer = { 0 };
	if (!make_url(call, url) || send(call, url, &answer) != TROTH_CLI_YES)
		return TROTH_CLI_UNSURE;
	if (answer.status / 100 != 2) {
		put_problem(&answer, call->about);
		return answer.status / 100 == 4 ? TROTH_CLI_NO : TROTH_CLI_UNSURE;
	}
	*out_body = answer.body;
	answer.body = (struct troth_buffer){ 0 };
	return TROTH_CLI_YES;
}

enum troth_cli_exit troth_cli_call_json(const struct troth_cli_call *call, json_t **out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer body = { 0 };
	enum troth_cli_exit code = troth_cli_call(call, &body);
	if (code != TROTH_CLI_YES)
		return code;
	json_t *value = json_loadb(body.n > 0 ? (const char *)body.p : "", body.n,
				   JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(value)) {
		json_decref(value);
		troth_cli_error("the verifier's answer is no JSON object");
		return TROTH_CLI_UNSURE;
	}
	*out = value;
	return TROTH_CLI_YES;
}

enum troth_cli_exit troth_cli_post_json(struct troth_cli_call call, json_t *value, json_t **out)
{
	char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);
	json_decref(value);
	if (text == NULL) {
		troth_cli_error("out of memory, or an argument is no UTF-8");
		return TROTH_CLI_UNSURE;
	}
	call.content_type = "application/json";
	call.body = troth_view_str(text);
	enum troth_cli_exit code = troth_cli_call_json(&call, out);
	free(text);
	return code;
}

#define OPTIONS_MAX 8

bool troth_cli_online_args(const struct troth_cli_command *command, char **argv,
			   const struct troth_cli_option *further, struct troth_cli_online *out)
{
	struct troth_cli_option options[OPTIONS_MAX] = {
		{ "--socket", &out->socket, NULL },
		{ "--format", &out->format_text, NULL },
	};
	for (size_t n = 2; further != NULL && further->name != NULL && n + 1 < OPTIONS_MAX; n++)
		options[n] = *further++;
	if (!troth_cli_args(command, argv, options, &out->words))
		return false;
	return troth_cli_format(command, out->format_text, true, &out->format);
}

static json_t *at_path(json_t *object, const char *key)
{
	const char *dot = strchr(key, '.');
	char outer[32];
	if (dot == NULL)
		return json_object_get(object, key);
	snprintf(outer, sizeof outer, "%.*s", (int)(dot - key), key);
	return json_object_get(json_object_get(object, outer), dot + 1);
}

json_t *troth_cli_row(json_t *object, const char *const *keys)
{
	json_t *row = json_array();
	for (; *keys != NULL; keys++) {
		char buf[512];
		const char *text = troth_cli_text_of(at_path(object, *keys), buf, sizeof buf);
		json_array_append_new(row, json_string(text));
	}
	return row;
}

void troth_cli_put_fields(json_t *object, const char *prefix)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		char name[128], buf[512];
		snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "",
			 key);
		if (json_is_object(value)) {
			troth_cli_put_fields(value, name);
			continue;
		}
		troth_cli_put(stdout, name);
		fputc('\t', stdout);
		troth_cli_put(stdout, troth_cli_text_of(value, buf, sizeof buf));
		fputc('\n', stdout);
	}
}

enum troth_cli_exit troth_cli_put_result(json_t *result, enum troth_cli_format format)
{
	if (format == TROTH_CLI_JSON)
		return troth_cli_put_json(result, TROTH_CLI_YES);
	troth_cli_put_fields(result, "");
	json_decref(result);
	return TROTH_CLI_YES;
}

enum troth_cli_exit troth_cli_put_listing(const struct troth_cli_listing *listing,
					  const struct troth_cli_online *o)
{
	TROTH_AUTO(json_decref_p) json_t *answer = NULL, *rows = json_array();
	json_t *object;
	size_t i;
	const struct troth_cli_call call = { .socket = o->socket, .path = listing->path };
	enum troth_cli_exit code = troth_cli_call_json(&call, &answer);
	if (code != TROTH_CLI_YES)
		return code;
	if (!json_is_array(json_object_get(answer, listing->list))) {
		/* Nothing listed and no list are two different answers. */
		troth_cli_error("the verifier's answer has no %s", listing->list);
		return TROTH_CLI_UNSURE;
	}
	if (o->format == TROTH_CLI_JSON)
		return troth_cli_put_json(json_incref(answer), TROTH_CLI_YES);
	json_array_foreach(json_object_get(answer, listing->list), i, object)
		json_array_append_new(rows, troth_cli_row(object, listing->keys));
	troth_cli_put_table(listing->head, rows, o->format);
	return TROTH_CLI_YES;
}
