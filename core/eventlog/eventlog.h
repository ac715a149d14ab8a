/* SPDX-License-Identifier: Apache-2.0 */
/* TCG event logs: records and replay.
 *
 * Both formats are read: the SHA-1-only one and the crypto-agile one (TCG PC Client PFP 1.05
 * r23, section 10). Parsing reads in one pass, borrows from the log and allocates nothing per
 * event. Nothing here believes event data; facts.h does, where a digest proves it. Whatever
 * deviates from the specification and is tolerated has a name (quirk.h). */
#ifndef TROTH_CORE_EVENTLOG_H
#define TROTH_CORE_EVENTLOG_H

#include "hash.h"
#include "pcr.h"
#include "quirk.h"

enum troth_log_format { TROTH_LOG_SHA1, TROTH_LOG_CRYPTO_AGILE };

/* Event types (PFP 1.05, 10.4.1; TCG EFI Platform 1.22, 7.2). */
#define TROTH_EV_PREBOOT_CERT 0x00000000U
#define TROTH_EV_POST_CODE 0x00000001U
#define TROTH_EV_NO_ACTION 0x00000003U
#define TROTH_EV_SEPARATOR 0x00000004U
#define TROTH_EV_ACTION 0x00000005U
#define TROTH_EV_EVENT_TAG 0x00000006U
#define TROTH_EV_S_CRTM_CONTENTS 0x00000007U
#define TROTH_EV_S_CRTM_VERSION 0x00000008U
#define TROTH_EV_CPU_MICROCODE 0x00000009U
#define TROTH_EV_PLATFORM_CONFIG_FLAGS 0x0000000aU
#define TROTH_EV_TABLE_OF_DEVICES 0x0000000bU
#define TROTH_EV_COMPACT_HASH 0x0000000cU
#define TROTH_EV_IPL 0x0000000dU
#define TROTH_EV_IPL_PARTITION_DATA 0x0000000eU
#define TROTH_EV_NONHOST_CODE 0x0000000fU
#define TROTH_EV_NONHOST_CONFIG 0x00000010U
#define TROTH_EV_NONHOST_INFO 0x00000011U
#define TROTH_EV_OMIT_BOOT_DEVICE_EVENTS 0x00000012U
#define TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG 0x80000001U
#define TROTH_EV_EFI_VARIABLE_BOOT 0x80000002U
#define TROTH_EV_EFI_BOOT_SERVICES_APPLICATION 0x80000003U
#define TROTH_EV_EFI_BOOT_SERVICES_DRIVER 0x80000004U
#define TROTH_EV_EFI_RUNTIME_SERVICES_DRIVER 0x80000005U
#define TROTH_EV_EFI_GPT_EVENT 0x80000006U
#define TROTH_EV_EFI_ACTION 0x80000007U
#define TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB 0x80000008U
#define TROTH_EV_EFI_HANDOFF_TABLES 0x80000009U
#define TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB2 0x8000000aU
#define TROTH_EV_EFI_HANDOFF_TABLES2 0x8000000bU
#define TROTH_EV_EFI_VARIABLE_BOOT2 0x8000000cU
#define TROTH_EV_EFI_HCRTM_EVENT 0x80000010U
#define TROTH_EV_EFI_VARIABLE_AUTHORITY 0x800000e0U
#define TROTH_EV_EFI_SPDM_FIRMWARE_BLOB 0x800000e1U
#define TROTH_EV_EFI_SPDM_FIRMWARE_CONFIG 0x800000e2U
#define TROTH_EV_EFI_SPDM_DEVICE_POLICY 0x800000e3U
#define TROTH_EV_EFI_SPDM_DEVICE_AUTHORITY 0x800000e4U

/* Types of our own for what systemd measures (whole_log.h). No firmware has them: a log that
 * names one is refused. */
