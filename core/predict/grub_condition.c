/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB's [ and test: strings, numbers, files; !, -a, -o and parentheses. */
#include <string.h>

#include "base.h"
#include "grub_shell.h"
#include "text.h"

struct test {
	struct troth_grub *g;
	char **words;
	size_t n, at;
	unsigned int depth;
};

static const char *next(const struct test *t, size_t ahead)
{
	return t->at + ahead < t->n ? t->words[t->at + ahead] : NULL;
}

static bool next_is(const struct test *t, const char *word)
{
	const char *w = next(t, 0);
	return w != NULL && strcmp(w, word) == 0;
}

static enum troth_status compare_numbers(struct test *t, const char *op, bool *out)
{
	static const struct {
		const char *name;
		bool less, equal, greater;
	} OPERATORS[] = {
		{ "-eq", false, true, false }, { "-ne", true, false, true },
		{ "-lt", true, false, false }, { "-le", true, true, false },
		{ "-gt", false, false, true }, { "-ge", false, true, true },
	};
	uint64_t a, b;
	for (size_t i = 0; i < TROTH_COUNT(OPERATORS); i++) {
		if (strcmp(OPERATORS[i].name, op) != 0)
			continue;
		if (!troth_parse_u64(troth_view_str(next(t, 0)), UINT32_MAX, &a) ||
		    !troth_parse_u64(troth_view_str(next(t, 2)), UINT32_MAX, &b))
			return troth_grub_refuse(t->g, "%s between what are no plain numbers",
						 op);
		*out = a < b ? OPERATORS[i].less
			     : (a == b ? OPERATORS[i].equal : OPERATORS[i].greater);
		return TROTH_OK;
	}
	return TROTH_E_NOT_FOUND;
}

/* A OPERATOR B; NOT_FOUND where the second word is none. */
static enum troth_status take_binary(struct test *t, bool *out)
{
	const char *left = next(t, 0), *op = next(t, 1), *right = next(t, 2);
	if (left == NULL || op == NULL || right == NULL)
		return TROTH_E_NOT_FOUND;
	const bool same = strcmp(left, right) == 0;
	if (strcmp(op, "=") == 0 || strcmp(op, "==") == 0)
		*out = same;
	else if (strcmp(op, "!=") == 0)
		*out = !same;
	else
		TROTH_TRY(compare_numbers(t, op, out));
	t->at += 3;
	return TROTH_OK;
}

/* -s opens the file to learn its size, which measures it; the others look at the directory. */
static enum troth_status test_file(struct test *t, char kind, const char *name, bool *out)
{
	struct troth_grub_file file = { 0 };
	struct troth_view data;
	enum troth_status status = troth_grub_look(t->g, name, TROTH_GRUB_ANY, &file);
	*out = false;
	if (status == TROTH_E_NOT_FOUND || (file.directory && kind == 's'))
		return TROTH_OK;
	TROTH_TRY(status);
	*out = kind == 'e' || file.directory == (kind == 'd');
	if (kind != 's')
		return TROTH_OK;
	*out = file.data.n > 0;
	return troth_grub_open(t->g, name, TROTH_GRUB_ANY, &data);
}

/* -x WORD; NOT_FOUND where it is none. */
static enum troth_status take_unary(struct test *t, bool *out)
{
	const char *op = next(t, 0), *word = next(t, 1);
	if (op == NULL || word == NULL || op[0] != '-' || strlen(op) != 2 ||
	    strchr("zndefs", op[1]) == NULL)
		return TROTH_E_NOT_FOUND;
	if (op[1] == 'z' || op[1] == 'n')
		*out = (word[0] == '\0') == (op[1] == 'z');
	else
		TROTH_TRY(test_file(t, op[1], word, out));
	t->at += 2;
	return TROTH_OK;
}

static enum troth_status take_or(struct test *t, bool *out);

static enum troth_status take_parenthesis(struct test *t, bool *out)
{
	t->at++;
	if (++t->depth > TROTH_GRUB_DEPTH_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(take_or(t, out));
	t->depth--;
	if (!next_is(t, ")"))
		return troth_grub_refuse(t->g, "a ( in a condition is not closed");
	t->at++;
	return TROTH_OK;
}

static enum troth_status take_primary(struct test *t, bool *out)
{
	bool inverted = false;
	while (next_is(t, "!") && next(t, 1) != NULL) {
		inverted = !inverted;
		t->at++;
	}
	const char *first = next(t, 0);
	if (first == NULL)
		return troth_grub_refuse(t->g, "a condition ends too early");
	enum troth_status status = take_binary(t, out);
	if (status == TROTH_E_NOT_FOUND)
		status = take_unary(t, out);
	if (status == TROTH_E_NOT_FOUND && next_is(t, "("))
		status = take_parenthesis(t, out);
	if (status == TROTH_E_NOT_FOUND) {
		*out = first[0] != '\0';
		t->at++;
		status = TROTH_OK;
	}
	TROTH_TRY(status);
	*out = *out != inverted;
	return TROTH_OK;
}

/* Both sides are read whatever the first says: files of either are measured. */
static enum troth_status take_and(struct test *t, bool *out)
{
	bool right = false;
	TROTH_TRY(take_primary(t, out));
	while (next_is(t, "-a")) {
		t->at++;
		TROTH_TRY(take_primary(t, &right));
		*out = *out && right;
	}
	return TROTH_OK;
}

static enum troth_status take_or(struct test *t, bool *out)
{
	bool right = false;
	TROTH_TRY(take_and(t, out));
	while (next_is(t, "-o")) {
		t->at++;
		TROTH_TRY(take_and(t, &right));
		*out = *out || right;
	}
	return TROTH_OK;
}

enum troth_status troth_grub_condition(struct troth_grub *g, char **words, size_t n,
				       enum troth_grub_outcome *out)
{
	struct test t = { .g = g, .words = words, .n = n };
	bool yes = false;
	if (n > 0)
		TROTH_TRY(take_or(&t, &yes));
	if (t.at != n)
		return troth_grub_refuse(g, "\"%s\" in a condition is not followed",
					 words[t.at]);
	*out = yes ? TROTH_GRUB_YES : TROTH_GRUB_NO;
	return TROTH_OK;
}
