/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_vector.h"

#include "base.h"
#include "verdict.h"

/* Values of AR4SI 2.3.1 and 2.3.4, by what they say. */
enum {
	NO_ASSERTION = 0,
	CANNOT_EVALUATE = 1,
	APPROVED = 2,
	APPROVED_BOOT_ONLY = 3, /* executables; of configuration: no known vulnerability */
	DOUBTFUL = 32,
	CONTRA = 96,
	UNRECOGNISED = 97,
	CRYPTO_FAILED = 99
};

#define IDENTITY TROTH_CLAIM_INSTANCE_IDENTITY
#define CONFIGURATION TROTH_CLAIM_CONFIGURATION
#define EXECUTABLES TROTH_CLAIM_EXECUTABLES
#define FILE_SYSTEM TROTH_CLAIM_FILE_SYSTEM
#define HARDWARE TROTH_CLAIM_HARDWARE

static const char *const NAMES[TROTH_CLAIM_N] = {
	"instance-identity", "configuration",  "executables",	 "file-system",
	"hardware",	     "runtime-opaque", "storage-opaque", "sourced-data",
};

const char *troth_claim_name(enum troth_claim claim)
{
	return (unsigned int)claim < TROTH_CLAIM_N ? NAMES[claim] : "unknown";
}

enum troth_tier troth_claim_tier(int8_t value)
{
	if (value >= -1 && value <= 1)
		return TROTH_TIER_NONE;
	if (value >= -32 && value <= 31)
		return TROTH_TIER_AFFIRMING;
	if (value >= -96 && value <= 95)
		return TROTH_TIER_WARNING;
	return TROTH_TIER_CONTRAINDICATED;
}

/* What a measurement speaks of, by the PCR it is in (PFP 1.05, 2.3.4; UAPI PCR registry): the
 * firmware's and option ROMs' code is the hardware's; settings, keys, partitions and command
 * lines are configuration; everything else is code that ran. */
static enum troth_claim claim_of_pcr(int32_t pcr)
{
	static const uint32_t FIRMWARE = 1U << 0 | 1U << 2;
	static const uint32_t SETTINGS = 1U << 1 | 1U << 3 | 1U << 5 | 1U << 6 | 1U << 7 |
					 1U << 8 | 1U << 12 | 1U << 14 | 1U << 15;
	if (pcr < 0 || pcr >= (int32_t)TROTH_PCR_COUNT)
		return EXECUTABLES;
	if ((FIRMWARE & 1U << pcr) != 0)
		return HARDWARE;
	return (SETTINGS & 1U << pcr) != 0 ? CONFIGURATION : EXECUTABLES;
}

/* Codes that speak of a claim whatever their PCR. A code without a row speaks against the
 * claim of its PCR. */
static const struct {
	enum troth_finding_code first, last; /* a range of codes, both included */
	enum troth_claim claim;
	int8_t value;
} ROWS[] = {
	{ TROTH_FINDING_TOKEN_EXPIRED, TROTH_FINDING_TOKEN_SPENT, IDENTITY, CANNOT_EVALUATE },
	{ TROTH_FINDING_CLOCK_RANGE, TROTH_FINDING_ROLLBACK, IDENTITY, CONTRA },
	{ TROTH_FINDING_COUNTERS_REWOUND, TROTH_FINDING_COUNTERS_REWOUND, IDENTITY,
	  CANNOT_EVALUATE },
	{ TROTH_FINDING_MESSAGE_MALFORMED, TROTH_FINDING_POSSESSION, IDENTITY, CRYPTO_FAILED },
	{ TROTH_FINDING_LOG_MISSING, TROTH_FINDING_LOG_WEAK_BANK, EXECUTABLES, CRYPTO_FAILED },
	{ TROTH_FINDING_IMA_LOG_MISSING, TROTH_FINDING_IMA_WEAK_BANK, EXECUTABLES,
	  CRYPTO_FAILED },
	{ TROTH_FINDING_SYSTEMD_LOG_MALFORMED, TROTH_FINDING_SYSTEMD_LOG_MALFORMED, EXECUTABLES,
	  CRYPTO_FAILED },
	{ TROTH_FINDING_UNEXPLAINED_RESET, TROTH_FINDING_UNEXPLAINED_RESET, IDENTITY, CONTRA },
	{ TROTH_FINDING_SECURE_BOOT_OFF, TROTH_FINDING_SECURE_BOOT_UNPROVEN, CONFIGURATION,
	  CONTRA },
	{ TROTH_FINDING_EK_CERT_MISSING, TROTH_FINDING_EK_CERT_MISSING, HARDWARE,
	  CANNOT_EVALUATE },
	{ TROTH_FINDING_EK_CERT_EXPIRED, TROTH_FINDING_EK_CERT_EXPIRED, HARDWARE, DOUBTFUL },
	{ TROTH_FINDING_EK_NOT_IN_INVENTORY, TROTH_FINDING_EK_NOT_IN_INVENTORY, IDENTITY,
	  UNRECOGNISED },
	{ TROTH_FINDING_EK_CERT_MALFORMED, TROTH_FINDING_EK_KEY_SIZE, HARDWARE, UNRECOGNISED },
	{ TROTH_FINDING_EK_TEMPLATE, TROTH_FINDING_AK_TAKEN, IDENTITY, CONTRA },
	{ TROTH_FINDING_TPM_FIRMWARE, TROTH_FINDING_TPM_FIRMWARE, HARDWARE, CONTRA },
};

