/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/enroll/complete: may the device come in, and as what. */
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "enrolment.h"
#include "random.h"
#include "reader.h"
#include "text.h"
#include "wire.h"

static void judge_certificate(struct troth_enrolment *e)
{
	struct troth_view cert = troth_wire_view(e->request->ek_certificate);
	struct troth_ek_cert_facts facts = { 0 };
	struct troth_key *key = NULL;
	uint8_t spki[TROTH_RSA_BYTES_MAX + 128];
	size_t spki_len;
	if (cert.n == 0) {
		troth_finding_add(&e->findings, TROTH_FINDING_EK_CERT_MISSING);
		return;
	}
	enum troth_status status = troth_ek_key(&e->ek, &key);
	if (status == TROTH_OK)
		status = troth_key_spki(key, spki, sizeof spki, &spki_len);
	if (status == TROTH_OK) {
		struct troth_view expected = { spki, spki_len };
		const struct troth_ek_cert_case c = { .trust = e->worker->front->ek_trust,
						      .cert = cert,
						      .spki = &expected,
						      .now_s = troth_now_ms() / 1000 };
		status = troth_ek_cert_verify(e->worker->ctx, &c, &facts, &e->findings);
	}
	if (status != TROTH_OK)
		troth_finding_add(&e->findings, TROTH_FINDING_EK_CERT_MALFORMED);
	/* Only a trusted certificate says who made the TPM. */
	if (e->findings.n > 0 || !troth_tpm_maker_read(facts.manufacturer, e->row.ek_maker))
		e->row.ek_maker[0] = '\0';
	troth_key_free(key);
}

/* What the policy's enrolment mode makes of certificate and inventory. */
static enum troth_device_state admit(const struct troth_enrolment *e,
				     const struct troth_policy *policy, bool *refused)
{
	bool certificate = e->row.ek_certificate_trusted, listed = e->row.ek_in_inventory;
	enum troth_device_state trusted = policy->auto_approve ? TROTH_DEVICE_ACTIVE
							       : TROTH_DEVICE_PENDING;
	*refused = false;
	switch (policy->enrolment) {
	case TROTH_ENROL_APPROVAL: return TROTH_DEVICE_PENDING;
	case TROTH_ENROL_INVENTORY: *refused = !listed; return trusted;
	case TROTH_ENROL_CERTIFICATE:
		*refused = !certificate || e->ek.tmpl != policy->ek_template;
		return trusted;
	case TROTH_ENROL_CERTIFICATE_AND_INVENTORY:
		/* A genuine TPM that is not on the list waits for an operator. */
		*refused = !certificate;
		return listed ? trusted : TROTH_DEVICE_PENDING;
	}
	*refused = true;
	return TROTH_DEVICE_PENDING;
}

static enum troth_status random_name(char out[TROTH_NAME_LEN_MAX + 1])
{
	uint8_t bytes[8];
	TROTH_TRY(troth_random(bytes, sizeof bytes));
	memcpy(out, "d-", 2);
	troth_format_hex(TROTH_VIEW_OF(bytes), out + 2);
	return TROTH_OK;
}

/* A row that is known keeps its name, segment, group and administrative state: re-enrolment
 * never inherits more than it had, and quarantine outlives it (attacks.md row 11). */
static enum troth_status new_row(struct troth_enrolment *e,
				 const struct troth_inventory_entry *listed,
				 const struct troth_policy *policy)
{
	memcpy(e->row.id, e->device_id, sizeof e->row.id);
	snprintf(e->row.segment, sizeof e->row.segment, "%s", policy->segment);
	if (listed != NULL && listed->name[0] != '\0')
		memcpy(e->row.name, listed->name, sizeof e->row.name);
	else
		TROTH_TRY(random_name(e->row.name));
	return TROTH_OK;
}

static bool same_ak(const struct troth_device_row *row, struct troth_view ak)
{
	return troth_view_equal((struct troth_view){ row->ak_public, row->ak_len }, ak);
}

