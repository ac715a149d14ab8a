/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of .pcrlock files, read and written. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troth/limits.h>

#include "file.h"
#include "input.h"
#include "output.h"
#include "pcrlock.h"

/* A component before it is read. */
struct found {
	char *name; /* file's or directory's */
	const char *directory;
	bool is_directory;
};

struct tree {
	size_t n;
	struct found found[TROTH_COMPONENTS_MAX];
};

static bool has_suffix(const char *name, const char *suffix)
{
	const size_t n = strlen(name), len = strlen(suffix);
	return n > len && strcmp(name + n - len, suffix) == 0;
}

/* The order of components: by what stands before the suffix. */
static int compare(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static bool is_known(const struct tree *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->found[i].name, name) == 0)
			return true;
	return false;
}

static bool add_found(struct tree *t, const char *directory, const char *file)
{
	const bool is_directory = has_suffix(file, TROTH_PCRLOCK_DIRECTORY_SUFFIX);
	if (!is_directory && !has_suffix(file, TROTH_PCRLOCK_SUFFIX))
		return true;
	if (is_known(t, file))
		return true;
	if (t->n == TROTH_COMPONENTS_MAX) {
		troth_cli_error("%s: more than %d components", directory, TROTH_COMPONENTS_MAX);
		return false;
	}
	char *name = strdup(file);
	if (name == NULL)
		return false;
	t->found[t->n++] = (struct found){ name, directory, is_directory };
	return true;
}

static bool find_in(struct tree *t, const char *directory)
{
	bool fine = true;
	DIR *d = opendir(directory);
	if (d == NULL) {
		troth_cli_error("%s: %s", directory, strerror(errno));
		return false;
	}
	for (struct dirent *e = readdir(d); fine && e != NULL; e = readdir(d))
		fine = e->d_name[0] == '.' || add_found(t, directory, e->d_name);
	closedir(d);
	return fine;
}

static void release(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->found[i].name);
}

/* ---- reading ---- */

/* One alternative from a file; an empty one says that the component may be absent. */
static bool add_alternative(json_t *component, const char *path, const char *name)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	const char *why = NULL;
	if (!troth_cli_read(path, TROTH_REFERENCE_JSON_MAX, &bytes))
		return false;
	json_t *records = troth_pcrlock_records(troth_buffer_view(&bytes), &why);
	json_t *as = troth_pcrlock_name(name);
	if (records == NULL || as == NULL) {
		troth_cli_error("%s: %s", path, records == NULL ? why : "no name for it");
		json_decref(records);
		json_decref(as);
		return false;
	}
	if (json_array_size(records) == 0) {
		json_decref(records);
		json_decref(as);
		return json_object_set_new(component, "optional", json_true()) == 0;
	}
	return json_array_append_new(json_object_get(component, "alternatives"),
				     json_pack("{s:o, s:o}", "name", as, "records", records)) ==
	       0;
}

static enum troth_status add_variant(void *component, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash != NULL ? slash + 1 : file;
	if (!has_suffix(name, TROTH_PCRLOCK_SUFFIX))
		return TROTH_OK;
	return add_alternative(component, file, name) ? TROTH_OK : TROTH_E_CONFIG;
}

static bool read_component(json_t *components, const struct found *f)
{
	char path[1024];
	json_t *name = troth_pcrlock_name(f->name);
	if (name == NULL ||
	    snprintf(path, sizeof path, "%s/%s", f->directory, f->name) >= (int)sizeof path) {
		troth_cli_error("%s/%s: too long a name", f->directory, f->name);
		json_decref(name);
		return false;
	}
	TROTH_AUTO(json_decref_p)
	json_t *component = json_pack("{s:o, s:[]}", "name", name, "alternatives");
	if (component == NULL)
		return false;
	if (f->is_directory ? troth_dir_each(path, add_variant, component) != TROTH_OK
			    : !add_alternative(component, path, "only"))
		return false;
	/* A component without any event says nothing. */
	return json_array_size(json_object_get(component, "alternatives")) == 0 ||
	       json_array_append(components, component) == 0;
}

/* Our own numbers, as write_numbered made them, are for the order only. */
static void strip_numbers(json_t *components)
{
	json_t *c;
	size_t i;
	char number[24];
	json_array_foreach(components, i, c)
	{
		(void)snprintf(number, sizeof number, "%03zu-", i + 1);
		if (strncmp(json_string_value(json_object_get(c, "name")), number,
			    strlen(number)) != 0)
			return;
	}
	json_array_foreach(components, i, c) json_object_set_new(
		c, "name", json_string(json_string_value(json_object_get(c, "name")) + 4));
}

json_t *troth_pcrlock_read(const char *set_name, const char *const *directories, size_t n)
{
	struct tree t = { 0 };
	bool fine = true;
	json_t *components = json_array();
	for (size_t i = 0; fine && i < n; i++)
		fine = find_in(&t, directories[i]);
	qsort(t.found, t.n, sizeof *t.found, compare);
	for (size_t i = 0; fine && i < t.n; i++)
		fine = read_component(components, &t.found[i]);
	release(&t);
	if (fine && json_array_size(components) == 0) {
		troth_cli_error("%s: no .pcrlock files", directories[0]);
		fine = false;
	}
	if (!fine) {
		json_decref(components);
		return NULL;
	}
	strip_numbers(components);
	return json_pack("{s:i, s:s, s:o}", "format", 1, "name", set_name, "components",
			 components);
}

