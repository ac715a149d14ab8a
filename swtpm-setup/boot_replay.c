/* SPDX-License-Identifier: Apache-2.0 */
/* troth-boot-replay: brings a TPM's PCRs into the state of a recorded boot.
 *
 * Every event of a firmware event log is extended into an emulated TPM, as that machine's
 * firmware did. One component may be changed on the way: in the log and the PCRs alike (another
 * boot), or in one of them only (a forgery). */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include "base.h"
#include "file.h"
#include "ima.h"
#include "reader.h"
#include "tamper.h"
#include "text.h"
#include "version.h"

static const char USAGE[] =
	"Usage: troth-boot-replay --tcti CONF --log FILE [OPTION]...\n"
	"\n"
	"  --tcti CONF          the TPM, started without TPM2_Startup (swtpm:path=SOCKET)\n"
	"  --log FILE           firmware event log to replay\n"
	"  --log-out FILE       where the log that this boot shows is written\n"
	"  --tamper KIND        change one component: firmware, boot-loader, extra-image,\n"
	"                       command-line, initrd, secure-boot-off\n"
	"  --tamper-in WHERE    both (default), log or pcrs\n"
	"  --ima FILE           IMA list to replay behind it; alone with --no-startup\n"
	"  --ima-from N         from its N-th entry on (0: the first)\n"
	"  --no-startup         the TPM has been started\n"
	"\n"
	"Exit status: 0 done, 1 the log cannot be replayed, 2 usage, 4 the TPM failed.\n";

struct arguments {
	const char *tcti, *log, *log_out, *ima;
	uint64_t ima_from;
	enum troth_tamper tamper;
	bool in_log, in_pcrs, startup;
};

static bool read_where(const char *where, struct arguments *a)
{
	a->in_log = strcmp(where, "both") == 0 || strcmp(where, "log") == 0;
	a->in_pcrs = strcmp(where, "both") == 0 || strcmp(where, "pcrs") == 0;
	return a->in_log || a->in_pcrs;
}

enum {
	OPTION_TCTI = 256,
	OPTION_LOG,
	OPTION_OUT,
	OPTION_TAMPER,
	OPTION_WHERE,
	OPTION_STARTED,
	OPTION_IMA,
	OPTION_IMA_FROM,
	OPTION_HELP
};

static const struct option OPTIONS[] = {
	{ "tcti", required_argument, NULL, OPTION_TCTI },
	{ "log", required_argument, NULL, OPTION_LOG },
	{ "log-out", required_argument, NULL, OPTION_OUT },
	{ "tamper", required_argument, NULL, OPTION_TAMPER },
	{ "tamper-in", required_argument, NULL, OPTION_WHERE },
	{ "no-startup", no_argument, NULL, OPTION_STARTED },
	{ "ima", required_argument, NULL, OPTION_IMA },
	{ "ima-from", required_argument, NULL, OPTION_IMA_FROM },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ 0 },
};

/* 0: go on; else exit code + 1. */
static int read_arguments(int argc, char **argv, struct arguments *a)
{
	int option;
	*a = (struct arguments){ .in_log = true, .in_pcrs = true, .startup = true };
	while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		switch (option) {
		case OPTION_TCTI: a->tcti = optarg; break;
		case OPTION_LOG: a->log = optarg; break;
		case OPTION_OUT: a->log_out = optarg; break;
		case OPTION_TAMPER:
			a->tamper = troth_tamper_from_name(troth_view_str(optarg));
			break;
		case OPTION_WHERE:
			if (!read_where(optarg, a))
				a->tcti = NULL;
			break;
		case OPTION_STARTED: a->startup = false; break;
		case OPTION_IMA: a->ima = optarg; break;
		case OPTION_IMA_FROM:
			if (!troth_parse_u64(troth_view_str(optarg), UINT32_MAX, &a->ima_from))
				a->tcti = NULL;
			break;
		case OPTION_HELP: fputs(USAGE, stdout); return 1;
		default: a->tcti = NULL; break;
		}
	}
	const bool has_work = a->log != NULL || (a->ima != NULL && !a->startup);
	if (a->tcti != NULL && has_work && a->tamper < TROTH_TAMPER_N && optind == argc)
		return 0;
	fputs(USAGE, stderr);
	return 2 + 1;
}

/* What a boot is made of. */
struct boot {
	const struct arguments *a;
	struct troth_ctx *ctx;
	struct troth_view ima;
};

