/* SPDX-License-Identifier: Apache-2.0 */
#include "sipa.h"

#include <inttypes.h>

#include "base.h"

/* What the data of an event is, for people. */
enum form { NUMBER, TEXT, HASH, BYTES, INSIDE };

static const struct {
	uint32_t id;
	enum form form;
	const char *name;
} TAGS[] = {
	{ TROTH_SIPA_TRUST_BOUNDARY, INSIDE, "trust-boundary" },
	{ 0x40010002, INSIDE, "elam" },
	{ TROTH_SIPA_LOADED_MODULE, INSIDE, "loaded-module" },
	{ TROTH_SIPA_TRUST_POINT, INSIDE, "trust-point" },
	{ 0x40010005, INSIDE, "ksr" },
	{ 0x40010006, INSIDE, "ksr-signed-measurement" },
	{ 0x00020001, BYTES, "information" },
	{ TROTH_SIPA_BOOT_COUNTER, NUMBER, "boot-counter" },
	{ 0x00020003, NUMBER, "transfer-control" },
	{ 0x00020004, BYTES, "application-return" },
	{ 0x00020005, NUMBER, "bitlocker-unlock" },
	{ TROTH_SIPA_EVENT_COUNTER, NUMBER, "event-counter" },
	{ TROTH_SIPA_COUNTER_ID, NUMBER, "counter-id" },
	{ 0x00020008, NUMBER, "mor-bit-not-cancelable" },
	{ 0x00020009, NUMBER, "application-svn" },
	{ 0x0002000a, NUMBER, "svn-chain-status" },
	{ 0x0002000b, NUMBER, "mor-bit-api-status" },
	{ 0x00030001, BYTES, "firmware-failure" },
	{ 0x80030002, BYTES, "tpm-failure" },
	{ 0x00030003, BYTES, "internal-failure" },
	{ TROTH_SIPA_BOOT_DEBUGGING, NUMBER, "boot-debugging" },
	{ 0x00040002, BYTES, "boot-revocation-list" },
	{ TROTH_SIPA_KERNEL_DEBUG, NUMBER, "kernel-debugging" },
	{ TROTH_SIPA_CODE_INTEGRITY, NUMBER, "code-integrity" },
	{ TROTH_SIPA_TEST_SIGNING, NUMBER, "test-signing" },
	{ TROTH_SIPA_DEP, NUMBER, "data-execution-prevention" },
	{ TROTH_SIPA_SAFE_MODE, NUMBER, "safe-mode" },
	{ TROTH_SIPA_WINPE, NUMBER, "winpe" },
	{ 0x00050007, NUMBER, "physical-address-extension" },
	{ 0x00050008, NUMBER, "os-device" },
	{ 0x00050009, TEXT, "system-root" },
	{ TROTH_SIPA_HYPERVISOR, NUMBER, "hypervisor-launch-type" },
	{ 0x0005000b, TEXT, "hypervisor-path" },
	{ 0x0005000c, NUMBER, "hypervisor-iommu-policy" },
	{ TROTH_SIPA_HYPERVISOR_DEBUG, NUMBER, "hypervisor-debugging" },
	{ 0x0005000e, NUMBER, "driver-load-policy" },
	{ 0x0005000f, BYTES, "si-policy" },
	{ 0x00050010, NUMBER, "hypervisor-mmio-nx-policy" },
	{ 0x00050011, NUMBER, "hypervisor-msr-filter-policy" },
	{ TROTH_SIPA_VSM, NUMBER, "vsm-launch-type" },
	{ 0x00050013, BYTES, "os-revocation-list" },
	{ 0x00050014, NUMBER, "smt-status" },
	{ 0x00050020, BYTES, "vsm-idk-info" },
	{ TROTH_SIPA_FLIGHT_SIGNING, NUMBER, "flight-signing" },
	{ 0x00050022, NUMBER, "pagefile-encryption" },
	{ 0x00050023, BYTES, "vsm-idks-info" },
	{ 0x00050024, NUMBER, "hibernation-disabled" },
	{ 0x00050025, NUMBER, "dumps-disabled" },
	{ 0x00050026, NUMBER, "dump-encryption" },
	{ 0x00050027, HASH, "dump-encryption-key-digest" },
	{ 0x00050028, NUMBER, "lsaiso-config" },
	{ 0x00050029, BYTES, "sbcp-info" },
	{ 0x00050030, NUMBER, "hypervisor-boot-dma-protection" },
	{ 0x00060001, NUMBER, "no-authority" },
	{ 0x00060002, BYTES, "authority-public-key" },
	{ 0x00070001, TEXT, "file-path" },
	{ 0x00070002, NUMBER, "image-size" },
	{ 0x00070003, NUMBER, "hash-algorithm" },
	{ 0x00070004, HASH, "authenticode-hash" },
	{ 0x00070005, TEXT, "authority-issuer" },
	{ 0x00070006, HASH, "authority-serial" },
	{ 0x00070007, NUMBER, "image-base" },
	{ 0x00070008, TEXT, "authority-publisher" },
	{ 0x00070009, HASH, "authority-sha1-thumbprint" },
	{ 0x0007000a, NUMBER, "image-validated" },
	{ 0x0007000b, NUMBER, "module-svn" },
	{ 0x80080001, BYTES, "quote" },
	{ 0x80080002, BYTES, "quote-signature" },
	{ 0x80080003, TEXT, "aik-name" },
	{ 0x80080004, HASH, "aik-public-digest" },
	{ 0x00090001, TEXT, "elam-key-name" },
	{ 0x00090002, BYTES, "elam-configuration" },
	{ 0x00090003, BYTES, "elam-policy" },
	{ 0x00090004, BYTES, "elam-measured" },
	{ 0x000a0001, NUMBER, "vbs-vsm-required" },
	{ 0x000a0002, NUMBER, "vbs-secure-boot-required" },
	{ 0x000a0003, NUMBER, "vbs-iommu-required" },
	{ 0x000a0004, NUMBER, "vbs-mmio-nx-required" },
	{ 0x000a0005, NUMBER, "vbs-msr-filtering-required" },
	{ 0x000a0006, NUMBER, "vbs-mandatory-enforcement" },
	{ 0x000a0007, BYTES, "vbs-hvci-policy" },
	{ 0x000a0008, NUMBER, "vbs-microsoft-boot-chain-required" },
	{ 0x000a0009, NUMBER, "vbs-dump-uses-ame-root" },
	{ 0x000a000a, NUMBER, "vbs-vsm-no-secrets" },
	{ TROTH_TAG_LINUX_INITRD, TEXT, "linux-initrd" },
	{ TROTH_TAG_LINUX_OPTIONS, TEXT, "linux-load-options" },
	{ TROTH_TAG_LOADER_CONF, TEXT, "loader-conf" },
	{ TROTH_TAG_DEVICE_TREE, TEXT, "device-tree-addon" },
	{ TROTH_TAG_INITRD_ADDON, TEXT, "initrd-addon" },
	{ TROTH_TAG_UCODE_ADDON, TEXT, "microcode-addon" },
	{ TROTH_TAG_UKI_PROFILE, TEXT, "uki-profile" },
	{ TROTH_TAG_SMBIOS_SYSTEM, TEXT, "smbios-system" },
	{ TROTH_TAG_SMBIOS_BOARD, TEXT, "smbios-board" },
	{ TROTH_TAG_SMBIOS_STRINGS, TEXT, "smbios-strings" },
	{ 0x4141454c, TEXT, "application-event" }, /* "LEAA": AAEL of confidential containers */
};