/* ---- writing ---- */

static bool write_file(const char *path, json_t *records)
{
	TROTH_AUTO(json_decref_p) json_t *root = json_pack("{s:O}", "records", records);
	char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
	enum troth_status status = TROTH_E_MEMORY;
	if (text != NULL)
		status = troth_file_write(
			path, (struct troth_view){ (const uint8_t *)text, strlen(text) }, 0644);
	if (status != TROTH_OK)
		troth_cli_error("%s: cannot be written", path);
	free(text);
	return status == TROTH_OK;
}

/* Keys in the order in which systemd writes them. */
static json_t *in_order(json_t *records)
{
	json_t *out = json_array(), *record, *digest;
	size_t i, k;
	json_array_foreach(records, i, record)
	{
		json_t *digests = json_array();
		json_array_foreach(json_object_get(record, "digests"), k, digest)
			json_array_append_new(
				digests, json_pack("{s:O, s:O}", "hashAlg",
						   json_object_get(digest, "hashAlg"), "digest",
						   json_object_get(digest, "digest")));
		json_array_append_new(out, json_pack("{s:O, s:o}", "pcr",
						     json_object_get(record, "pcr"), "digests",
						     digests));
	}
	return out;
}

static bool write_alternative(const char *path, json_t *alternative)
{
	TROTH_AUTO(json_decref_p)
	json_t *records = in_order(json_object_get(alternative, "records"));
	return write_file(path, records);
}

static bool write_variants(const char *base, json_t *component)
{
	char path[1200];
	json_t *alternative;
	size_t i;
	(void)snprintf(path, sizeof path, "%s" TROTH_PCRLOCK_DIRECTORY_SUFFIX, base);
	if (troth_dir_make(path, 0755) != TROTH_OK) {
		troth_cli_error("%s: cannot be made", path);
		return false;
	}
	json_array_foreach(json_object_get(component, "alternatives"), i, alternative)
	{
		(void)snprintf(path, sizeof path,
			       "%s" TROTH_PCRLOCK_DIRECTORY_SUFFIX "/%s" TROTH_PCRLOCK_SUFFIX,
			       base, json_string_value(json_object_get(alternative, "name")));
		if (!write_alternative(path, alternative))
			return false;
	}
	if (!json_is_true(json_object_get(component, "optional")))
		return true;
	(void)snprintf(path, sizeof path,
		       "%s" TROTH_PCRLOCK_DIRECTORY_SUFFIX "/absent" TROTH_PCRLOCK_SUFFIX,
		       base);
	TROTH_AUTO(json_decref_p) json_t *none = json_array();
	return write_file(path, none);
}

static bool is_single(json_t *component)
{
	json_t *alternatives = json_object_get(component, "alternatives");
	const char *name =
		json_string_value(json_object_get(json_array_get(alternatives, 0), "name"));
	return json_array_size(alternatives) == 1 && strcmp(name, "only") == 0 &&
	       !json_is_true(json_object_get(component, "optional"));
}

static bool write_component(const char *directory, size_t number, json_t *component)
{
	char base[1024], order[24] = "", path[1200];
	if (json_is_true(json_object_get(component, "golden"))) {
		troth_cli_error("%s is a final value: .pcrlock files hold events",
				json_string_value(json_object_get(component, "name")));
		return false;
	}
	if (number > 0)
		(void)snprintf(order, sizeof order, "%03zu-", number);
	if (snprintf(base, sizeof base, "%s/%s%s", directory, order,
		     json_string_value(json_object_get(component, "name"))) >=
	    (int)sizeof base) {
		troth_cli_error("%s: too long a name", directory);
		return false;
	}
	if (!is_single(component))
		return write_variants(base, component);
	(void)snprintf(path, sizeof path, "%s" TROTH_PCRLOCK_SUFFIX, base);
	return write_alternative(path,
				 json_array_get(json_object_get(component, "alternatives"), 0));
}

/* Whether the names already sort as the components come. */
static bool is_sorted(json_t *components)
{
	for (size_t i = 1; i < json_array_size(components); i++) {
		json_t *a = json_array_get(components, i - 1);
		json_t *b = json_array_get(components, i);
		if (strcmp(json_string_value(json_object_get(a, "name")),
			   json_string_value(json_object_get(b, "name"))) >= 0)
			return false;
	}
	return true;
}

/* What lies in the directory already would become part of the policy. */
static bool is_empty(const char *directory)
{
	DIR *d = opendir(directory);
	bool empty = true;
	if (d == NULL)
		return errno == ENOENT;
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		empty = empty && e->d_name[0] == '.';
	closedir(d);
	return empty;
}

bool troth_pcrlock_write(const json_t *document, const char *directory)
{
	json_t *components = json_object_get(document, "components"), *component;
	const bool sorted = is_sorted(components);
	size_t i;
	if (!is_empty(directory)) {
		troth_cli_error("%s: no empty directory", directory);
		return false;
	}
	if (troth_dir_make(directory, 0755) != TROTH_OK) {
		troth_cli_error("%s: cannot be made", directory);
		return false;
	}
	json_array_foreach(components, i,
			   component) if (!write_component(directory, sorted ? 0 : i + 1,
							   component)) return false;
	return true;
}
