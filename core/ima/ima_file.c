/* SPDX-License-Identifier: Apache-2.0 */
/* One proven entry: a file, a measured buffer, a violation, a boot_aggregate. */
#include <string.h>

#include "base.h"
#include "ima_rule.h"
#include "ima_run.h"
#include "reader.h"

static bool is(struct troth_view path, const char *text)
{
	return troth_view_equal(path, troth_view_str(text));
}

/* What the policy says of something in a word; ALLOW is only shown. */
static enum troth_tier severity_of(enum troth_ima_attitude attitude)
{
	switch (attitude) {
	case TROTH_IMA_ALLOW: return TROTH_TIER_AFFIRMING;
	case TROTH_IMA_WARN: return TROTH_TIER_WARNING;
	case TROTH_IMA_DENY: break;
	}
	return TROTH_TIER_CONTRAINDICATED;
}

/* ---- boot_aggregate ---- */

/* H over the quoted values of PCR 0 to last; false when one is not quoted. */
static bool aggregate(struct troth_ima_run *run, enum troth_hash hash, uint32_t last,
		      struct troth_digest *out)
{
	struct troth_view parts[10];
	for (uint32_t pcr = 0; pcr <= last; pcr++) {
		parts[pcr] = troth_pcr_value(run->c->pcrs, hash, pcr);
		if (parts[pcr].n == 0)
			return false;
	}
	return troth_hash_parts(run->ctx, hash, parts, last + 1, out) == TROTH_OK;
}

enum troth_status troth_ima_check_boot_aggregate(struct troth_ima_run *run, uint64_t index,
						 const struct troth_digest *boot_aggregate)
{
	struct troth_digest firmware, loader;
	/* PCR 0 to 7, and since 5.8 those of the boot loader for other hashes than SHA-1
	 * (ima_crypto.c, ima_calc_boot_aggregate_tfm). Nothing says which kernel it was. */
	const bool has_firmware = aggregate(run, boot_aggregate->alg, 7, &firmware);
	const bool has_loader = aggregate(run, boot_aggregate->alg, 9, &loader);
	if ((has_firmware && troth_digest_equal(boot_aggregate, &firmware)) ||
	    (has_loader && troth_digest_equal(boot_aggregate, &loader))) {
		run->out->boot_aggregate_checked = true;
		return TROTH_OK;
	}
	if (!has_loader && !(has_firmware && boot_aggregate->alg == TROTH_HASH_SHA1))
		return TROTH_OK; /* not all of them are quoted: coverage says so */
	run->out->boot_aggregate_checked = true;
	const struct troth_ima_digest seen = { .hash = boot_aggregate->alg,
					       .bytes = troth_digest_view(boot_aggregate) };
	troth_ima_remark(run,
			 &(struct troth_ima_remark){ .code = TROTH_FINDING_IMA_BOOT_AGGREGATE,
						     .index = index,
						     .seen = &seen,
						     .what = "not of the PCRs quoted" });
	return TROTH_OK;
}

/* A second boot_aggregate is that of a kernel started by kexec: PCR 10 and the list go on. */
static enum troth_status look_at_boot_aggregate(struct troth_ima_run *run, uint64_t index,
						const struct troth_ima_entry *e)
{
	struct troth_digest d;
	if (!troth_digest_set(&d, e->file.hash, e->file.bytes)) {
		troth_ima_remark(run, &(struct troth_ima_remark){
					      .code = TROTH_FINDING_IMA_BOOT_AGGREGATE,
					      .index = index,
					      .what = "in a hash that is not known" });
		return TROTH_OK;
	}
	if (index > 0) {
		const bool same = troth_digest_equal(&d, &run->out->after.boot_aggregate);
		run->out->after.counts.kexecs++;
		troth_ima_remark(run,
				 &(struct troth_ima_remark){
					 .code = TROTH_FINDING_IMA_KEXEC,
					 .severity = severity_of(run->c->policy->kexec),
					 .index = index,
					 .what = "another kernel was started without a boot" });
		/* Its PCRs are those of the boot; and a file may have this name. */
		if (!same) {
			troth_ima_remark(run, &(struct troth_ima_remark){
						      .code = TROTH_FINDING_IMA_BOOT_AGGREGATE,
						      .index = index,
						      .seen = &e->file,
						      .what = "not that of the boot" });
			return TROTH_OK;
		}
	}
	run->out->after.boot_aggregate = d;
	return troth_ima_check_boot_aggregate(run, index, &d);
}