static enum form form_of(uint32_t id, const char **name)
{
	for (size_t i = 0; i < TROTH_COUNT(TAGS); i++)
		if (TAGS[i].id == id) {
			*name = TAGS[i].name;
			return TAGS[i].form;
		}
	*name = NULL;
	return BYTES;
}

bool troth_tagged_next(struct troth_reader *r, struct troth_tagged *out)
{
	struct troth_reader at = *r;
	struct troth_tagged t;
	uint32_t len;
	if (!troth_get_u32le(&at, &t.id) || !troth_get_u32le(&at, &len) ||
	    !troth_get_view(&at, len, &t.data))
		return false;
	*r = at;
	*out = t;
	return true;
}

bool troth_tagged_sound(struct troth_view data)
{
	struct troth_reader r = { data };
	struct troth_tagged t;
	while (troth_tagged_next(&r, &t))
		;
	return data.n > 0 && troth_at_end(&r);
}

/* wbcl.h: the aggregation bit and the class of containers. */
bool troth_tagged_is_container(uint32_t id)
{
	return (id & 0x7fff0000U) == 0x40010000U;
}

bool troth_tagged_number(const struct troth_tagged *t, uint64_t *out)
{
	uint64_t n = 0;
	if (t->data.n == 0 || t->data.n > 8)
		return false;
	for (size_t i = 0; i < t->data.n; i++)
		n |= (uint64_t)t->data.p[i] << (8 * i);
	*out = n;
	return true;
}

