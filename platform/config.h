/* SPDX-License-Identifier: Apache-2.0 */
/* Strict YAML into structs, through one schema table per document.
 *
 * libyaml's events with a small schema layer: an unknown, duplicate or missing key, an alias, a
 * second document, an inexact scalar or a value out of range is an error with file, line and
 * column. Nothing is guessed: `12abc` is no number and `maybe` no boolean. */
#ifndef TROTH_PLATFORM_CONFIG_H
#define TROTH_PLATFORM_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <troth/status.h>
#include <troth/view.h>

enum troth_config_type {
	TROTH_CONFIG_STRING,   /* char[size] in the struct; min/max are lengths */
	TROTH_CONFIG_BOOL,     /* bool: true or false, nothing else */
	TROTH_CONFIG_U32,      /* uint32_t in [min, max] */
	TROTH_CONFIG_DURATION, /* uint32_t seconds: "90s", "15m", "24h", "7d" in [min, max] */
	TROTH_CONFIG_ENUM,     /* uint32_t: index in names */
	TROTH_CONFIG_MAP,      /* nested keys, fields */
	TROTH_CONFIG_LIST,     /* items of any shape, each handed to each */
	TROTH_CONFIG_ANYMAP,   /* keys free, each value handed to each */
	TROTH_CONFIG_NODE      /* one value of any shape, handed to each */
};

struct troth_config_doc; /* a node cursor for list and map callbacks */

struct troth_config_field {
	const char *key;
	enum troth_config_type type;
	size_t offset; /* in the struct */
	size_t size;   /* STRING: room with its NUL */
	uint32_t min, max;
	const char *const *names; /* ENUM, ends with NULL */
	/* MAP, ends with a NULL key; offsets are from the same struct. */
	const struct troth_config_field *fields;
	bool required;
	/* As it would be written in the file; NULL leaves the struct as it was. */
	const char *default_text;
	/* LIST, ANYMAP: called once per item with the struct; NODE: once. Must read the whole
	 * node with one of the functions below. */
	enum troth_status (*each)(struct troth_config_doc *doc, void *target);
};

/* What went wrong and where. Columns count characters. */
struct troth_config_error {
	uint32_t line, column; /* 1-based; 0 when it concerns the whole document */
	char text[200];
};

/* Parses one document of at most TROTH_POLICY_MAX bytes. On failure error is filled and target
 * may be half-filled: TROTH_E_CONFIG, TROTH_E_LIMIT (size), TROTH_E_MEMORY. */
TROTH_NODISCARD enum troth_status troth_config_parse(struct troth_view yaml,
						     const struct troth_config_field *fields,
						     void *target,
						     struct troth_config_error *error);

/* For each(): the current map key (ANYMAP) and scalar text, as views; the numbers of a flow
 * sequence ([0, 1, 7]); a nested map read with a schema; and an error at the place of the item
 * (of its key in an ANYMAP). A scalar's view dies when the next node is read. */
struct troth_view troth_config_key(const struct troth_config_doc *doc);
TROTH_NODISCARD enum troth_status troth_config_scalar(struct troth_config_doc *doc,
						      struct troth_view *out);
/* A scalar that is a name (text.h), with its NUL: TROTH_NAME_LEN_MAX + 1 bytes. */
TROTH_NODISCARD enum troth_status troth_config_name(struct troth_config_doc *doc, char *out);
TROTH_NODISCARD enum troth_status troth_config_numbers(struct troth_config_doc *doc,
						       uint32_t max, uint32_t *out,
						       size_t n_max, size_t *n_out);
TROTH_NODISCARD enum troth_status troth_config_map(struct troth_config_doc *doc,
						   const struct troth_config_field *fields,
						   void *target);
enum troth_status troth_config_fail(struct troth_config_doc *doc, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
