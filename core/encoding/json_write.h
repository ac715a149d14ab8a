/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of ours, written into a caller's buffer: the shortest text, in the order of the calls.
 *
 * Commas come by themselves. What cannot be written (text that is not UTF-8, no room) is
 * remembered by the writer as an overflow. */
#ifndef TROTH_CORE_JSON_WRITE_H
#define TROTH_CORE_JSON_WRITE_H

#include "writer.h"

/* '{' or '['. Each is closed by the caller, inside the same writer. */
void troth_json_open(struct troth_writer *w, char bracket);
void troth_json_close(struct troth_writer *w, char bracket);
/* A member's name; its value follows by the next call. name is plain ASCII. */
void troth_json_name(struct troth_writer *w, const char *name);

void troth_json_put_text(struct troth_writer *w, struct troth_view text);
void troth_json_put_base64url(struct troth_writer *w, struct troth_view bytes);
void troth_json_put_int(struct troth_writer *w, int64_t value);

/* A name and its value. */
void troth_json_member_text(struct troth_writer *w, const char *name, struct troth_view text);
void troth_json_member_base64url(struct troth_writer *w, const char *name,
				 struct troth_view bytes);
void troth_json_member_int(struct troth_writer *w, const char *name, int64_t value);

#endif
