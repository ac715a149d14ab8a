/* SPDX-License-Identifier: Apache-2.0 */
#include "eventlog.h"

#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tpm2_types.h>

#include "base.h"
#include "reader.h"

static const size_t SHA1_SIZE = 20;

static const struct {
	uint32_t type;
	const char *name;
} TYPES[] = {
	{ TROTH_EV_PREBOOT_CERT, "EV_PREBOOT_CERT" },
	{ TROTH_EV_POST_CODE, "EV_POST_CODE" },
	{ TROTH_EV_NO_ACTION, "EV_NO_ACTION" },
	{ TROTH_EV_SEPARATOR, "EV_SEPARATOR" },
	{ TROTH_EV_ACTION, "EV_ACTION" },
	{ TROTH_EV_EVENT_TAG, "EV_EVENT_TAG" },
	{ TROTH_EV_S_CRTM_CONTENTS, "EV_S_CRTM_CONTENTS" },
	{ TROTH_EV_S_CRTM_VERSION, "EV_S_CRTM_VERSION" },
	{ TROTH_EV_CPU_MICROCODE, "EV_CPU_MICROCODE" },
	{ TROTH_EV_PLATFORM_CONFIG_FLAGS, "EV_PLATFORM_CONFIG_FLAGS" },
	{ TROTH_EV_TABLE_OF_DEVICES, "EV_TABLE_OF_DEVICES" },
	{ TROTH_EV_COMPACT_HASH, "EV_COMPACT_HASH" },
	{ TROTH_EV_IPL, "EV_IPL" },
	{ TROTH_EV_IPL_PARTITION_DATA, "EV_IPL_PARTITION_DATA" },
	{ TROTH_EV_NONHOST_CODE, "EV_NONHOST_CODE" },
	{ TROTH_EV_NONHOST_CONFIG, "EV_NONHOST_CONFIG" },
	{ TROTH_EV_NONHOST_INFO, "EV_NONHOST_INFO" },
	{ TROTH_EV_OMIT_BOOT_DEVICE_EVENTS, "EV_OMIT_BOOT_DEVICE_EVENTS" },
	{ TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG, "EV_EFI_VARIABLE_DRIVER_CONFIG" },
	{ TROTH_EV_EFI_VARIABLE_BOOT, "EV_EFI_VARIABLE_BOOT" },
	{ TROTH_EV_EFI_BOOT_SERVICES_APPLICATION, "EV_EFI_BOOT_SERVICES_APPLICATION" },
	{ TROTH_EV_EFI_BOOT_SERVICES_DRIVER, "EV_EFI_BOOT_SERVICES_DRIVER" },
	{ TROTH_EV_EFI_RUNTIME_SERVICES_DRIVER, "EV_EFI_RUNTIME_SERVICES_DRIVER" },
	{ TROTH_EV_EFI_GPT_EVENT, "EV_EFI_GPT_EVENT" },
	{ TROTH_EV_EFI_ACTION, "EV_EFI_ACTION" },
	{ TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB, "EV_EFI_PLATFORM_FIRMWARE_BLOB" },
	{ TROTH_EV_EFI_HANDOFF_TABLES, "EV_EFI_HANDOFF_TABLES" },
	{ TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB2, "EV_EFI_PLATFORM_FIRMWARE_BLOB2" },
	{ TROTH_EV_EFI_HANDOFF_TABLES2, "EV_EFI_HANDOFF_TABLES2" },
	{ TROTH_EV_EFI_VARIABLE_BOOT2, "EV_EFI_VARIABLE_BOOT2" },
	{ TROTH_EV_EFI_HCRTM_EVENT, "EV_EFI_HCRTM_EVENT" },
	{ TROTH_EV_EFI_VARIABLE_AUTHORITY, "EV_EFI_VARIABLE_AUTHORITY" },
	{ TROTH_EV_EFI_SPDM_FIRMWARE_BLOB, "EV_EFI_SPDM_FIRMWARE_BLOB" },
	{ TROTH_EV_EFI_SPDM_FIRMWARE_CONFIG, "EV_EFI_SPDM_FIRMWARE_CONFIG" },
	{ TROTH_EV_EFI_SPDM_DEVICE_POLICY, "EV_EFI_SPDM_DEVICE_POLICY" },
	{ TROTH_EV_EFI_SPDM_DEVICE_AUTHORITY, "EV_EFI_SPDM_DEVICE_AUTHORITY" },
	{ TROTH_EV_SYSTEMD_OTHER, "systemd-other" },
	{ TROTH_EV_SYSTEMD_PHASE, "systemd-phase" },
	{ TROTH_EV_SYSTEMD_MACHINE_ID, "systemd-machine-id" },
	{ TROTH_EV_SYSTEMD_FILE_SYSTEM, "systemd-file-system" },
	{ TROTH_EV_SYSTEMD_VOLUME_KEY, "systemd-volume-key" },
};

