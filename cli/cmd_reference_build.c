/* SPDX-License-Identifier: Apache-2.0 */
/* trothctl reference build: the reference set of an update, from its files alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_files.h"
#include "input.h"
#include "output.h"
#include "reader.h"
#include "reference_sets.h"
#include "text.h"

/* A macro would do, but for its length. */
const char TROTH_CLI_BUILD_HELP[] =
	"  --name NAME           of the set\n"
	"  --alternative VERSION of the update, in every component\n"
	"  --shim FILE           what the firmware starts first\n"
	"  --boot-loader FILE    GRUB, or another loader that shim or the firmware starts\n"
	"  --kernel FILE         an EFI kernel; with GRUB, what its linux command loads\n"
	"  --initrd FILE         an initial RAM disk; again for each further one\n"
	"  --first-image N       the number of the first of these images: 1, or more where "
	"the\n"
	"                        firmware starts others before\n"
	"  --cmdline TEXT        given to the kernel (without GRUB) or to a --uki that has "
	"none\n"
	"                        as load options;\n"
	"                        @FILE takes the first line of a file\n"
	"  --uki FILE            a unified kernel image with systemd-stub\n"
	"  --profile N           its profile, 0 and up\n"
	"  --phases WORD,...     what systemd measures after it: PCR 11 as one final value\n"
	"  --grub-config FILE    what GRUB reads as $prefix/grub.cfg\n"
	"  --grub-disk DISK[:UUID]=DIRECTORY\n"
	"                        a tree that stands for one of GRUB's disks (hd0,gpt1), known\n"
	"                        by the UUID or label its search asks for; the first is what\n"
	"                        GRUB was started from\n"
	"  --grub-file PATH=FILE one file that GRUB finds under a path, before any tree\n"
	"  --grub-kernel-images N\n"
	"                        times GRUB has the kernel verified: 2, as Debian 12's has\n"
	"  --bank NAME,...       sha256, or a list of sha1, sha256, sha384, sha512\n"
	"  --format FORMAT       json, or pcrlock: a directory of .pcrlock files\n"
	"  --out PATH            a file, or the directory for pcrlock; without it standard "
	"output\n";

struct build {
	const struct troth_cli_command *self;
	const char *name, *alternative, *shim, *loader, *cmdline, *uki, *profile, *phases;
	const char *grub_config, *kernel_images, *first_image, *banks, *format, *out;
	struct troth_cli_boot_files files;
	struct troth_ctx *ctx;
	struct troth_prediction prediction;
	bool grub; /* GRUB's configuration is run */
};

static bool wrong(const struct build *b, const char *what)
{
	troth_cli_usage(b->self, "%s", what);
	return false;
}

/* ---- the command line ---- */

static bool check_combination(struct build *b)
{
	b->grub = b->grub_config != NULL || b->files.disks.n > 0 || b->files.files.n > 0;
	if (b->name == NULL || b->alternative == NULL)
		return wrong(b, "--name and --alternative are needed");
	if (b->grub && b->loader == NULL)
		return wrong(b, "GRUB's configuration starts in its image: --boot-loader is "
				"needed");
	if (b->grub && (b->uki != NULL || b->cmdline != NULL))
		return wrong(b, "with GRUB's configuration the command line comes from there, "
				"and no --uki is followed");
	if (b->uki != NULL && (b->files.kernel != NULL || b->files.initrds.n > 0))
		return wrong(b, "--uki holds kernel and initrd: --kernel and --initrd are too "
				"much");
	if (b->uki == NULL && (b->profile != NULL || b->phases != NULL))
		return wrong(b, "--profile and --phases belong to --uki");
	if (!b->grub && b->files.kernel == NULL && b->uki == NULL &&
	    (b->files.initrds.n > 0 || b->cmdline != NULL))
		return wrong(b, "--initrd and --cmdline need a --kernel");
	if (b->shim == NULL && b->loader == NULL && b->files.kernel == NULL && b->uki == NULL)
		return wrong(b, "nothing to predict: give --shim, --boot-loader, --kernel or "
				"--uki");
	return true;
}

