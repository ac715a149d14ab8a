/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the GRUB run, for each other only. */
#ifndef TROTH_CORE_GRUB_SHELL_H
#define TROTH_CORE_GRUB_SHELL_H

#include "grub.h"

/* What a command came to. A condition on UNKNOWN is refused. */
enum troth_grub_outcome { TROTH_GRUB_NO, TROTH_GRUB_YES, TROTH_GRUB_UNKNOWN };

struct troth_grub_variable {
	const char *name, *value; /* value NULL: not set */
	bool exported;
};

struct troth_grub_script {
	const char *name; /* of its file, for errors */
	struct troth_view text;
	size_t at;
	uint32_t line;
};

struct troth_grub_function {
	const char *name;
	struct troth_grub_script body;
};

struct troth_grub_entry {
	const char *title, *id; /* id NULL: none */
	bool submenu;
	struct troth_grub_script body;
};

struct troth_grub_menu {
	size_t n;
	struct troth_grub_entry entries[TROTH_GRUB_ENTRIES_MAX];
};

/* One command with its arguments; words[n] is NULL. */
struct troth_grub_command {
	size_t n;
	char *words[TROTH_GRUB_WORDS_MAX + 1];
	bool has_block; /* the last word is { ... }, and this is what is inside */
	struct troth_grub_script block;
};

struct troth_grub {
	struct troth_prediction *prediction;
	const struct troth_grub_case *c;
	struct troth_grub_error *error;
	const struct troth_grub_script *script; /* being run, for errors */
	size_t n_variables, n_functions, n_steps;
	struct troth_grub_variable variables[TROTH_GRUB_VARIABLES_MAX];
	struct troth_grub_function functions[TROTH_GRUB_FUNCTIONS_MAX];
	struct troth_grub_menu *menu;
	const char *const *parameters; /* of the function or entry: $1 ... ; NULL at the end */
	unsigned int depth;
	bool loaded, booted;
	char *memory; /* every text; TROTH_GRUB_MEMORY_MAX bytes */
	size_t used;
};

/* Notes the reason with its place and returns TROTH_E_CONFIG. */
enum troth_status troth_grub_refuse(struct troth_grub *g, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A text that lives as long as the run. TROTH_E_LIMIT past TROTH_GRUB_MEMORY_MAX. */
TROTH_NODISCARD enum troth_status troth_grub_keep(struct troth_grub *g, struct troth_view text,
						  char **out);
/* "" for what is not set, as GRUB's scripts see it. */
const char *troth_grub_get(const struct troth_grub *g, const char *name);
/* value NULL: unset. */
TROTH_NODISCARD enum troth_status troth_grub_set(struct troth_grub *g, const char *name,
						 const char *value);
TROTH_NODISCARD enum troth_status troth_grub_export(struct troth_grub *g, const char *name);
/* A new context inherits exported variables only. */
void troth_grub_drop_local(struct troth_grub *g);

/* Runs a script to its end; out is what its last command came to. */
TROTH_NODISCARD enum troth_status troth_grub_run(struct troth_grub *g,
						 struct troth_grub_script script,
						 enum troth_grub_outcome *out);
/* Measures a command and does what it says. */
TROTH_NODISCARD enum troth_status
troth_grub_do(struct troth_grub *g, struct troth_grub_command *c, enum troth_grub_outcome *out);
/* [ and test; words without the command and the bracket. */
TROTH_NODISCARD enum troth_status troth_grub_condition(struct troth_grub *g, char **words,
						       size_t n, enum troth_grub_outcome *out);
/* menuentry and submenu: into the current menu. */
TROTH_NODISCARD enum troth_status troth_grub_add_entry(struct troth_grub *g,
						       const struct troth_grub_command *c);
/* Boots the entry of the current menu that boots by itself. */
TROTH_NODISCARD enum troth_status troth_grub_run_menu(struct troth_grub *g, const char *wanted);

/* Finds a file by GRUB's name, "(hd0,gpt1)/x" or "/x" on $root. TROTH_E_NOT_FOUND without a
 * word; opening it measures it. */
TROTH_NODISCARD enum troth_status troth_grub_look(struct troth_grub *g, const char *name,
						  enum troth_grub_use use,
						  struct troth_grub_file *out);
TROTH_NODISCARD enum troth_status troth_grub_open(struct troth_grub *g, const char *name,
						  enum troth_grub_use use,
						  struct troth_view *out);
TROTH_NODISCARD enum troth_status troth_grub_measure(struct troth_grub *g, const char *text);
/* A word, "" past the last. */
static inline const char *troth_grub_word(const struct troth_grub_command *c, size_t i)
{
	return i < c->n ? c->words[i] : "";
}

/* Commands with files of their own; *out is YES before. */
typedef enum troth_status troth_grub_runner(struct troth_grub *g, struct troth_grub_command *c,
					    enum troth_grub_outcome *out);
troth_grub_runner troth_grub_do_search, troth_grub_do_source, troth_grub_do_configfile,
	troth_grub_do_linux, troth_grub_do_initrd, troth_grub_do_boot;

/* Runs the text of a file, which is in no need of being measured; source opens and measures it
 * first. */
TROTH_NODISCARD enum troth_status troth_grub_run_file(struct troth_grub *g, const char *name,
						      struct troth_view text);
TROTH_NODISCARD enum troth_status troth_grub_source(struct troth_grub *g, const char *name);

#endif