/* ---- the TPM ---- */

/* Locality of the log's start, from the value PCR 0 begins with. */
static uint8_t startup_locality(const struct troth_log *log)
{
	static const char SIGNATURE[] = "StartupLocality"; /* with its NUL */
	for (size_t i = 0; i < log->n_events; i++) {
		struct troth_reader r = { log->events[i].data };
		struct troth_view signature;
		uint8_t locality;
		if (log->events[i].type == TROTH_EV_NO_ACTION &&
		    troth_get_view(&r, sizeof SIGNATURE, &signature) &&
		    troth_view_equal(signature, TROTH_VIEW_OF(SIGNATURE)) &&
		    troth_get_u8(&r, &locality))
			return locality;
	}
	return 0;
}

static TSS2_RC start(TSS2_TCTI_CONTEXT *tcti, ESYS_CONTEXT *esys, uint8_t locality)
{
	TSS2_RC rc = locality == 0 ? TSS2_RC_SUCCESS : Tss2_Tcti_SetLocality(tcti, locality);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_Startup(esys, TPM2_SU_CLEAR);
	if (rc == TSS2_RC_SUCCESS && locality != 0)
		rc = Tss2_Tcti_SetLocality(tcti, 0);
	return rc;
}

static TSS2_RC extend(ESYS_CONTEXT *esys, const struct troth_log *log,
		      const struct troth_event *ev)
{
	TPML_DIGEST_VALUES values = { 0 };
	for (size_t i = 0; i < log->header.n_algs; i++) {
		struct troth_view d = ev->digests[i];
		if (log->header.algs[i].hash == TROTH_HASH_NONE || d.n == 0)
			continue;
		TPMT_HA *ha = &values.digests[values.count++];
		ha->hashAlg = log->header.algs[i].id;
		memcpy(&ha->digest, d.p, d.n);
	}
	return Esys_PCR_Extend(esys, (ESYS_TR)(ESYS_TR_PCR0 + ev->pcr), ESYS_TR_PASSWORD,
			       ESYS_TR_NONE, ESYS_TR_NONE, &values);
}

static TSS2_RC replay(ESYS_CONTEXT *esys, const struct troth_log *log)
{
	for (size_t i = 0; i < log->n_events; i++) {
		TSS2_RC rc = troth_event_extends(&log->events[i])
				     ? extend(esys, log, &log->events[i])
				     : TSS2_RC_SUCCESS;
		if (rc != TSS2_RC_SUCCESS)
			return rc;
	}
	return TSS2_RC_SUCCESS;
}

/* As a kernel does: each bank with the hash of the template data. */
static TSS2_RC measure(struct troth_ctx *ctx, ESYS_CONTEXT *esys,
		       const struct troth_ima_record *r)
{
	static const enum troth_hash BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256,
						 TROTH_HASH_SHA384, TROTH_HASH_SHA512 };
	TPML_DIGEST_VALUES values = { 0 };
	for (size_t i = 0; i < TROTH_COUNT(BANKS); i++) {
		TPMT_HA *ha = &values.digests[values.count++];
		struct troth_digest d = { .alg = BANKS[i] };
		ha->hashAlg = troth_hash_to_tpm(BANKS[i]);
		if (troth_ima_template_digest(ctx, BANKS[i], r, &d) != TROTH_OK)
			return TSS2_BASE_RC_GENERAL_FAILURE;
		if (r->violation)
			memset(d.bytes, 0xff, sizeof d.bytes);
		memcpy(&ha->digest, d.bytes, troth_hash_size(BANKS[i]));
	}
	return Esys_PCR_Extend(esys, (ESYS_TR)(ESYS_TR_PCR0 + r->pcr), ESYS_TR_PASSWORD,
			       ESYS_TR_NONE, ESYS_TR_NONE, &values);
}

static TSS2_RC replay_ima(ESYS_CONTEXT *esys, const struct boot *b)
{
	struct troth_ima_list list;
	if (troth_ima_open(b->ctx, b->ima, TROTH_HASH_NONE, &list) != TROTH_OK)
		return TSS2_BASE_RC_GENERAL_FAILURE;
	while (!troth_ima_at_end(&list)) {
		struct troth_ima_record r;
		if (troth_ima_next(&list, &r) != TROTH_OK)
			return TSS2_BASE_RC_GENERAL_FAILURE;
		TSS2_RC rc = r.index < b->a->ima_from ? TSS2_RC_SUCCESS
						      : measure(b->ctx, esys, &r);
		if (rc != TSS2_RC_SUCCESS)
			return rc;
	}
	return TSS2_RC_SUCCESS;
}