/* Words between commas; out has room for max. */
static bool split(const char *text, struct troth_view *out, size_t max, size_t *n)
{
	for (*n = 0;; text++) {
		const size_t len = strcspn(text, ",");
		if (len == 0 || *n == max)
			return false;
		out[(*n)++] = (struct troth_view){ (const uint8_t *)text, len };
		text += len;
		if (*text == '\0')
			return true;
	}
}

static bool read_banks(struct build *b)
{
	struct troth_prediction *p = &b->prediction;
	struct troth_view names[TROTH_BANKS_MAX];
	size_t n;
	if (!split(b->banks != NULL ? b->banks : "sha256", names, TROTH_BANKS_MAX, &n))
		return wrong(b, "--bank is a list of hash algorithms");
	for (size_t i = 0; i < n; i++) {
		const enum troth_hash hash = troth_hash_from_name(names[i]);
		for (size_t k = 0; k < i; k++)
			if (p->banks[k] == hash)
				return wrong(b, "--bank has one algorithm twice");
		if (hash == TROTH_HASH_NONE)
			return wrong(b, "--bank: sha1, sha256, sha384 or sha512");
		p->banks[i] = hash;
	}
	p->n_banks = n;
	return true;
}

static bool read_number(const struct build *b, const char *text, unsigned int otherwise,
			unsigned int *out)
{
	uint64_t v;
	*out = otherwise;
	if (text == NULL)
		return true;
	if (!troth_parse_u64(troth_view_str(text), 255, &v))
		return wrong(b, "--profile, --first-image and --grub-kernel-images are "
				"numbers up to 255");
	*out = (unsigned int)v;
	return true;
}

/* ---- predicting ---- */

/* What a status of the predictor says about a file. */
static const struct {
	enum troth_status status;
	const char *why;
} REASONS[] = {
	{ TROTH_E_MALFORMED, "no sound EFI image" },
	{ TROTH_E_TRUNCATED, "no sound EFI image" },
	{ TROTH_E_NOT_FOUND, "lacks what is asked of it" },
	{ TROTH_E_CONFLICT, "has a command line of its own, which --cmdline cannot replace" },
	{ TROTH_E_UNSUPPORTED,
	  "not predictable: what is measured depends on more than this file" },
};

static bool failed(const char *file, enum troth_status status)
{
	size_t i = 0;
	while (i < TROTH_COUNT(REASONS) && REASONS[i].status != status)
		i++;
	troth_cli_error("%s: %s", file,
			i < TROTH_COUNT(REASONS) ? REASONS[i].why : troth_status_name(status));
	return false;
}

static bool predict_image(struct build *b, const char *file)
{
	struct troth_view bytes;
	if (file == NULL)
		return true;
	if (!troth_cli_boot_file(&b->files, file, &bytes))
		return false;
	enum troth_status status = troth_predict_image(&b->prediction, bytes);
	return status == TROTH_OK || failed(file, status);
}

static bool predict_phases(struct build *b)
{
	struct troth_view words[16];
	size_t n;
	if (b->phases == NULL)
		return true;
	if (!split(b->phases, words, TROTH_COUNT(words), &n))
		return wrong(b, "--phases is a list of up to 16 words");
	enum troth_status status = troth_predict_phases(&b->prediction, words, n);
	return status == TROTH_OK || failed(b->uki, status);
}

/* "@FILE" is its first line; empty without the option. */
static bool read_cmdline(struct build *b, struct troth_view *out)
{
	*out = (struct troth_view){ 0 };
	if (b->cmdline == NULL)
		return true;
	*out = troth_view_str(b->cmdline);
	if (b->cmdline[0] != '@')
		return true;
	if (!troth_cli_boot_file(&b->files, b->cmdline + 1, out))
		return false;
	const uint8_t *end = out->n > 0 ? memchr(out->p, '\n', out->n) : NULL;
	if (end != NULL)
		out->n = (size_t)(end - out->p);
	return true;
}

