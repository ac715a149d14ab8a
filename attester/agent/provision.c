/* SPDX-License-Identifier: Apache-2.0 */
#include "provision.h"

#include <jansson.h>

#include "base.h"
#include "text.h"
#include "tpm_keys.h"
#include "tpm_work.h"

TROTH_DEFINE_AUTO(json_t, json_decref)

struct provisioning {
	const struct troth_settings *settings;
	struct troth_ctx *ctx;
	struct troth_tpm_ek ek;
	struct troth_name ak_name;
};

static enum troth_status keep_ak(struct troth_tpm *tpm, const struct troth_settings *s,
				 struct troth_outcome *outcome)
{
	if (s->ak_handle == 0)
		return TROTH_OK;
	enum troth_status status = troth_tpm_ak_persist(tpm, s->ak_algorithm, s->ak_handle);
	if (status == TROTH_E_CONFLICT)
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "ak_handle: another key lies at %s already",
				  s->ak_handle_text);
	return status;
}

static enum troth_status provision(struct troth_tpm *tpm, void *arg,
				   struct troth_outcome *outcome)
{
	struct provisioning *p = arg;
	const struct troth_settings *s = p->settings;
	TROTH_AUTO(troth_tpm_key_drop) struct troth_tpm_key ak = { 0 };
	struct troth_public facts;
	enum troth_ek_template t = s->ek;

	{
		TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object srk = { 0 };
		TPM2_HANDLE parent;
		TROTH_TRY(troth_tpm_srk_load(tpm, &srk, &parent));
	}
	TROTH_TRY(keep_ak(tpm, s, outcome));
	if (t == TROTH_EK_NONE)
		TROTH_TRY(troth_tpm_ek_choose(tpm, &t));
	TROTH_TRY(troth_tpm_ek_read(tpm, t, &p->ek));
	TROTH_TRY(troth_tpm_ak_load(tpm, s->ak_algorithm, s->ak_handle, &ak));
	TROTH_TRY(troth_public_parse(
		p->ctx, (struct troth_view){ ak.public_area, ak.public_len }, &facts));
	p->ak_name = facts.name;
	return TROTH_OK;
}

static void print(const struct provisioning *p, const uint8_t device_id[32], bool json)
{
	const struct troth_ek_template_info *info = troth_ek_template_info(p->ek.ek.tmpl);
	char id[65], ak[2 * TROTH_NAME_MAX + 1];

	troth_format_hex((struct troth_view){ device_id, 32 }, id);
	troth_format_hex(troth_name_view(&p->ak_name), ak);
	if (json) {
		TROTH_AUTO(json_decref_p)
		json_t *root = json_pack("{s:s, s:s, s:b, s:s}", "device_id", id, "ek",
					 info->name, "ek_certificate", p->ek.cert_len > 0,
					 "ak_name", ak);
		json_dumpf(root, stdout, JSON_INDENT(1));
		putchar('\n');
		return;
	}
	printf("device:  %s\nEK:      %s (%s), %s\nAK:      %s\n", id, info->name,
	       info->profile,
	       p->ek.cert_len > 0 ? "with certificate" : "the TPM holds no certificate for it",
	       ak);
}

void troth_provision(const struct troth_settings *settings, struct troth_ctx *ctx, bool json,
		     struct troth_outcome *outcome)
{
	struct provisioning p = { .settings = settings, .ctx = ctx };
	uint8_t device_id[32];

	*outcome = (struct troth_outcome){ .ending = TROTH_ENDED_TPM };
	if (troth_tpm_do(settings, provision, &p, outcome) != TROTH_OK)
		return;
	if (troth_ek_device_id(ctx, &p.ek.ek, device_id) != TROTH_OK) {
		troth_outcome_set(outcome, TROTH_ENDED_TPM, "the EK is no usable key");
		return;
	}
	print(&p, device_id, json);
	outcome->ending = TROTH_ENDED_WELL;
}
