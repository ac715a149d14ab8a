/* SPDX-License-Identifier: Apache-2.0 */
/* Reading GRUB's script: one command with its words, expanded or only passed over. */
#ifndef TROTH_CORE_GRUB_LEX_H
#define TROTH_CORE_GRUB_LEX_H

#include "grub_shell.h"

/* Blanks, line ends, semicolons and comments before the next command. */
void troth_grub_skip_gap(struct troth_grub_script *s);
/* The plain name at the start of the next command, not taken: letters, from the second on
 * digits too. Empty for anything else. */
struct troth_view troth_grub_peek(const struct troth_grub_script *s);
/* Takes n bytes. */
void troth_grub_advance(struct troth_grub_script *s, size_t n);
/* Takes a "{ ... }" and says what is inside, and all of it with its braces. */
TROTH_NODISCARD enum troth_status troth_grub_take_block(struct troth_grub *g,
							struct troth_grub_script *s,
							struct troth_grub_script *inside,
							struct troth_view *all);
/* Takes one command up to its end. live: variables are expanded and words kept; otherwise only
 * the place behind it is found. */
TROTH_NODISCARD enum troth_status troth_grub_take_command(struct troth_grub *g,
							  struct troth_grub_script *s,
							  bool live,
							  struct troth_grub_command *out);

#endif