static bool predict_uki(struct build *b)
{
	struct troth_view bytes, cmdline;
	unsigned int profile;
	bool inputs = false;
	if (b->uki == NULL)
		return true;
	if (!read_number(b, b->profile, 0, &profile) || !predict_image(b, b->uki) ||
	    !troth_cli_boot_file(&b->files, b->uki, &bytes) || !read_cmdline(b, &cmdline))
		return false;
	enum troth_status status =
		troth_predict_uki(&b->prediction, bytes, profile, cmdline, &inputs);
	if (status != TROTH_OK)
		return failed(b->uki, status);
	if (!inputs)
		troth_cli_error("note: PCR 9 (what the stub hands to the kernel) is not "
				"predicted for this image");
	return predict_phases(b);
}

static bool predict_cmdline(struct build *b)
{
	struct troth_view text;
	if (b->cmdline == NULL || b->uki != NULL)
		return true;
	if (!read_cmdline(b, &text))
		return false;
	enum troth_status status = troth_predict_load_options(&b->prediction, text);
	return status == TROTH_OK || failed("--cmdline", status);
}

static bool predict_initrds(struct build *b)
{
	struct troth_view files[TROTH_CLI_LIST_MAX];
	const struct troth_cli_list *list = &b->files.initrds;
	if (list->n == 0)
		return true;
	for (size_t i = 0; i < list->n; i++)
		if (!troth_cli_boot_file(&b->files, list->values[i], &files[i]))
			return false;
	enum troth_status status = troth_predict_initrd(&b->prediction, files, list->n);
	return status == TROTH_OK || failed(list->values[0], status);
}

/* ---- GRUB ---- */

/* --grub-config stands for $prefix/grub.cfg on whichever disk the prefix is. */
static bool add_config(struct build *b, const struct troth_grub_image *image, char *pair,
		       size_t size)
{
	struct troth_cli_list *list = &b->files.files;
	if (b->grub_config == NULL)
		return true;
	if (list->n == TROTH_CLI_LIST_MAX ||
	    snprintf(pair, size, "%.*s/grub.cfg=%s", (int)image->prefix.n,
		     image->prefix.n > 0 ? (const char *)image->prefix.p : "",
		     b->grub_config) >= (int)size) {
		troth_cli_error("--grub-config: too much to name");
		return false;
	}
	list->values[list->n++] = pair;
	return true;
}

static bool run_grub(struct build *b, const struct troth_grub_image *image)
{
	const struct troth_grub_host host = troth_cli_boot_host(&b->files);
	char directory[256];
	struct troth_grub_error error;
	struct troth_grub_case c = { .host = &host,
				     .image = image,
				     .device = b->files.names[0],
				     .directory = directory };
	(void)snprintf(directory, sizeof directory, "%.*s", (int)image->prefix.n,
		       image->prefix.n > 0 ? (const char *)image->prefix.p : "");
	if (!read_number(b, b->kernel_images, 2, &c.n_kernel_images))
		return false;
	const bool followed = troth_predict_grub(&b->prediction, &c, &error) == TROTH_OK;
	troth_cli_boot_files_note(&b->files);
	if (followed)
		return true;
	if (error.file[0] != '\0')
		troth_cli_error("%s:%u: %s", error.file, error.line, error.text);
	else
		troth_cli_error("GRUB: %s", error.text);
	return false;
}

static bool predict_grub(struct build *b)
{
	struct troth_grub_image image;
	struct troth_view bytes;
	char pair[1024];
	if (!troth_cli_boot_file(&b->files, b->loader, &bytes))
		return false;
	enum troth_status status = troth_grub_image_parse(bytes, &image);
	if (status != TROTH_OK)
		return failed(b->loader, status);
	return add_config(b, &image, pair, sizeof pair) && run_grub(b, &image);
}