const char *troth_event_type_name(uint32_t type)
{
	for (size_t i = 0; i < TROTH_COUNT(TYPES); i++)
		if (TYPES[i].type == type)
			return TYPES[i].name;
	return NULL;
}

bool troth_event_type_is_systemd(uint32_t type)
{
	return type >= TROTH_EV_SYSTEMD_FIRST && type <= TROTH_EV_SYSTEMD_LAST;
}

bool troth_event_is_informative(const struct troth_event *ev)
{
	return ev->type == TROTH_EV_NO_ACTION;
}

bool troth_event_extends(const struct troth_event *ev)
{
	return ev->pcr < TROTH_PCR_COUNT && !troth_event_is_informative(ev);
}

struct troth_view troth_event_digest(const struct troth_log *log, const struct troth_event *ev,
				     enum troth_hash bank)
{
	for (size_t i = 0; i < log->header.n_algs; i++)
		if (log->header.algs[i].hash == bank && bank != TROTH_HASH_NONE)
			return ev->digests[i];
	return (struct troth_view){ 0 };
}

/* One row of the Spec ID event's algorithm table. Digest sizes come from here, so a size that
 * contradicts a known algorithm would shift everything behind it. */
static enum troth_status get_alg(struct troth_reader *r, struct troth_log_header *hdr)
{
	struct troth_log_alg alg = { 0 };
	if (!troth_get_u16le(r, &alg.id) || !troth_get_u16le(r, &alg.size))
		return TROTH_E_MALFORMED;
	alg.hash = troth_hash_from_tpm(alg.id);
	if (alg.size == 0 || alg.size > TROTH_DIGEST_MAX)
		return TROTH_E_MALFORMED;
	if (alg.hash != TROTH_HASH_NONE && alg.size != troth_hash_size(alg.hash))
		return TROTH_E_MALFORMED;
	for (size_t i = 0; i < hdr->n_algs; i++)
		if (hdr->algs[i].id == alg.id)
			return TROTH_E_MALFORMED;
	hdr->algs[hdr->n_algs++] = alg;
	return TROTH_OK;
}

/* PFP 1.05, 10.4.5.1: TCG_EfiSpecIdEvent behind its signature. The record is whole, so a field
 * that does not fit contradicts it, except vendorInfo: some firmware counts it in neither the
 * record's size nor elsewhere, and missing is how much of it lies behind the record. */
static enum troth_status get_spec_id(struct troth_reader r, struct troth_log_header *out,
				     struct troth_view *vendor, size_t *missing)
{
	struct troth_log_header hdr = { .format = TROTH_LOG_CRYPTO_AGILE };
	struct troth_view versions;
	uint32_t platform_class, n_algs;
	uint8_t vendor_len;

	if (!troth_get_u32le(&r, &platform_class) || !troth_get_view(&r, 4, &versions) ||
	    !troth_get_u32le(&r, &n_algs))
		return TROTH_E_MALFORMED;
	if (n_algs == 0)
		return TROTH_E_MALFORMED;
	if (n_algs > TROTH_BANKS_MAX)
		return TROTH_E_LIMIT;
	for (uint32_t i = 0; i < n_algs; i++)
		TROTH_TRY(get_alg(&r, &hdr));
	if (!troth_get_u8(&r, &vendor_len) || r.left.n > vendor_len)
		return TROTH_E_MALFORMED;
	*vendor = r.left;
	*missing = vendor_len - r.left.n;
	*out = hdr;
	return TROTH_OK;
}

static bool only_sha384(const struct troth_log_header *hdr)
{
	return hdr->n_algs == 1 && hdr->algs[0].hash == TROTH_HASH_SHA384;
}

/* The run-time registers of confidential VMs are SHA-384. EDK II puts the header of their log
 * into register 1, where no TPM's log begins; td-shim names itself. */
static bool is_cc_header(const struct troth_log_header *hdr, const struct troth_event *ev,
			 struct troth_view vendor)
{
	return only_sha384(hdr) &&
	       (ev->pcr == 1 || troth_view_equal(vendor, troth_view_str("td-shim")));
}

static bool all_bytes(struct troth_view v, uint8_t byte)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != byte)
			return false;
	return true;
}

/* Reads TCG_PCR_EVENT, the record of the SHA-1-only format, which also opens a crypto-agile log
 * (PFP 1.05, 10.2.1). */
static enum troth_status get_sha1_event(struct troth_reader *log, struct troth_event *out)
{
	struct troth_reader r = *log;
	struct troth_event ev = { 0 };
	uint32_t n_data;

