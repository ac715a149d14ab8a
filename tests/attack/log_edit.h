/* SPDX-License-Identifier: Apache-2.0 */
/* A forger's editor for crypto-agile event logs: records found by the sizes that TCG PC Client
 * PFP 1.05, 10.2 gives, apart from the parser under test. Include after check.h or lab.h. */
#ifndef TROTH_TESTS_LOG_EDIT_H
#define TROTH_TESTS_LOG_EDIT_H

#include <stdint.h>
#include <troth/view.h>

#define LOG_EDIT_RECORDS_MAX 256
#define LOG_EDIT_ROOM (2 * 1024 * 1024)

struct log_edit {
	uint8_t *bytes; /* LOG_EDIT_ROOM of them */
	size_t n, n_records;
	size_t starts[LOG_EDIT_RECORDS_MAX + 1]; /* record i is [starts[i], starts[i + 1]) */
};

void log_edit_load(struct log_edit *l, struct troth_view log);
void log_edit_free(struct log_edit *l);
void log_edit_remove(struct log_edit *l, size_t record);
void log_edit_swap_with_next(struct log_edit *l, size_t record);
/* Copies a record to the end. */
void log_edit_repeat(struct log_edit *l, size_t record);
/* Inserts a record before another. */
void log_edit_insert(struct log_edit *l, size_t before, struct troth_view record);
/* Little-endian, at an offset of a record. */
void log_edit_set_u32(struct log_edit *l, size_t record, size_t offset, uint32_t value);
uint32_t log_edit_u32(const struct log_edit *l, size_t record, size_t offset);
/* Offset of a record's event data, past its size. */
size_t log_edit_data(const struct log_edit *l, size_t record);

#endif
