/* SPDX-License-Identifier: Apache-2.0 */
/* Our SPIFFE IDs, "spiffe://domain/segment/name", taken apart. svid.h puts them together. */
#ifndef TROTH_CORE_SPIFFE_H
#define TROTH_CORE_SPIFFE_H

#include <troth/status.h>
#include <troth/view.h>

struct troth_spiffe {
	struct troth_view trust_domain, segment, name; /* borrowed from the text */
};

/* TROTH_E_MALFORMED unless it is a trust domain and two registry names, and nothing else. */
TROTH_NODISCARD enum troth_status troth_spiffe_read(struct troth_view id,
						    struct troth_spiffe *out);

#endif