	if (!troth_get_u32le(&r, &ev.pcr) || !troth_get_u32le(&r, &ev.type) ||
	    !troth_get_view(&r, SHA1_SIZE, &ev.digests[0]) || !troth_get_u32le(&r, &n_data) ||
	    !troth_get_view(&r, n_data, &ev.data))
		return TROTH_E_TRUNCATED;
	if (ev.pcr >= TROTH_PCR_COUNT)
		ev.quirks |= TROTH_QUIRK_PCR_INDEX;
	*log = r;
	*out = ev;
	return TROTH_OK;
}

/* Stores one digest in the slot of its algorithm. An algorithm the header does not declare, or
 * one that comes twice, is refused; which banks an event left out is kept. */
static enum troth_status get_digest(struct troth_reader *r, const struct troth_log_header *hdr,
				    struct troth_event *ev)
{
	uint16_t id;
	if (!troth_get_u16le(r, &id))
		return TROTH_E_TRUNCATED;

	size_t i = 0;
	while (i < hdr->n_algs && hdr->algs[i].id != id)
		i++;
	if (i == hdr->n_algs || ev->digests[i].n != 0)
		return TROTH_E_MALFORMED;
	return troth_get_view(r, hdr->algs[i].size, &ev->digests[i]) ? TROTH_OK
								     : TROTH_E_TRUNCATED;
}

/* PFP 1.05, 10.2.2: TCG_PCR_EVENT2. */
static enum troth_status get_agile_event(struct troth_reader *log,
					 const struct troth_log_header *hdr,
					 struct troth_event *out)
{
	struct troth_reader r = *log; /* committed only if the whole event is sound */
	struct troth_event ev = { 0 };
	uint32_t n_digests, n_data;

	if (!troth_get_u32le(&r, &ev.pcr) || !troth_get_u32le(&r, &ev.type) ||
	    !troth_get_u32le(&r, &n_digests))
		return TROTH_E_TRUNCATED;
	if (n_digests == 0 || n_digests > hdr->n_algs)
		return TROTH_E_MALFORMED;
	if (ev.pcr >= TROTH_PCR_COUNT) /* Windows writes 0xffffffff */
		ev.quirks |= TROTH_QUIRK_PCR_INDEX;
	if (n_digests < hdr->n_algs) /* the banks left out stay unextended */
		ev.quirks |= TROTH_QUIRK_FEWER_DIGESTS;

	for (uint32_t i = 0; i < n_digests; i++)
		TROTH_TRY(get_digest(&r, hdr, &ev));

	if (!troth_get_u32le(&r, &n_data) || !troth_get_view(&r, n_data, &ev.data))
		return TROTH_E_TRUNCATED;

	*log = r;
	*out = ev;
	return TROTH_OK;
}

/* What the Spec ID event of a crypto-agile log says. Vendor bytes behind the record are taken
 * off the log only where they lead to an event: nothing else tells them from a wrong length. */
static enum troth_status take_spec_id(struct troth_reader *log, struct troth_reader data,
				      struct troth_log_header *hdr, struct troth_event *ev)
{
	struct troth_view vendor, past;
	struct troth_event next;
	size_t missing;
	TROTH_TRY(get_spec_id(data, hdr, &vendor, &missing));
	if (missing > 0) {
		struct troth_reader behind = *log;
		if (!troth_get_view(&behind, missing, &past))
			return TROTH_E_MALFORMED;
		*log = behind;
		if (get_agile_event(&behind, hdr, &next) != TROTH_OK)
			return TROTH_E_MALFORMED;
		ev->quirks |= TROTH_QUIRK_VENDOR_BYTES;
	}
	if (is_cc_header(hdr, ev, vendor))
		ev->quirks |= TROTH_QUIRK_CC_REGISTERS;
	if (ev->pcr != 0 || !all_bytes(ev->digests[0], 0))
		ev->quirks |= TROTH_QUIRK_SPEC_ID_FIELDS;
	ev->digests[0] = (struct troth_view){ 0 };
	return TROTH_OK;
}

/* Reads the first record and learns the format from it. Its digest counts in a SHA-1-only log;
 * a Spec ID event extends nothing. */
static enum troth_status get_first(struct troth_reader *log, struct troth_log_header *hdr,
				   struct troth_event *out)
{
	static const struct troth_log_header SHA1_ONLY = {
		TROTH_LOG_SHA1, 1, { { TPM2_ALG_SHA1, 20, TROTH_HASH_SHA1 } }
	};
	/* Signatures count with their final NUL. */
	static const char AGILE[16] = "Spec ID Event03", EFI[16] = "Spec ID Event02",
			  BIOS[16] = "Spec ID Event00";
	struct troth_reader r = *log;
	struct troth_view signature;
	struct troth_event ev;

