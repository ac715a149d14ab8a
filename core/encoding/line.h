/* SPDX-License-Identifier: Apache-2.0 */
/* One line of text about foreign bytes.
 *
 * Whatever is put in comes out as printable ASCII: other bytes are \xNN, other UTF-16 units
 * \uNNNN; a backslash stays one, because paths of EFI files are full of them. The line is
 * always terminated; what does not fit is left out and the line ends in "...". */
#ifndef TROTH_CORE_LINE_H
#define TROTH_CORE_LINE_H

#include <troth/status.h>
#include <troth/view.h>

struct troth_line {
	char *out;
	size_t n, size; /* written; room, the final NUL included */
	bool cut;
};

/* size is at least 4. */
struct troth_line troth_line_make(char *out, size_t size);

void troth_line_str(struct troth_line *l, const char *text);
void troth_line_format(struct troth_line *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Every byte. */
void troth_line_bytes(struct troth_line *l, struct troth_view v);
/* Up to the first NUL, or all of it. */
void troth_line_ascii(struct troth_line *l, struct troth_view v);
void troth_line_utf16(struct troth_line *l, struct troth_view v);
/* ASCII or UTF-16, whichever it looks like, up to the first NUL. */
void troth_line_text(struct troth_line *l, struct troth_view v);
void troth_line_hex(struct troth_line *l, struct troth_view v);
/* A GUID as it lies in memory (16 bytes), in the form of RFC 9562 as UEFI mixes it; hex when it
 * is of another length. */
void troth_line_guid(struct troth_line *l, struct troth_view v);
/* ", " unless the line is empty or ends in one already. */
void troth_line_comma(struct troth_line *l);

/* Every unit a printable ASCII character, with at most one NUL, at the end; at least one. */
TROTH_NODISCARD bool troth_looks_utf16(struct troth_view v);
TROTH_NODISCARD bool troth_looks_ascii(struct troth_view v);

#endif