/* ---- files ---- */

static bool any_in_packages(const struct troth_ima_run *run, size_t i,
			    struct troth_digest_range found)
{
	const struct troth_ima_policy *p = run->c->policy;
	size_t entry;
	return troth_ima_rule_pick(p, &p->rules[i], run->c->sets[i], found, &entry);
}

/* Digests with many entries are looked through once: a list may name them thousands of times.
 * The most numerous are remembered. */
static bool found_allowed(struct troth_ima_run *run, size_t i, struct troth_digest_range found)
{
	enum { MANY = 64 };
	struct troth_ima_judged *least = &run->judged[0];
	if (found.n < MANY)
		return any_in_packages(run, i, found);
	for (size_t k = 0; k < TROTH_IMA_JUDGED_MAX; k++) {
		struct troth_ima_judged *j = &run->judged[k];
		if (j->rule == i && j->where.first == found.first && j->where.n == found.n)
			return j->allowed;
		if (j->where.n < least->where.n)
			least = j;
	}
	const bool allowed = any_in_packages(run, i, found);
	if (least->where.n < found.n)
		*least = (struct troth_ima_judged){ i, found, allowed };
	return allowed;
}

static bool rule_allows(struct troth_ima_run *run, size_t i, const struct troth_ima_entry *e,
			struct troth_digest_range found)
{
	const struct troth_ima_policy *p = run->c->policy;
	if (found.n == 0) /* also where there is no list */
		return false;
	found = troth_ima_rule_narrow(p, &p->rules[i], run->c->sets[i], e, found);
	return found_allowed(run, i, found);
}

static bool allowed(struct troth_ima_run *run, const struct troth_ima_batch *batch, size_t i)
{
	const struct troth_ima_entry *e = &batch->list[i].entry;
	for (size_t rule = 0; rule < run->c->policy->n_rules; rule++)
		if (rule_allows(run, rule, e, batch->lookups[rule][i].found))
			return true;
	return false;
}

static bool ignored(const struct troth_ima_policy *p, struct troth_view path)
{
	for (size_t i = 0; i < p->n_ignore; i++)
		if (troth_ima_pattern_matches(troth_ima_policy_text(p, p->ignore[i]), path))
			return true;
	return false;
}

/* Reading keys costs more than an entry does: only once there is a signature to check, and
 * once. Those of the policy come first: no key that a list brings takes their room. */
static void read_keys(struct troth_ima_run *run)
{
	const struct troth_ima_policy *p = run->c->policy;
	if (run->has_keys)
		return;
	run->has_keys = true;
	/* One that cannot be used signs nothing we accept. */
	for (size_t i = 0; i < p->n_keys; i++)
		if (troth_ima_keys_add_pem(&run->keys, troth_ima_policy_text(p, p->keys[i])) !=
		    TROTH_OK)
			continue;
	for (size_t i = 0; i < run->learned.n; i++)
		if (troth_ima_keys_add_cert(&run->keys, run->learned.certs[i]) != TROTH_OK)
			continue;
}

static enum troth_status check_signature(struct troth_ima_run *run,
					 const struct troth_ima_entry *e)
{
	struct troth_ima_signature s;
	read_keys(run);
	TROTH_TRY(troth_ima_signature_parse(e->field[TROTH_IMA_SIG], &s));
	return troth_ima_keys_verify(run->ctx, &run->keys, &s, &e->file);
}

static const char *why_not(enum troth_status status)
{
	switch ((int)status) {
	case TROTH_E_NOT_FOUND: return "by a key that is not known: ";
	case TROTH_E_MISMATCH: return "does not verify: ";
	case TROTH_E_UNSUPPORTED: return "of a kind that is not taken: ";
	default: return "cannot be read: ";
	}
}

