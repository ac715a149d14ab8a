/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "grub.h"
#include "grub_builder.h"
#include "grub_machine.h"

struct file {
	const char *device, *path, *data; /* data NULL: a directory */
};

#define GRUB_CFG "/EFI/debian/grub.cfg"

struct machine {
	const char *config; /* $prefix/grub.cfg */
	const struct file *files;
	size_t n_files;
	struct troth_view kernel;
};

const char GRUB_ENVIRONMENT[] =
	"# GRUB Environment Block\nsaved_entry=two\\\nlines\nnext=1\n#######";

static const struct file FILES[] = {
	{ "hd0,gpt1", "/EFI/debian", NULL },
	{ "hd0,gpt1", "/text", "some text" },
	{ "hd0,gpt1", "/empty", "" },
	{ "hd0,gpt1", "/initrd", "initial RAM disk" },
	{ "hd0,gpt1", "/more.cfg", "set more=$1yes\n" },
	{ "hd0,gpt1", "/own.cfg",
	  "set seen=$local$shared\nmenuentry 'Own' { linux /kernel; }\n" },
	{ "hd0,gpt1", "/itself.cfg", "source /itself.cfg\n" },
	{ "hd0,gpt1", "/binary.cfg", NULL },
	{ "hd0,gpt1", "/both", "on one" },
	{ "hd0,gpt2", "/both", "and on the other" },
	{ "hd0,gpt2", "/boot/grub", NULL },
	{ "hd0,gpt2", "/boot/grub/x86_64-efi/fs.lst", "a list" },
	{ "hd0,gpt2", "/boot/grub/x86_64-efi/command.lst", "another" },
	{ "hd0,gpt2", "/boot/grub/locale/de.mo", "Meldungen" },
	{ "hd0,gpt2", "/boot/grub/grubenv", GRUB_ENVIRONMENT },
	{ "hd0,gpt2", "/vmlinuz", "K" },
};

static enum troth_status find_file(void *arg, const char *device, const char *path,
				   enum troth_grub_use use, struct troth_grub_file *out)
{
	const struct machine *m = arg;
	(void)use;
	out->directory = false;
	if (strcmp(device, "hd0,gpt1") == 0 && strcmp(path, GRUB_CFG) == 0) {
		out->data = troth_view_str(m->config);
		return TROTH_OK;
	}
	if (strcmp(path, "/kernel") == 0) {
		out->data = m->kernel;
		return TROTH_OK;
	}
	for (size_t i = 0; i < m->n_files; i++) {
		if (strcmp(m->files[i].device, device) != 0 ||
		    strcmp(m->files[i].path, path) != 0)
			continue;
		out->directory = m->files[i].data == NULL;
		if (!out->directory)
			out->data = troth_view_str(m->files[i].data);
		return TROTH_OK;
	}
	return TROTH_E_NOT_FOUND;
}

static const char *find_disk(void *arg, bool label, const char *text)
{
	(void)arg;
	return strcmp(text, label ? "ROOT" : "11-22") == 0 ? "hd0,gpt2" : NULL;
}

static const char *nth_disk(void *arg, size_t i)
{
	(void)arg;
	return i == 0 ? "hd0,gpt1" : i == 1 ? "hd0,gpt2" : NULL;
}

/* Whether the second disk has more than what is listed above, nobody knows. */
bool grub_disk_in_part;

static bool whole(void *arg, const char *device)
{
	(void)arg;
	return !grub_disk_in_part || strcmp(device, "hd0,gpt2") != 0;
}

uint8_t grub_kernel[4096];
static uint8_t grub[GRUB_IMAGE_ROOM];

enum troth_status grub_run(void **state, const char *config, struct troth_prediction *p,
			   struct troth_grub_error *error)
{
	static const struct pe_part PARTS[] = { { ".text", "kernel", 6 } };
	struct machine m = { config, FILES, sizeof FILES / sizeof *FILES, { grub_kernel, 0 } };
	const struct troth_grub_host host = { &m, find_file, find_disk, nth_disk, whole };
	struct troth_grub_image image;
	struct troth_grub_case c = { &host, &image, "hd0,gpt1", "/EFI/debian", 2 };
	memset(grub_kernel, 0, sizeof grub_kernel);
	m.kernel.n = pe_build(grub_kernel, PARTS, 1);
	const size_t n = grub_image(grub, "source $prefix/grub.cfg\n",
				    "normal (memdisk)/grub.cfg\n", "/EFI/debian");
	assert_int_equal(troth_grub_image_parse((struct troth_view){ grub, n }, &image),
			 TROTH_OK);
	*p = (struct troth_prediction){ .banks = { TROTH_HASH_SHA256 }, .n_banks = 1 };
	assert_int_equal(troth_prediction_start(*state, "set", "v1", p), TROTH_OK);
	return troth_predict_grub(p, &c, error);
}

void events_are(void **state, const char *name, const struct troth_prediction *p,
		const char *component, const char *lines)
{
	const struct troth_alternative none = { 0 }, *a = &none;
	size_t i = 0;
	for (size_t k = 0; k < p->set.n_components; k++)
		if (strcmp(p->set.components[k].name, component) == 0)
			a = p->set.components[k].alternatives;
	while (*lines != '\0') {
		const size_t n = strcspn(lines, "\n");
		struct troth_digest d;
		assert_int_equal(
			troth_hash_one(*state, TROTH_HASH_SHA256,
				       (struct troth_view){ (const uint8_t *)lines, n }, &d),
			TROTH_OK);
		if (i >= a->n_events || !troth_digest_equal(&d, &a->events[i].digests[0]))
			fail_msg("%s: %s event %zu is not \"%.*s\"", name, component, i, (int)n,
				 lines);
		lines += n + (lines[n] == '\n');
		i++;
	}
	if (i != a->n_events)
		fail_msg("%s: %zu events of %s, not %zu", name, a->n_events, component, i);
}