static int8_t generic_value(enum troth_claim claim, enum troth_tier severity)
{
	switch (severity) {
	case TROTH_TIER_AFFIRMING: return NO_ASSERTION;
	case TROTH_TIER_NONE: return CANNOT_EVALUATE;
	case TROTH_TIER_WARNING: return DOUBTFUL;
	case TROTH_TIER_CONTRAINDICATED: break;
	}
	return claim == HARDWARE ? UNRECOGNISED : CONTRA;
}

bool troth_claim_of_finding(enum troth_finding_code code, int32_t pcr,
			    enum troth_claim *out_claim, int8_t *out_value)
{
	const enum troth_tier severity = troth_finding_severity(code);
	if (code == TROTH_FINDING_NONE || severity == TROTH_TIER_AFFIRMING)
		return false;
	for (size_t i = 0; i < TROTH_COUNT(ROWS); i++) {
		if (code < ROWS[i].first || code > ROWS[i].last)
			continue;
		*out_claim = ROWS[i].claim;
		*out_value = ROWS[i].value;
		return true;
	}
	*out_claim = claim_of_pcr(pcr);
	*out_value = generic_value(*out_claim, severity);
	return true;
}

/* Order in which values displace one another: affirming, then what could not be evaluated, then
 * warnings, then contraindications; within a tier the higher value. */
static unsigned int badness(int8_t value)
{
	const unsigned int within = value < 0 ? (unsigned int)-value : (unsigned int)value;
	switch (troth_claim_tier(value)) {
	case TROTH_TIER_AFFIRMING: return 256 + within;
	case TROTH_TIER_NONE: return value == NO_ASSERTION ? 0 : 2 * 256 + within;
	case TROTH_TIER_WARNING: return 3 * 256 + within;
	case TROTH_TIER_CONTRAINDICATED: break;
	}
	return 4 * 256 + within;
}

static void speak_against(struct troth_trust_vector *v, enum troth_claim claim, int8_t value)
{
	if (badness(value) > badness(v->claim[claim]))
		v->claim[claim] = value;
}

/* A check may weigh a finding otherwise than its code does by itself. */
static void take_finding(struct troth_trust_vector *v, const struct troth_finding *f)
{
	enum troth_claim claim;
	int8_t value;
	if (!troth_claim_of_finding(f->code, f->pcr, &claim, &value)) {
		claim = claim_of_pcr(f->pcr);
		value = NO_ASSERTION;
	}
	if (f->severity != troth_finding_severity(f->code))
		value = generic_value(claim, f->severity);
	speak_against(v, claim, value);
}

/* What was compared with something and found equal. A PCR that holds nothing is explained, too,
 * but says nothing of what it would hold. */
static bool explained(const struct troth_coverage *c, uint32_t pcr)
{
	return (((c->pcrs_matched & ~c->pcrs_empty) | c->pcrs_golden) & 1U << pcr) != 0;
}

static void affirm(struct troth_trust_vector *v, const struct troth_trust_case *c)
{
	const struct troth_coverage *coverage = c->coverage;
	if (c->recognised)
		v->claim[IDENTITY] = APPROVED;
	if (c->recognised && explained(coverage, 0))
		v->claim[HARDWARE] = APPROVED;
	if (explained(coverage, 7))
		v->claim[CONFIGURATION] = APPROVED;
	else if (coverage->secure_boot_checked)
		v->claim[CONFIGURATION] = APPROVED_BOOT_ONLY;
	if (explained(coverage, 4))
		v->claim[EXECUTABLES] = coverage->ima_checked ? APPROVED : APPROVED_BOOT_ONLY;
	if (coverage->ima_checked)
		v->claim[FILE_SYSTEM] = APPROVED;
}