static void not_allowed(struct troth_ima_run *run, uint64_t index,
			const struct troth_ima_entry *e)
{
	const bool is_signed = e->field[TROTH_IMA_SIG].n > 0 &&
			       (run->c->policy->n_keys > 0 || run->c->policy->n_keyrings > 0);
	const enum troth_status status = is_signed ? check_signature(run, e)
						   : TROTH_E_NOT_FOUND;
	if (status == TROTH_OK) {
		run->out->after.counts.signed_++;
		return;
	}
	troth_ima_remark(run, &(struct troth_ima_remark){
				      .code = is_signed ? TROTH_FINDING_IMA_SIGNATURE
							: TROTH_FINDING_IMA_UNKNOWN_FILE,
				      .index = index,
				      .seen = &e->file,
				      .what = is_signed ? why_not(status) : "",
				      .text = e->path });
}

static void note_expected(struct troth_ima_run *run, struct troth_view path)
{
	const struct troth_ima_policy *p = run->c->policy;
	for (size_t i = 0; i < p->n_expected; i++)
		if (troth_view_equal(troth_ima_policy_text(p, p->expected[i]), path))
			run->out->after.expected |= 1U << i;
}

static void look_at_file(struct troth_ima_run *run, const struct troth_ima_batch *batch,
			 size_t i)
{
	const struct troth_ima_entry *e = &batch->list[i].entry;
	note_expected(run, e->path);
	if (allowed(run, batch, i))
		run->out->after.counts.allowed++;
	else if (ignored(run->c->policy, e->path))
		run->out->after.counts.ignored++;
	else
		not_allowed(run, run->c->first + batch->list[i].record.index, e);
}

/* ---- measured buffers ---- */

static bool is_keyring(const struct troth_ima_policy *p, struct troth_view name)
{
	for (size_t i = 0; i < p->n_keyrings; i++)
		if (troth_view_equal(troth_ima_policy_text(p, p->keyrings[i]), name))
			return true;
	return false;
}

static bool event_allowed(const struct troth_ima_policy *p, const struct troth_ima_entry *e)
{
	for (size_t i = 0; i < p->n_events; i++) {
		const struct troth_ima_event_rule *rule = &p->events[i];
		if (troth_view_equal(troth_ima_policy_text(p, rule->name), e->path) &&
		    (rule->any ||
		     (e->file.hash == TROTH_HASH_SHA256 &&
		      troth_view_equal(e->file.bytes, TROTH_VIEW_OF(rule->sha256)))))
			return true;
	}
	return false;
}

static bool buffer_is_measured(struct troth_ima_run *run, const struct troth_ima_entry *e)
{
	struct troth_digest d;
	return troth_hash_one(run->ctx, e->file.hash, e->field[TROTH_IMA_BUF], &d) ==
		       TROTH_OK &&
	       troth_view_equal(troth_digest_view(&d), e->file.bytes);
}

/* A key that is new and can be used; others sign nothing we accept. */
static enum troth_status learn_key(struct troth_ima_run *run, struct troth_view cert)
{
	read_keys(run);
	const size_t n = run->keys.n;
	if (run->learned.n == TROTH_IMA_LEARNED_MAX ||
	    troth_ima_keys_add_cert(&run->keys, cert) != TROTH_OK || run->keys.n == n)
		return TROTH_OK;
	return troth_ima_learned_add(run->ctx, &run->learned, cert, run->out->after.learned);
}

/* Linux, ima_main.c, process_buffer_measurement: the digest is of the buffer. */
static enum troth_status look_at_event(struct troth_ima_run *run, uint64_t index,
				       const struct troth_ima_entry *e)
{
	const struct troth_ima_policy *p = run->c->policy;
	const char *what = "";
	run->out->after.counts.events++;
	if (!buffer_is_measured(run, e)) {
		what = "its digest is not of its data: ";
	} else if (is_keyring(p, e->path)) {
		return learn_key(run, e->field[TROTH_IMA_BUF]);
	} else if (event_allowed(p, e)) {
		return TROTH_OK;
	}
	troth_ima_remark(run, &(struct troth_ima_remark){ .code = TROTH_FINDING_IMA_EVENT,
							  .index = index,
							  .seen = &e->file,
							  .what = what,
							  .text = e->path });
	return TROTH_OK;
}