	TROTH_TRY(get_sha1_event(&r, &ev));
	*hdr = SHA1_ONLY;
	struct troth_reader data = { ev.data };
	if (ev.type != TROTH_EV_NO_ACTION || !troth_get_view(&data, sizeof AGILE, &signature))
		signature = (struct troth_view){ 0 };
	if (troth_view_equal(signature, TROTH_VIEW_OF(AGILE)))
		TROTH_TRY(take_spec_id(&r, data, hdr, &ev));
	else if (!troth_view_equal(signature, TROTH_VIEW_OF(EFI)) &&
		 !troth_view_equal(signature, TROTH_VIEW_OF(BIOS)))
		ev.quirks |= TROTH_QUIRK_NO_SPEC_ID;
	*log = r;
	*out = ev;
	return TROTH_OK;
}

/* Length of the run of 0x00 or 0xff the log ends with. Measured once, from the end: looking for
 * it at each record would make a log of zeros quadratic. */
static size_t padding_len(struct troth_view bytes)
{
	size_t n = 0;
	uint8_t last = bytes.n > 0 ? bytes.p[bytes.n - 1] : 1;
	if (last == 0x00 || last == 0xff)
		while (n < bytes.n && bytes.p[bytes.n - 1 - n] == last)
			n++;
	return n;
}

/* Makes sure that one more event fits behind the last. */
static enum troth_status reserve(struct troth_log *log, size_t *room)
{
	if (log->n_events == TROTH_LOG_EVENTS_MAX)
		return TROTH_E_LIMIT;
	if (log->n_events < *room)
		return TROTH_OK;
	/* A record of three banks has at least 120 bytes: mostly once is enough. */
	size_t wanted = *room == 0 ? 16 + log->bytes.n / 120 : *room * 2;
	if (wanted > TROTH_LOG_EVENTS_MAX)
		wanted = TROTH_LOG_EVENTS_MAX;
	struct troth_event *grown = realloc(log->events, wanted * sizeof *grown);
	if (grown == NULL)
		return TROTH_E_MEMORY;
	log->events = grown;
	*room = wanted;
	return TROTH_OK;
}

static bool measures_something(const struct troth_log *log)
{
	for (size_t i = 0; i < log->n_events; i++)
		if (troth_event_extends(&log->events[i]))
			return true;
	return false;
}

/* Reads the next record, whichever it is, into its place in the array. */
static enum troth_status read_record(struct troth_reader *r, struct troth_log *log,
				     size_t *room)
{
	TROTH_TRY(reserve(log, room));
	struct troth_event *ev = &log->events[log->n_events];
	if (log->n_events == 0)
		TROTH_TRY(get_first(r, &log->header, ev));
	else if (log->header.format == TROTH_LOG_SHA1)
		TROTH_TRY(get_sha1_event(r, ev));
	else
		TROTH_TRY(get_agile_event(r, &log->header, ev));
	if (troth_event_type_is_systemd(ev->type))
		return TROTH_E_MALFORMED;
	ev->index = (uint32_t)log->n_events++;
	log->quirks |= ev->quirks;
	return TROTH_OK;
}

/* Fills in the log from its bytes; *r stays where the record that failed begins. */
static enum troth_status parse(struct troth_reader *r, struct troth_log *log)
{
	const size_t n_padding = padding_len(log->bytes);
	size_t room = 0;

	if (r->left.n > 0 && r->left.n == n_padding)
		return TROTH_E_MALFORMED;
	do {
		TROTH_TRY(read_record(r, log, &room));
	} while (r->left.n > n_padding);
	if (!troth_at_end(r))
		log->quirks |= TROTH_QUIRK_TRAILING_PADDING;
	if ((log->quirks & TROTH_QUIRK_NO_SPEC_ID) != 0 && !measures_something(log))
		return TROTH_E_MALFORMED;
	return TROTH_OK;
}

enum troth_status troth_log_parse(struct troth_view bytes, struct troth_log *out)
{
	struct troth_log log = { .bytes = bytes };
	struct troth_reader r = { bytes };

	enum troth_status status = bytes.n > (size_t)TROTH_LOG_MAX ? TROTH_E_LIMIT
								   : parse(&r, &log);
	log.error_offset = bytes.n - r.left.n;
	if (status != TROTH_OK) {
		out->error_offset = log.error_offset;
		troth_log_release(&log);
		return status;
	}
	*out = log;
	return TROTH_OK;
}

void troth_log_release(struct troth_log *log)
{
	free(log->events);
	*log = (struct troth_log){ 0 };
}