static TSS2_RC boot(const struct boot *b, const struct troth_log *log)
{
	const struct arguments *a = b->a;
	TSS2_TCTI_CONTEXT *tcti = NULL;
	ESYS_CONTEXT *esys = NULL;
	TSS2_RC rc = Tss2_TctiLdr_Initialize(a->tcti, &tcti);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_Initialize(&esys, tcti, NULL);
	if (rc == TSS2_RC_SUCCESS && a->startup)
		rc = start(tcti, esys, startup_locality(log));
	if (rc == TSS2_RC_SUCCESS)
		rc = replay(esys, log);
	if (rc == TSS2_RC_SUCCESS && a->ima != NULL)
		rc = replay_ima(esys, b);
	Esys_Finalize(&esys);
	Tss2_TctiLdr_Finalize(&tcti);
	return rc;
}

/* ---- all together ---- */

static int say(const char *what, enum troth_status status)
{
	fprintf(stderr, "troth-boot-replay: %s: %s\n", what, troth_status_name(status));
	return 1;
}

static int boot_and_write(const struct boot *b, const struct troth_log *real,
			  const struct troth_log *changed)
{
	const struct arguments *a = b->a;
	TSS2_RC rc = boot(b, a->in_pcrs ? changed : real);
	if (rc != TSS2_RC_SUCCESS) {
		fprintf(stderr, "troth-boot-replay: the TPM at %s answers 0x%x\n", a->tcti, rc);
		return 4;
	}
	if (a->log_out == NULL)
		return 0;
	enum troth_status status =
		troth_file_write(a->log_out, a->in_log ? changed->bytes : real->bytes, 0644);
	return status == TROTH_OK ? 0 : say(a->log_out, status);
}

static int run(const struct boot *b, const struct troth_log *real)
{
	const struct arguments *a = b->a;
	uint8_t *bytes = NULL;
	size_t len;
	uint32_t event;
	struct troth_log changed = { 0 };
	enum troth_status status =
		troth_tamper_log(b->ctx, real, a->tamper, &bytes, &len, &event);
	if (status == TROTH_OK)
		status = troth_log_parse((struct troth_view){ bytes, len }, &changed);
	int code = status == TROTH_OK ? boot_and_write(b, real, &changed)
				      : say(troth_tamper_name(a->tamper), status);
	if (code == 0 && a->tamper != TROTH_TAMPER_NONE)
		printf("tampered\t%s\tevent\t%u\n", troth_tamper_name(a->tamper), event);
	troth_log_release(&changed);
	free(bytes);
	return code;
}

/* What a kernel measures later on. */
static int measure_only(const struct boot *b)
{
	const struct troth_log nothing = { 0 };
	TSS2_RC rc = boot(b, &nothing);
	if (rc != TSS2_RC_SUCCESS)
		fprintf(stderr, "troth-boot-replay: %s, or the TPM at %s: 0x%x\n", b->a->ima,
			b->a->tcti, rc);
	return rc == TSS2_RC_SUCCESS ? 0 : 4;
}

int main(int argc, char **argv)
{
	struct arguments a;
	struct troth_ctx *ctx = NULL;
	struct troth_log log = { 0 };
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer ima = { 0 };
	int code = read_arguments(argc, argv, &a);
	if (code != 0)
		return code - 1;
	enum troth_status status = troth_ctx_new(&ctx);
	if (status == TROTH_OK && a.ima != NULL)
		status = troth_file_read(a.ima, TROTH_IMA_FILE_MAX, &ima);
	const struct boot b = { &a, ctx, troth_buffer_view(&ima) };
	if (status != TROTH_OK) {
		code = say(a.ima, status);
	} else if (a.log == NULL) {
		code = measure_only(&b);
	} else {
		status = troth_file_read(a.log, TROTH_LOG_MAX, &bytes);
		if (status == TROTH_OK)
			status = troth_log_parse(troth_buffer_view(&bytes), &log);
		code = status == TROTH_OK ? run(&b, &log) : say(a.log, status);
	}
	troth_log_release(&log);
	troth_ctx_free(ctx);
	return code;
}
