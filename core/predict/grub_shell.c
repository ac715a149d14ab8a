/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions and functions of GRUB's script. A part that is not taken is read all the same, to
 * find where it ends. */
#include "grub_shell.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "grub_lex.h"

static bool is_word(struct troth_view v, const char *word)
{
	return troth_view_equal(v, troth_view_str(word));
}

static bool is_one_of(struct troth_view v, const char *const *words)
{
	while (*words != NULL && !is_word(v, *words))
		words++;
	return *words != NULL;
}

static enum troth_status run_list(struct troth_grub *g, struct troth_grub_script *s,
				  const char *const *ends, bool live,
				  enum troth_grub_outcome *out);

static enum troth_status expect(struct troth_grub *g, struct troth_grub_script *s,
				const char *word)
{
	troth_grub_skip_gap(s);
	if (!is_word(troth_grub_peek(s), word))
		return troth_grub_refuse(g, "%s is missing", word);
	troth_grub_advance(s, strlen(word));
	return TROTH_OK;
}

/* The condition of an if or elif, and whether its part is the one taken. */
static enum troth_status run_condition(struct troth_grub *g, struct troth_grub_script *s,
				       bool live, bool *out)
{
	static const char *const THEN[] = { "then", NULL };
	enum troth_grub_outcome outcome = TROTH_GRUB_NO;
	TROTH_TRY(run_list(g, s, THEN, live, &outcome));
	TROTH_TRY(expect(g, s, "then"));
	if (live && outcome == TROTH_GRUB_UNKNOWN)
		return troth_grub_refuse(g, "a condition that files do not decide");
	*out = live && outcome == TROTH_GRUB_YES;
	return TROTH_OK;
}

/* if ... then ... {elif ... then ...} [else ...] fi; the "if" is taken. */
static enum troth_status run_if(struct troth_grub *g, struct troth_grub_script *s, bool live,
				enum troth_grub_outcome *out)
{
	static const char *const PART_ENDS[] = { "elif", "else", "fi", NULL };
	static const char *const ELSE_ENDS[] = { "fi", NULL };
	bool open = live, taken = false;
	*out = TROTH_GRUB_YES;
	do {
		TROTH_TRY(run_condition(g, s, open, &taken));
		TROTH_TRY(run_list(g, s, PART_ENDS, taken, out));
		open = open && !taken;
		troth_grub_skip_gap(s);
		if (!is_word(troth_grub_peek(s), "elif"))
			break;
		troth_grub_advance(s, 4);
	} while (true);
	if (is_word(troth_grub_peek(s), "else")) {
		troth_grub_advance(s, 4);
		TROTH_TRY(run_list(g, s, ELSE_ENDS, open, out));
	}
	return expect(g, s, "fi");
}

/* function NAME { ... }; the word "function" is taken. A later one of the same name replaces
 * it. */
static enum troth_status define(struct troth_grub *g, struct troth_grub_script *s, bool live)
{
	struct troth_grub_script body;
	struct troth_view all;
	char *name;
	size_t i = 0;
	troth_grub_skip_gap(s);
	const struct troth_view word = troth_grub_peek(s);
	troth_grub_advance(s, word.n);
	troth_grub_skip_gap(s);
	if (word.n == 0 || s->at == s->text.n || s->text.p[s->at] != '{')
		return troth_grub_refuse(g, "a function without a plain name or body");
	TROTH_TRY(troth_grub_take_block(g, s, &body, &all));
	if (!live)
		return TROTH_OK;
	while (i < g->n_functions && !is_word(word, g->functions[i].name))
		i++;
	if (i == TROTH_GRUB_FUNCTIONS_MAX) {
		(void)troth_grub_refuse(g, "more than %d functions", TROTH_GRUB_FUNCTIONS_MAX);
		return TROTH_E_LIMIT;
	}
	TROTH_TRY(troth_grub_keep(g, word, &name));
	g->functions[i] = (struct troth_grub_function){ name, body };
	g->n_functions += i == g->n_functions;
	return TROTH_OK;
}

static enum troth_status run_command(struct troth_grub *g, struct troth_grub_script *s,
				     bool live, enum troth_grub_outcome *out)
{
	struct troth_grub_command *c = calloc(1, sizeof *c);
	if (c == NULL)
		return TROTH_E_MEMORY;
	enum troth_status status = troth_grub_take_command(g, s, live, c);
	if (status == TROTH_OK && live && c->n > 0)
		status = troth_grub_do(g, c, out);
	free(c);
	return status;
}

static enum troth_status count_step(struct troth_grub *g)
{
	if (g->n_steps++ < TROTH_GRUB_STEPS_MAX)
		return TROTH_OK;
	(void)troth_grub_refuse(g, "more than %d commands", TROTH_GRUB_STEPS_MAX);
	return TROTH_E_LIMIT;
}

static enum troth_status run_statement(struct troth_grub *g, struct troth_grub_script *s,
				       bool live, enum troth_grub_outcome *out)
{
	static const char *const OUTSIDE[] = { "for",  "while", "until", "select", "case",
					       "do",   "done",	"esac",	 "in",	   "then",
					       "elif", "else",	"fi",	 "time",   NULL };
	const struct troth_view word = troth_grub_peek(s);
	TROTH_TRY(count_step(g));
	if (is_word(word, "if")) {
		troth_grub_advance(s, word.n);
		return run_if(g, s, live, out);
	}
	if (is_word(word, "function")) {
		troth_grub_advance(s, word.n);
		return define(g, s, live);
	}
	if (is_one_of(word, OUTSIDE))
		return troth_grub_refuse(g, "\"%.*s\" is not followed", (int)word.n,
					 (const char *)word.p);
	return run_command(g, s, live, out);
}

/* Statements up to one of the words that end the list, which is not taken, or to the end of the
 * script where there are none. Nothing runs once something has booted. */
static enum troth_status run_list(struct troth_grub *g, struct troth_grub_script *s,
				  const char *const *ends, bool live,
				  enum troth_grub_outcome *out)
{
	if (++g->depth > TROTH_GRUB_DEPTH_MAX) {
		(void)troth_grub_refuse(g, "more than %d levels", TROTH_GRUB_DEPTH_MAX);
		return TROTH_E_LIMIT;
	}
	for (;;) {
		troth_grub_skip_gap(s);
		if (s->at >= s->text.n)
			break;
		if (ends != NULL && is_one_of(troth_grub_peek(s), ends))
			break;
		TROTH_TRY(run_statement(g, s, live && !g->booted, out));
	}
	g->depth--;
	return TROTH_OK;
}

enum troth_status troth_grub_run(struct troth_grub *g, struct troth_grub_script script,
				 enum troth_grub_outcome *out)
{
	const struct troth_grub_script *caller = g->script;
	for (size_t i = script.at; i < script.text.n; i++)
		if (script.text.p[i] == '\0')
			return troth_grub_refuse(g, "%s is no text", script.name);
	*out = TROTH_GRUB_YES;
	g->script = &script;
	enum troth_status status = run_list(g, &script, NULL, true, out);
	g->script = caller;
	return status;
}