#define TROTH_EV_SYSTEMD_FIRST 0x53590000U
#define TROTH_EV_SYSTEMD_OTHER 0x53590000U
#define TROTH_EV_SYSTEMD_PHASE 0x53590001U
#define TROTH_EV_SYSTEMD_MACHINE_ID 0x53590002U
#define TROTH_EV_SYSTEMD_FILE_SYSTEM 0x53590003U
#define TROTH_EV_SYSTEMD_VOLUME_KEY 0x53590004U
#define TROTH_EV_SYSTEMD_LAST 0x53590004U

struct troth_log_alg {
	uint16_t id;	      /* TPM_ALG_ID as declared */
	uint16_t size;	      /* bytes, from the log's own table */
	enum troth_hash hash; /* NONE: carried, not replayed */
};

struct troth_log_header {
	enum troth_log_format format;
	size_t n_algs;
	struct troth_log_alg algs[TROTH_BANKS_MAX];
};

struct troth_event {
	uint32_t index; /* first record is 0 */
	uint32_t pcr;
	uint32_t type;
	struct troth_view
		digests[TROTH_BANKS_MAX]; /* slot i is header.algs[i]; empty: left out */
	struct troth_view data;
	uint32_t quirks;
};

/* A parsed log. Owned arrays; views borrow from the log's bytes. */
struct troth_log {
	struct troth_view bytes;
	struct troth_log_header header;
	size_t n_events; /* records, the first included */
	struct troth_event *events;
	uint32_t quirks;     /* all seen */
	size_t error_offset; /* start of the record parsing failed in; set even on failure */
};

/* Parses the whole log. On failure out->error_offset alone is set. TROTH_E_LIMIT past
 * TROTH_LOG_MAX or TROTH_LOG_EVENTS_MAX. An empty input is TROTH_E_TRUNCATED. A log
 * without Spec ID and without one event that extends a PCR is TROTH_E_MALFORMED:
 * nothing says it is a log. */
TROTH_NODISCARD enum troth_status troth_log_parse(struct troth_view bytes,
						  struct troth_log *out);
/* Accepts a zeroed log. */
void troth_log_release(struct troth_log *log);

/* The event's digest in a bank; empty when left out or the bank is not declared. */
struct troth_view troth_event_digest(const struct troth_log *log, const struct troth_event *ev,
				     enum troth_hash bank);

struct troth_replay {
	struct troth_pcr_values values; /* only PCRs that an event extended, banks likewise */
	uint32_t quirks;
};
/* Replays every declared bank we can hash. StartupLocality and H-CRTM start values honoured
 * (PFP 1.05, 10.4.5.3): the first that comes before PCR 0 is extended, no later one.
 * TROTH_E_CRYPTO only. */
TROTH_NODISCARD enum troth_status
troth_log_replay(struct troth_ctx *ctx, const struct troth_log *log, struct troth_replay *out);
/* The same for the banks of a selection only: what an appraisal needs. NULL selects all. */
TROTH_NODISCARD enum troth_status
troth_log_replay_banks(struct troth_ctx *ctx, const struct troth_log *log,
		       const struct troth_pcr_selection *banks, struct troth_replay *out);

/* "EV_SEPARATOR"; "EV_0x%08x"-like names are the caller's: NULL when unknown. */
const char *troth_event_type_name(uint32_t type);
/* True for the types of systemd's events. */
TROTH_NODISCARD bool troth_event_type_is_systemd(uint32_t type);
/* True for events that extend nothing (EV_NO_ACTION). */
TROTH_NODISCARD bool troth_event_is_informative(const struct troth_event *ev);
/* True for events that extend a PCR there is. */
TROTH_NODISCARD bool troth_event_extends(const struct troth_event *ev);
/* Writes the value PCRs have before the first event: zero, and 0xff for 17 to 22 (TPM 2.0 PC
 * Client, 4.6.2), troth_hash_size(bank) bytes. */
void troth_pcr_initial(enum troth_hash bank, uint32_t pcr, uint8_t out[TROTH_DIGEST_MAX]);

#endif