/* ---- entries ---- */

static void look_at_violation(struct troth_ima_run *run, uint64_t index,
			      const struct troth_ima_entry *e)
{
	run->out->after.counts.violations++;
	/* Nothing of it is measured but that it happened: the path excuses nothing. */
	troth_ima_remark(run, &(struct troth_ima_remark){
				      .code = TROTH_FINDING_IMA_VIOLATION,
				      .severity = severity_of(run->c->policy->violations),
				      .index = index,
				      .what = "said to be of ",
				      .text = e->path });
}

/* Whether a template begins with a digest and a name, and has what else we read right behind
 * them, as all of the kernel's do. The template's name is not measured, so any field may be
 * called any other; but the first two cannot be taken for each other (a digest has its only NUL
 * inside, a name at its end), and in third place come a signature or a buffer, told apart by
 * how they begin and by the digest. Bytes that whoever made a file chose freely (extended
 * attributes) come later, where nothing is believed. */
static bool in_order(const struct troth_ima_decoder *d)
{
	const enum troth_ima_field *f = d->fields;
	if (d->n_fields < 2 || f[0] > TROTH_IMA_D_NGV2 || f[0] == TROTH_IMA_N ||
	    (f[1] != TROTH_IMA_N && f[1] != TROTH_IMA_N_NG))
		return false;
	for (size_t i = 3; i < d->n_fields; i++)
		if (f[i] == TROTH_IMA_SIG || f[i] == TROTH_IMA_BUF)
			return false;
	return true;
}

/* A template without digest and name says nothing we could judge. */
static bool names_something(const struct troth_ima_run *run, const struct troth_ima_record *r,
			    const struct troth_ima_entry *e)
{
	return (r->legacy || in_order(&run->decoder)) && e->file.bytes.n > 0 && e->path.n > 0;
}

static void read_entry(struct troth_ima_run *run, struct troth_ima_unseen *unseen)
{
	const struct troth_ima_record *r = &unseen->record;
	unseen->named = troth_ima_decode_next(&run->decoder, r, &unseen->entry) == TROTH_OK &&
			names_something(run, r, &unseen->entry);
}

void troth_ima_read(struct troth_ima_run *run, struct troth_ima_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct troth_ima_unseen *u = &batch->list[i];
		read_entry(run, u);
		for (size_t rule = 0; rule < run->c->policy->n_rules; rule++)
			batch->lookups[rule][i] = (struct troth_digest_lookup){
				.sha256 = troth_ima_listable(&u->entry) ? u->entry.file.bytes.p
									: NULL
			};
	}
}

enum troth_status troth_ima_look(struct troth_ima_run *run, const struct troth_ima_batch *batch,
				 size_t i)
{
	const struct troth_ima_unseen *unseen = &batch->list[i];
	const struct troth_ima_record *r = &unseen->record;
	const struct troth_ima_entry *e = &unseen->entry;
	const uint64_t index = run->c->first + r->index;
	if (r->violation) {
		look_at_violation(run, index, e);
		return TROTH_OK;
	}
	if (!unseen->named) {
		troth_ima_remark(
			run, &(struct troth_ima_remark){ .code = TROTH_FINDING_IMA_MALFORMED,
							 .index = index,
							 .what = "template ",
							 .text = r->name });
		return TROTH_OK;
	}
	if (is(e->path, "boot_aggregate"))
		return look_at_boot_aggregate(run, index, e);
	if ((e->fields & 1U << TROTH_IMA_BUF) != 0)
		return look_at_event(run, index, e);
	look_at_file(run, batch, i);
	return TROTH_OK;
}
