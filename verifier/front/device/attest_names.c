/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/attest: what a certificate names beside the SPIFFE ID. Policy says what, the
 * registry who, the configuration what may be; the device has no say. */
#include <string.h>

#include "attestation.h"
#include "base.h"
#include "log.h"
#include "name_rules.h"

/* A mistake between policy and configuration costs the name, never the certificate. */
static void add(const struct troth_attestation *a, struct troth_writer *w,
		enum troth_svid_name_kind kind, struct troth_view value)
{
	const struct troth_svid_name name = { kind, value };
	const struct troth_settings *s = a->worker->front->settings;
	if (troth_name_rules_allow(&s->certificate_names, &name))
		troth_svid_name_put(w, &name);
	else
		troth_warn("names", "device=%s policy=%s left-out=%s; not in certificate_names",
			   a->row.name, a->policy->name,
			   kind == TROTH_SVID_DNS ? (const char *)value.p : "address");
}

static bool is_in(struct troth_view list, const char *name)
{
	struct troth_reader r = { list };
	struct troth_svid_name seen;
	while (troth_svid_name_next(&r, &seen))
		if (troth_view_equal(seen.value, troth_view_str(name)))
			return true;
	return false;
}

static void add_dns(const struct troth_attestation *a, struct troth_writer *w,
		    const char *pattern)
{
	char name[TROTH_DNS_NAME_MAX + 1];
	if (!troth_dns_name_fill(troth_view_str(pattern), troth_view_str(a->row.name),
				 troth_view_str(a->row.segment), name))
		troth_warn("names", "device=%s policy=%s left-out=%s; gives no DNS name",
			   a->row.name, a->policy->name, pattern);
	else if (!is_in(troth_written(w), name))
		add(a, w, TROTH_SVID_DNS, troth_view_str(name));
}

struct troth_view troth_attestation_names(const struct troth_attestation *a,
					  uint8_t buf[TROTH_SVID_NAMES_LEN_MAX])
{
	const struct troth_policy_names *names = &a->policy->names;
	struct troth_writer w = troth_writer_make(buf, TROTH_SVID_NAMES_LEN_MAX);
	for (size_t i = 0; i < names->n_dns; i++)
		add_dns(a, &w, names->dns[i]);
	for (size_t i = 0; i < names->n_addresses; i++)
		if (strcmp(names->addresses[i].device, a->row.name) == 0)
			add(a, &w, TROTH_SVID_IP,
			    (struct troth_view){ names->addresses[i].bytes,
						 names->addresses[i].len });
	return troth_written(&w);
}
