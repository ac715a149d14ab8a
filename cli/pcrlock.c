/* SPDX-License-Identifier: Apache-2.0 */
/* One .pcrlock file, and the names of files. */
#include "pcrlock.h"

#include <string.h>
#include <troth/limits.h>

#include "reader.h"
#include "text.h"

static json_t *records_of(json_t *root, const char **why)
{
	if (json_is_array(root)) /* as the manual has it; systemd writes the object */
		return json_incref(root);
	json_t *records = json_object_get(root, "records");
	if (!json_is_array(records)) {
		*why = "no list of records";
		return NULL;
	}
	if (json_object_size(root) != 1) {
		*why = "more than records";
		return NULL;
	}
	return json_incref(records);
}

json_t *troth_pcrlock_records(struct troth_view text, const char **why)
{
	static const char *const UNREAD[] = { "recnum", "content", "content_type" };
	json_t *record;
	size_t i;
	if (text.n == 0 || text.n > TROTH_REFERENCE_JSON_MAX) {
		*why = "empty or too large";
		return NULL;
	}
	TROTH_AUTO(json_decref_p)
	json_t *root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	*why = "no JSON";
	if (root == NULL)
		return NULL;
	json_t *records = records_of(root, why);
	json_array_foreach(records, i, record) for (size_t k = 0; k < TROTH_COUNT(UNREAD); k++)
		json_object_del(record, UNREAD[k]);
	return records;
}

json_t *troth_pcrlock_name(const char *file)
{
	char name[TROTH_NAME_LEN_MAX + 1];
	size_t n = strlen(file);
	static const char *const SUFFIXES[] = { TROTH_PCRLOCK_DIRECTORY_SUFFIX,
						TROTH_PCRLOCK_SUFFIX };
	for (size_t i = 0; i < TROTH_COUNT(SUFFIXES); i++) {
		const size_t len = strlen(SUFFIXES[i]);
		if (n > len && strcmp(file + n - len, SUFFIXES[i]) == 0) {
			n -= len;
			break;
		}
	}
	if (n == 0 || n > TROTH_NAME_LEN_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const char c = file[i];
		const bool keep = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
				  c == '.' || c == '_' || c == '-';
		name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : (char)(keep ? c : '-');
	}
	name[n] = '\0';
	return troth_name_valid(troth_view_str(name)) ? json_string(name) : NULL;
}
