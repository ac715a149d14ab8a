/* SPDX-License-Identifier: Apache-2.0 */
#include "grub_lex.h"

#include <string.h>

#include "base.h"

#define NONE '\0' /* no character: behind the end; a script with NULs is refused before */

static char peek(const struct troth_grub_script *s)
{
	return s->at < s->text.n ? (char)s->text.p[s->at] : NONE;
}

static char take(struct troth_grub_script *s)
{
	const char c = peek(s);
	if (c == NONE)
		return c;
	s->at++;
	s->line += c == '\n';
	return c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_command(char c)
{
	return c == '\n' || c == ';' || c == NONE;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_comment(struct troth_grub_script *s)
{
	while (peek(s) != '\n' && peek(s) != NONE)
		(void)take(s);
}

void troth_grub_skip_gap(struct troth_grub_script *s)
{
	while (is_blank(peek(s)) || peek(s) == '\n' || peek(s) == ';' || peek(s) == '#')
		if (peek(s) == '#')
			skip_comment(s);
		else
			(void)take(s);
}

struct troth_view troth_grub_peek(const struct troth_grub_script *s)
{
	struct troth_grub_script r = *s;
	while (is_letter(peek(&r)) || (r.at > s->at && is_digit(peek(&r))))
		(void)take(&r);
	const char next = peek(&r);
	if (!is_blank(next) && !ends_command(next))
		return (struct troth_view){ 0 };
	return (struct troth_view){ s->text.p + s->at, r.at - s->at };
}

void troth_grub_advance(struct troth_grub_script *s, size_t n)
{
	while (n-- > 0)
		(void)take(s);
}

/* ---- words ---- */

/* The words of one command while they are read. Text goes straight to the run's memory; a word
 * is open from its first byte (or quote) to the next blank. */
struct words {
	struct troth_grub *g;
	struct troth_grub_script *s;
	struct troth_grub_command *command; /* NULL: only passed over */
	bool open;
};

static enum troth_status open_word(struct words *w)
{
	if (w->open)
		return TROTH_OK;
	w->open = true;
	if (w->command == NULL)
		return TROTH_OK;
	if (w->command->n == TROTH_GRUB_WORDS_MAX) {
		(void)troth_grub_refuse(w->g, "more than %d words", TROTH_GRUB_WORDS_MAX);
		return TROTH_E_LIMIT;
	}
	TROTH_TRY(troth_grub_keep(w->g, (struct troth_view){ 0 },
				  &w->command->words[w->command->n]));
	w->command->n++;
	return TROTH_OK;
}

/* Appends to the open word, which is the last text in memory: its NUL is written over. */
static enum troth_status put(struct words *w, char c)
{
	const uint8_t byte = (uint8_t)c;
	char *end;
	TROTH_TRY(open_word(w));
	if (w->command == NULL)
		return TROTH_OK;
	w->g->used--;
	return troth_grub_keep(w->g, (struct troth_view){ &byte, 1 }, &end);
}

/* What GRUB would match against file names, where its pattern module is there. */
static bool is_pattern(char c)
{
	return c == '*' || c == '?';
}

static enum troth_status put_unquoted(struct words *w, char c)
{
	if (is_pattern(c))
		return troth_grub_refuse(w->g, "a pattern (%c) is not followed", c);
	return put(w, c);
}

/* A quoted value is one piece of a word; an unquoted one is cut at its blanks. */
static enum troth_status put_value(struct words *w, const char *value, bool quoted)
{
	for (; *value != '\0'; value++) {
		if (quoted)
			TROTH_TRY(put(w, *value));
		else if (is_blank(*value) || *value == '\n')
			w->open = false;
		else
			TROTH_TRY(put_unquoted(w, *value));
	}
	return TROTH_OK;
}

static const char *parameter(const struct troth_grub *g, char digit)
{
	size_t wanted = (size_t)(digit - '0'), i = 0;
	if (wanted == 0 || g->parameters == NULL)
		return "";
	while (i + 1 < wanted && g->parameters[i] != NULL)
		i++;
	return g->parameters[i] != NULL ? g->parameters[i] : "";
}

/* $name, ${name}, $1; the dollar is taken. */
static enum troth_status expand(struct words *w, bool quoted)
{
	struct troth_grub_script *s = w->s;
	char name[64];
	size_t n = 0;
	const bool braced = peek(s) == '{';
	if (braced)
		(void)take(s);
	if (is_digit(peek(s)))
		name[n++] = take(s);
	else
		while ((is_letter(peek(s)) || (n > 0 && is_digit(peek(s)))) &&
		       n + 1 < sizeof name)
			name[n++] = take(s);
	name[n] = '\0';
	if (n == 0 || (braced && take(s) != '}'))
		return troth_grub_refuse(w->g, "a $ that names no plain variable");
	if (w->command == NULL)
		return TROTH_OK;
	return put_value(
		w, is_digit(name[0]) ? parameter(w->g, name[0]) : troth_grub_get(w->g, name),
		quoted);
}

static enum troth_status take_single_quoted(struct words *w)
{
	TROTH_TRY(open_word(w));
	for (char c = take(w->s); c != '\''; c = take(w->s)) {
		if (c == NONE)
			return troth_grub_refuse(w->g, "a ' is not closed");
		TROTH_TRY(put(w, c));
	}
	return TROTH_OK;
}

/* A backslash keeps what it stands before from meaning anything, and itself before the rest. */
static enum troth_status take_escaped(struct words *w)
{
	const char c = peek(w->s);
	if (c == '\n') {
		(void)take(w->s);
		return TROTH_OK;
	}
	if (c == '$' || c == '"' || c == '\\')
		return put(w, take(w->s));
	return put(w, '\\');
}

static enum troth_status take_double_quoted(struct words *w)
{
	TROTH_TRY(open_word(w));
	for (char c = take(w->s); c != '"'; c = take(w->s)) {
		if (c == NONE)
			return troth_grub_refuse(w->g, "a \" is not closed");
		if (c == '$')
			TROTH_TRY(expand(w, true));
		else if (c == '\\')
			TROTH_TRY(take_escaped(w));
		else
			TROTH_TRY(put(w, c));
	}
	return TROTH_OK;
}

static enum troth_status take_backslash(struct words *w)
{
	const char c = take(w->s);
	if (c == '\n')
		return TROTH_OK;
	if (c == NONE)
		return troth_grub_refuse(w->g, "the script ends with a backslash");
	return put(w, c);
}

/* One byte, quote or variable of a word. */
static enum troth_status take_piece(struct words *w)
{
	const char c = take(w->s);
	switch (c) {
	case '\'': return take_single_quoted(w);
	case '"': return take_double_quoted(w);
	case '$': return expand(w, false);
	case '\\': return take_backslash(w);
	case '{':
	case '}':
	case '|':
	case '&':
	case '<':
	case '>': return troth_grub_refuse(w->g, "%c stands where the subset has none", c);
	default: return put_unquoted(w, c);
	}
}

/* ---- blocks ---- */

enum troth_status troth_grub_take_block(struct troth_grub *g, struct troth_grub_script *s,
					struct troth_grub_script *inside,
					struct troth_view *all)
{
	struct words w = { .g = g, .s = s };
	const size_t from = s->at;
	unsigned int depth = 0;
	(void)take(s);
	struct troth_grub_script body = *s;
	for (;;) {
		const char c = peek(s);
		if (c == NONE)
			return troth_grub_refuse(g, "a { is not closed");
		if (c == '}' && depth == 0)
			break;
		/* Quotes and variables hide braces, and comments hide all. */
		if (c == '#' && (is_blank((char)s->text.p[s->at - 1]) ||
				 ends_command((char)s->text.p[s->at - 1])))
			skip_comment(s);
		else if (c == '\'' || c == '"' || c == '$' || c == '\\')
			TROTH_TRY(take_piece(&w));
		else if (take(s) == '{')
			depth++;
		else
			depth -= c == '}';
	}
	body.text.n = s->at;
	(void)take(s);
	*inside = body;
	*all = (struct troth_view){ s->text.p + from, s->at - from };
	return TROTH_OK;
}

static enum troth_status take_block_word(struct words *w, struct troth_grub_command *out)
{
	struct troth_view all;
	TROTH_TRY(troth_grub_take_block(w->g, w->s, &out->block, &all));
	out->has_block = true;
	if (w->command == NULL)
		return TROTH_OK;
	TROTH_TRY(open_word(w));
	w->g->used--;
	char *end;
	return troth_grub_keep(w->g, all, &end);
}

/* ---- commands ---- */

enum troth_status troth_grub_take_command(struct troth_grub *g, struct troth_grub_script *s,
					  bool live, struct troth_grub_command *out)
{
	struct words w = { .g = g, .s = s, .command = live ? out : NULL };
	out->n = 0;
	out->has_block = false;
	while (!ends_command(peek(s))) {
		const char c = peek(s);
		if (is_blank(c)) {
			(void)take(s);
			w.open = false;
		} else if (c == '#' && !w.open) {
			skip_comment(s);
		} else if (out->has_block) {
			return troth_grub_refuse(g, "a word behind a block");
		} else if (c == '{' && !w.open) {
			TROTH_TRY(take_block_word(&w, out));
		} else {
			TROTH_TRY(take_piece(&w));
		}
	}
	out->words[out->n] = NULL;
	return TROTH_OK;
}