static void renew_row(struct troth_enrolment *e, enum troth_device_state admitted)
{
	struct troth_view ak = troth_wire_view(e->request->ak_public);
	if (e->row.state == TROTH_DEVICE_ACTIVE && !same_ak(&e->row, ak))
		e->row.state = admitted; /* a new AK passes the gate of a new device */
	e->row.ak_len = (uint16_t)ak.n;
	memcpy(e->row.ak_public, ak.p, ak.n);
	e->row.order = (struct troth_order){ 0 };
	e->row.certification = (struct troth_certification_record){ 0 };
	e->row.ima_len = 0; /* of another TPM state */
	e->row.generation++;
	e->row.enrolled_ms = troth_now_ms();
}

/* The place is counted from the decision on, so that many at once cannot take more than there
 * are; once stored, the row itself is counted (front.c). */
static bool take_place(struct troth_enrolment *e)
{
	struct troth_front *f = e->worker->front;
	e->holds_place = __atomic_fetch_add(&f->n_pending, 1, __ATOMIC_RELAXED) <
			 f->settings->pending_max;
	if (!e->holds_place)
		__atomic_sub_fetch(&f->n_pending, 1, __ATOMIC_RELAXED);
	return e->holds_place;
}

static bool place(struct troth_enrolment *e, const struct troth_policy *policy,
		  const struct troth_inventory_entry *listed, bool known)
{
	bool refused;
	enum troth_device_state state = admit(e, policy, &refused);
	if (refused) {
		troth_enrolment_refuse(e, e->findings.n > 0
						  ? e->findings.list[0].code
						  : TROTH_FINDING_EK_NOT_IN_INVENTORY);
		return false;
	}
	if (!known) {
		if (state == TROTH_DEVICE_PENDING && !take_place(e)) {
			troth_enrolment_reject(e, 503, "pending-full",
					       "Too many devices wait for approval.");
			return false;
		}
		enum troth_status status = new_row(e, listed, policy);
		if (status != TROTH_OK) {
			troth_enrolment_fail(e, status);
			return false;
		}
		e->row.state = state;
	}
	renew_row(e, state);
	return true;
}

/* Inventory before any chain is checked: a lookup costs nothing. */
bool troth_enrolment_admit(struct troth_enrolment *e)
{
	struct troth_front *f = e->worker->front;
	const struct troth_inventory_entry *listed =
		troth_inventory_find(&f->inventory, e->device_id);
	bool known = troth_registry_get(f->registry, e->device_id, &e->row);
	if (!known)
		snprintf(e->row.group, sizeof e->row.group, "%s",
			 listed != NULL && listed->group[0] != '\0' ? listed->group
								    : TROTH_DEFAULT_GROUP);
	struct troth_snapshot *s = troth_snapshot_take(f->snapshots);
	const struct troth_policy *policy = troth_snapshot_policy(s, e->row.group);
	bool admitted = false;
	if (policy == NULL) {
		troth_enrolment_reject(
			e, 403, "no-policy",
			"No policy covers this device's group; ask its operator.");
	} else {
		/* What the certificate lacks comes first: a mode that looks at
		 * it refuses for it. */
		e->row.ek_maker[0] = '\0';
		bool looked = listed != NULL || policy->enrolment != TROTH_ENROL_INVENTORY;
		if (looked)
			judge_certificate(e);
		e->row.ek_certificate_trusted = looked && e->findings.n == 0;
		if (policy->enrolment == TROTH_ENROL_CERTIFICATE &&
		    e->ek.tmpl != policy->ek_template)
			troth_finding_add(&e->findings, TROTH_FINDING_EK_TEMPLATE);
		e->row.ek_in_inventory = listed != NULL;
		if (listed == NULL)
			troth_finding_add(&e->findings, TROTH_FINDING_EK_NOT_IN_INVENTORY);
		admitted = place(e, policy, listed, known);
	}
	troth_snapshot_release(s);
	return admitted;
}