/* A stack of readers instead of recursion: depth is bounded by its size. What is deeper than
 * that is skipped. */
void troth_tagged_walk(struct troth_view data,
		       void (*visit)(void *to, const struct troth_tagged *t), void *to)
{
	struct troth_reader stack[TROTH_SIPA_DEPTH_MAX] = { { data } };
	struct troth_tagged t;
	size_t depth = 1;
	while (depth > 0) {
		if (!troth_tagged_next(&stack[depth - 1], &t)) {
			depth--;
		} else if (!troth_tagged_is_container(t.id)) {
			visit(to, &t);
		} else if (depth < TROTH_SIPA_DEPTH_MAX) {
			stack[depth++] = (struct troth_reader){ t.data };
		}
	}
}

/* ---- rendering ---- */

static void put_value(struct troth_line *l, const struct troth_tagged *t)
{
	const char *name;
	uint64_t number;
	const enum form form = form_of(t->id, &name);
	if (name != NULL)
		troth_line_str(l, name);
	else
		troth_line_format(l, "tag 0x%08" PRIx32, t->id);
	if (form == TEXT && t->data.n > 0) {
		troth_line_str(l, " ");
		troth_line_text(l, t->data);
	} else if (form == NUMBER && troth_tagged_number(t, &number)) {
		troth_line_format(l, " %" PRIu64, number);
	} else if (form == HASH) {
		troth_line_str(l, " ");
		troth_line_hex(l, t->data);
	} else {
		troth_line_format(l, " (%zu bytes)", t->data.n);
	}
}

static void put_in_line(void *to, const struct troth_tagged *t)
{
	struct troth_line *l = to;
	if (l->cut)
		return;
	troth_line_comma(l);
	put_value(l, t);
}

bool troth_tagged_line(struct troth_line *l, const struct troth_event *ev)
{
	char text[TROTH_EVENT_LINE_MAX];
	struct troth_line events = troth_line_make(text, sizeof text);
	if (!troth_tagged_sound(ev->data))
		return false;
	troth_tagged_walk(ev->data, put_in_line, &events);
	troth_line_str(l, text);
	return true;
}

static void put_field(void *to, const struct troth_tagged *t)
{
	struct troth_field_line text;
	put_value(troth_field_begin(&text), t);
	troth_field_end_item(to, "events", &text);
}

bool troth_tagged_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	struct troth_fields sink = *f;
	if (!troth_tagged_sound(ev->data))
		return false;
	troth_tagged_walk(ev->data, put_field, &sink);
	return true;
}