/* In the order in which the machine comes to them. */
static bool predict(struct build *b)
{
	unsigned int first;
	if (!read_number(b, b->first_image, 1, &first))
		return false;
	b->prediction.n_images = first > 0 ? first - 1 : 0;
	if (!predict_image(b, b->shim) || !predict_image(b, b->loader))
		return false;
	if (b->grub)
		return predict_grub(b);
	return predict_image(b, b->files.kernel) && predict_uki(b) && predict_cmdline(b) &&
	       predict_initrds(b);
}

/* ---- the whole ---- */

static bool read_args(struct build *b, char **argv)
{
	const struct troth_cli_option options[] = {
		{ .name = "--name", .text = &b->name },
		{ .name = "--alternative", .text = &b->alternative },
		{ .name = "--shim", .text = &b->shim },
		{ .name = "--boot-loader", .text = &b->loader },
		{ .name = "--kernel", .text = &b->files.kernel },
		{ .name = "--cmdline", .text = &b->cmdline },
		{ .name = "--uki", .text = &b->uki },
		{ .name = "--profile", .text = &b->profile },
		{ .name = "--phases", .text = &b->phases },
		{ .name = "--grub-config", .text = &b->grub_config },
		{ .name = "--grub-kernel-images", .text = &b->kernel_images },
		{ .name = "--first-image", .text = &b->first_image },
		{ .name = "--bank", .text = &b->banks },
		{ .name = "--format", .text = &b->format },
		{ .name = "--out", .text = &b->out },
		{ 0 },
	};
	const struct troth_cli_list_option lists[] = {
		{ "--initrd", &b->files.initrds },
		{ "--grub-disk", &b->files.disks },
		{ "--grub-file", &b->files.files },
		{ NULL, NULL },
	};
	struct troth_cli_words words;
	return troth_cli_args_with_lists(b->self, argv, options, lists, &words) &&
	       check_combination(b) && read_banks(b) && troth_cli_boot_files_check(&b->files);
}

static enum troth_cli_exit build(struct build *b)
{
	const bool pcrlock = b->format != NULL && strcmp(b->format, "pcrlock") == 0;
	if (b->format != NULL && !pcrlock && strcmp(b->format, "json") != 0) {
		troth_cli_usage(b->self, "--format is json or pcrlock");
		return TROTH_CLI_UNSURE;
	}
	if (pcrlock && b->out == NULL) {
		troth_cli_usage(b->self, "--format pcrlock needs --out DIRECTORY");
		return TROTH_CLI_UNSURE;
	}
	if (troth_prediction_start(b->ctx, b->name, b->alternative, &b->prediction) !=
	    TROTH_OK) {
		troth_cli_error("--name and --alternative are 1 to %d of a-z 0-9 . _ -",
				TROTH_NAME_LEN_MAX);
		return TROTH_CLI_UNSURE;
	}
	if (!predict(b))
		return TROTH_CLI_UNSURE;
	return pcrlock ? troth_cli_write_pcrlock(b->ctx, &b->prediction.set, b->out)
		       : troth_cli_write_set(b->ctx, &b->prediction.set, b->out);
}

enum troth_cli_exit troth_cli_run_build(const struct troth_cli_command *self, int argc,
					char **argv)
{
	struct build *b = calloc(1, sizeof *b);
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	enum troth_cli_exit code = TROTH_CLI_UNSURE;
	(void)argc;
	if (b == NULL || ctx == NULL) {
		free(b);
		return code;
	}
	b->self = self;
	b->ctx = ctx;
	if (read_args(b, argv))
		code = build(b);
	troth_prediction_release(&b->prediction);
	troth_cli_boot_files_clear(&b->files);
	free(b);
	return code;
}
