/* SPDX-License-Identifier: Apache-2.0 */
/* The list of a status document with the deltas that follow it, as one. */
#ifndef TROTH_CLI_STATUS_LIST_H
#define TROTH_CLI_STATUS_LIST_H

#include <troth/status.h>
#include <troth/view.h>

struct troth_cli_status {
	struct troth_view device, status; /* "segment/name", "healthy"; borrowed */
};

/* In order of devices. Zeroed: empty. */
struct troth_cli_status_list {
	struct troth_cli_status *list; /* owned */
	size_t n;
};

void troth_cli_status_list_clear(struct troth_cli_status_list *l);
/* Merges the list of a document that was verified, which is in order: what it says counts, and
 * what is "gone" goes. TROTH_E_MALFORMED for a line that is none, TROTH_E_MEMORY. */
TROTH_NODISCARD enum troth_status troth_cli_status_merge(struct troth_cli_status_list *l,
							 struct troth_view lines);

#endif
