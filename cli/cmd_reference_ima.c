/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "digest_list.h"
#include "input.h"
#include "output.h"
#include "reference_sets.h"

struct options {
	const char *output, *source, *add;
	struct troth_cli_words words;
};

TROTH_DEFINE_AUTO(struct troth_digest_set_builder, troth_digest_set_builder_free)

static bool collect(struct troth_ctx *ctx, const struct options *o,
		    struct troth_digest_set_builder *b)
{
	if (o->add != NULL && !troth_cli_digests_of_list(ctx, o->add, b))
		return false;
	return strcmp(o->words.list[0], "build") == 0
		       ? troth_cli_digests_of_tree(ctx, o->words.list[1], o->source, b)
		       : troth_cli_digests_of_sums(o->words.list[1], o->source, b);
}

static enum troth_cli_exit write_list(struct troth_ctx *ctx, const struct options *o,
				      struct troth_digest_set_builder *b)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	struct troth_digest_set set;
	enum troth_status status = troth_digest_set_finish(ctx, b, &bytes.p, &bytes.n);
	if (status == TROTH_OK)
		status = troth_digest_set_open(troth_buffer_view(&bytes), &set);
	if (status == TROTH_OK)
		status = troth_file_write(o->output, troth_buffer_view(&bytes), 0644);
	if (status != TROTH_OK) {
		troth_cli_file_failed(o->output, status);
		return TROTH_CLI_UNSURE;
	}
	printf("digests\t%zu\npaths\t%zu\npackages\t%zu\n", set.n_entries, set.n_paths,
	       set.n_sources);
	return TROTH_CLI_YES;
}

static enum troth_cli_exit make(const struct options *o)
{
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	TROTH_AUTO(troth_digest_set_builder_free_p) struct troth_digest_set_builder *b = NULL;
	if (ctx == NULL)
		return TROTH_CLI_UNSURE;
	if (troth_digest_set_builder_new(&b) != TROTH_OK) {
		troth_cli_error("out of memory");
		return TROTH_CLI_UNSURE;
	}
	return collect(ctx, o, b) ? write_list(ctx, o, b) : TROTH_CLI_UNSURE;
}

enum troth_cli_exit troth_cli_run_reference_ima(const struct troth_cli_command *self, int argc,
						char **argv)
{
	struct options o = { 0 };
	const struct troth_cli_option options[] = { { "--output", &o.output, NULL },
						    { "--source", &o.source, NULL },
						    { "--add", &o.add, NULL },
						    { 0 } };
	(void)argc;
	if (!troth_cli_args(self, argv, options, &o.words))
		return TROTH_CLI_UNSURE;
	if (strcmp(o.words.list[0], "build") != 0 && strcmp(o.words.list[0], "import") != 0) {
		troth_cli_usage(self, "build a list from a directory, or import one from text");
		return TROTH_CLI_UNSURE;
	}
	if (o.output == NULL ||
	    (o.source != NULL && strlen(o.source) > TROTH_DIGEST_SET_SOURCE_MAX)) {
		troth_cli_usage(self, "--output names the list, --source is a short name");
		return TROTH_CLI_UNSURE;
	}
	return make(&o);
}