/* A list with a finding shows more than approved files, whichever claim the finding is of. */
static void take_file(struct troth_trust_vector *v, const struct troth_finding *f)
{
	if (v->claim[FILE_SYSTEM] == NO_ASSERTION || f->severity == TROTH_TIER_AFFIRMING ||
	    f->code < TROTH_FINDING_IMA_LOG_MISSING || f->code > TROTH_FINDING_IMA_LIST_MISSING)
		return;
	speak_against(v, FILE_SYSTEM,
		      f->severity == TROTH_TIER_NONE ? CANNOT_EVALUATE : DOUBTFUL);
}

struct troth_trust_vector troth_trust_vector_make(const struct troth_trust_case *c)
{
	struct troth_trust_vector v = { 0 };
	affirm(&v, c);
	for (size_t i = 0; i < c->findings->n; i++) {
		take_finding(&v, &c->findings->list[i]);
		take_file(&v, &c->findings->list[i]);
	}
	if (c->findings->n_dropped == 0)
		return v;
	speak_against(&v, EXECUTABLES, CONTRA); /* the worst may be among them */
	if (v.claim[FILE_SYSTEM] != NO_ASSERTION)
		speak_against(&v, FILE_SYSTEM, DOUBTFUL);
	return v;
}

/* The draft's sentences of 2.3.4, in our words. */
static const struct {
	enum troth_claim claim;
	int8_t value;
	const char *words;
} WORDS[] = {
	{ IDENTITY, 2, "this very device is recognised" },
	{ IDENTITY, 96, "recognised, and not to be trusted" },
	{ IDENTITY, 97, "not recognised though it should be" },
	{ CONFIGURATION, 2, "known and approved" },
	{ CONFIGURATION, 3, "nothing speaks against it" },
	{ CONFIGURATION, 32, "doubtful" },
	{ CONFIGURATION, 96, "unacceptable" },
	{ EXECUTABLES, 2, "only approved code ran, during boot and after" },
	{ EXECUTABLES, 3, "only approved code ran during boot; later is not known" },
	{ EXECUTABLES, 32, "recognised, some of it doubtful" },
	{ EXECUTABLES, 33, "code ran that is not recognised" },
	{ EXECUTABLES, 96, "code ran that nobody approved" },
	{ TROTH_CLAIM_FILE_SYSTEM, 2, "only approved files were used" },
	{ TROTH_CLAIM_FILE_SYSTEM, 32, "files were used that are not recognised" },
	{ TROTH_CLAIM_FILE_SYSTEM, 96, "files were used that are forbidden" },
	{ HARDWARE, 2, "genuine, with known firmware" },
	{ HARDWARE, 32, "genuine, with known weaknesses" },
	{ HARDWARE, 96, "recognised, and not to be trusted" },
	{ HARDWARE, 97, "hardware or firmware that is not recognised" },
};

const char *troth_claim_words(enum troth_claim claim, int8_t value)
{
	for (size_t i = 0; i < TROTH_COUNT(WORDS); i++)
		if (WORDS[i].claim == claim && WORDS[i].value == value)
			return WORDS[i].words;
	switch (value) {
	case NO_ASSERTION: return "no assertion";
	case CANNOT_EVALUATE: return "part of the evidence could not be evaluated";
	case -1: return "the verifier failed";
	case CRYPTO_FAILED: return "the evidence does not hold cryptographically";
	default: break;
	}
	return troth_tier_name(troth_claim_tier(value));
}

enum troth_tier troth_trust_status(enum troth_tier verdict, const struct troth_trust_vector *v)
{
	enum troth_tier worst = verdict;
	for (size_t i = 0; i < TROTH_CLAIM_N; i++) {
		const enum troth_tier tier = troth_claim_tier(v->claim[i]);
		if (v->claim[i] != NO_ASSERTION &&
		    troth_tier_rank(tier) > troth_tier_rank(worst))
			worst = tier;
	}
	return worst;
}

int troth_status_number(enum troth_tier status)
{
	switch (status) {
	case TROTH_TIER_AFFIRMING: return 2;
	case TROTH_TIER_WARNING: return 32;
	case TROTH_TIER_CONTRAINDICATED: return 96;
	case TROTH_TIER_NONE: break;
	}
	return 0;
}
