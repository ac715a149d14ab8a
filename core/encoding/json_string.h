/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes in JSON strings (RFC 8259, 7). Internal to json.c and json_write.c. */
#ifndef TROTH_CORE_JSON_STRING_H
#define TROTH_CORE_JSON_STRING_H

#include "reader.h"
#include "writer.h"

/* Takes a string after its opening quote, and the closing one. *out_text is what stands
 * between them. False, and nothing is taken, for control characters, unknown escapes, half a
 * surrogate pair, and NUL, which would end the text early for who reads it as a C string. */
TROTH_NODISCARD bool troth_json_string_take(struct troth_reader *r, struct troth_view *out_text,
					    bool *out_escaped);
/* The bytes that a text taken that way stands for. */
void troth_json_string_write_out(struct troth_view text, struct troth_writer *out);

#endif
