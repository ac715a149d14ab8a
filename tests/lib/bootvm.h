/* SPDX-License-Identifier: Apache-2.0 */
/* One of our boot captures: its event log, and the PCR values the guest read.
 * Include after check.h. */
#ifndef TROTH_TESTS_BOOTVM_H
#define TROTH_TESTS_BOOTVM_H

#include <stdio.h>

#include "files.h"

#include "eventlog.h"
#include "reader.h"
#include "text.h"

struct bootvm {
	struct troth_view bytes;
	struct troth_log log;
	struct troth_replay replay;
	enum troth_status status; /* of parsing */
	size_t error_offset;
	struct troth_pcr_values pcrs; /* all banks and indices there are */
};

/* pcrs.txt: bank, index and value in hex, one a line. */
static inline void bootvm_read_pcrs(const char *folder, struct troth_pcr_values *out)
{
	char path[1024], bank[16], hex[2 * TROTH_DIGEST_MAX + 1];
	unsigned int pcr;
	snprintf(path, sizeof path, "%s/pcrs.txt", folder);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fscanf(file, "%15s %u %128s", bank, &pcr, hex) == 3) {
		uint8_t value[TROTH_DIGEST_MAX];
		size_t n = strlen(hex) / 2;
		assert_true(troth_parse_hex(troth_view_str(hex), value, n));
		assert_true(troth_pcr_set(out, troth_hash_from_name(troth_view_str(bank)), pcr,
					  (struct troth_view){ value, n }));
	}
	(void)fclose(file);
}

/* Values of the selected PCRs only. */
static inline struct troth_pcr_values bootvm_quoted(const struct troth_pcr_values *all,
						    const struct troth_pcr_selection *s)
{
	struct troth_pcr_values v = { 0 };
	for (size_t i = 0; i < s->n_banks; i++)
		for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
			if ((s->banks[i].mask & 1U << pcr) != 0)
				assert_true(troth_pcr_set(
					&v, s->banks[i].bank, pcr,
					troth_pcr_value(all, s->banks[i].bank, pcr)));
	return v;
}

static inline struct bootvm *bootvm_load_from(struct troth_ctx *ctx, const char *folder)
{
	struct bootvm *b = calloc(1, sizeof *b);
	assert_non_null(b);
	b->bytes = file_load(folder, "binary_bios_measurements");
	assert_non_null(b->bytes.p);
	b->status = troth_log_parse(b->bytes, &b->log);
	b->error_offset = b->log.error_offset;
	if (b->status == TROTH_OK)
		assert_int_equal(troth_log_replay(ctx, &b->log, &b->replay), TROTH_OK);
	bootvm_read_pcrs(folder, &b->pcrs);
	return b;
}

static inline struct bootvm *bootvm_load(struct troth_ctx *ctx, const char *variant)
{
	char folder[512];
	snprintf(folder, sizeof folder, "%s/bootvm/%s", TROTH_FIXTURES, variant);
	return bootvm_load_from(ctx, folder);
}

static inline void bootvm_free(struct bootvm *b)
{
	if (b->status == TROTH_OK)
		troth_log_release(&b->log);
	file_free(b->bytes);
	free(b);
}

#endif
