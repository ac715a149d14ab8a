/* SPDX-License-Identifier: Apache-2.0 */
#include "tamper.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"

static const char *const NAMES[TROTH_TAMPER_N] = {
	[TROTH_TAMPER_NONE] = "none",
	[TROTH_TAMPER_FIRMWARE] = "firmware",
	[TROTH_TAMPER_BOOT_LOADER] = "boot-loader",
	[TROTH_TAMPER_EXTRA_IMAGE] = "extra-image",
	[TROTH_TAMPER_COMMAND_LINE] = "command-line",
	[TROTH_TAMPER_INITRD] = "initrd",
	[TROTH_TAMPER_SECURE_BOOT_OFF] = "secure-boot-off",
};

const char *troth_tamper_name(enum troth_tamper t)
{
	return t < TROTH_TAMPER_N ? NAMES[t] : "unknown";
}

enum troth_tamper troth_tamper_from_name(struct troth_view name)
{
	enum troth_tamper t = TROTH_TAMPER_NONE;
	while (t < TROTH_TAMPER_N && !troth_view_equal(name, troth_view_str(NAMES[t])))
		t++;
	return t;
}

/* ---- which event ---- */

static bool starts_with(struct troth_view v, const char *prefix)
{
	struct troth_view p = troth_view_str(prefix);
	return v.n >= p.n && troth_view_equal((struct troth_view){ v.p, p.n }, p);
}

/* UEFI_VARIABLE_DATA whose name, in UTF-16LE, is SecureBoot; the variable is its last byte. */
static bool is_secure_boot(const struct troth_event *ev)
{
	static const uint8_t NAME[] = { 'S', 0, 'e', 0, 'c', 0, 'u', 0, 'r', 0,
					'e', 0, 'B', 0, 'o', 0, 'o', 0, 't', 0 };
	struct troth_reader r = { ev->data };
	struct troth_view guid, name, data;
	uint64_t name_len, data_len;
	return ev->type == TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG &&
	       troth_get_view(&r, 16, &guid) && troth_get_u64le(&r, &name_len) &&
	       troth_get_u64le(&r, &data_len) && name_len == sizeof NAME / 2 &&
	       troth_get_view(&r, sizeof NAME, &name) &&
	       troth_view_equal(name, TROTH_VIEW_OF(NAME)) && data_len == 1 &&
	       troth_get_view(&r, 1, &data) && data.p[0] == 1;
}

static bool is_target(const struct troth_event *ev, enum troth_tamper t)
{
	switch (t) {
	case TROTH_TAMPER_FIRMWARE:
		return ev->pcr == 0 && (ev->type == TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB ||
					ev->type == TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB2 ||
					ev->type == TROTH_EV_S_CRTM_VERSION);
	case TROTH_TAMPER_BOOT_LOADER:
	case TROTH_TAMPER_EXTRA_IMAGE:
		return ev->pcr == 4 && ev->type == TROTH_EV_EFI_BOOT_SERVICES_APPLICATION;
	case TROTH_TAMPER_COMMAND_LINE:
		return ev->type == TROTH_EV_IPL && starts_with(ev->data, "kernel_cmdline: ");
	case TROTH_TAMPER_INITRD: return ev->type == TROTH_EV_IPL && ev->pcr == 9;
	case TROTH_TAMPER_SECURE_BOOT_OFF: return is_secure_boot(ev);
	case TROTH_TAMPER_NONE:
	case TROTH_TAMPER_N: break;
	}
	return false;
}

static const struct troth_event *find_target(const struct troth_log *log, enum troth_tamper t)
{
	const struct troth_event *found = NULL;
	for (size_t i = 0; i < log->n_events; i++)
		if (is_target(&log->events[i], t))
			found = &log->events[i];
	return found;
}

/* ---- how ---- */

/* Where a view into the log lies in a copy of it. */
static uint8_t *in_copy(const struct troth_log *log, uint8_t *copy, struct troth_view v)
{
	return copy + (v.p - log->bytes.p);
}

static void flip_digests(const struct troth_log *log, const struct troth_event *ev,
			 uint8_t *copy)
{
	for (size_t i = 0; i < log->header.n_algs; i++)
		if (ev->digests[i].n > 0)
			in_copy(log, copy, ev->digests[i])[0] ^= 0x5a;
}

static enum troth_status rehash(struct troth_ctx *ctx, const struct troth_log *log,
				const struct troth_event *ev, struct troth_view measured,
				uint8_t *copy)
{
	for (size_t i = 0; i < log->header.n_algs; i++) {
		struct troth_digest d;
		if (ev->digests[i].n == 0)
			continue;
		TROTH_TRY(troth_hash_one(ctx, log->header.algs[i].hash, measured, &d));
		memcpy(in_copy(log, copy, ev->digests[i]), d.bytes, ev->digests[i].n);
	}
	return TROTH_OK;
}

/* GRUB measures what follows the prefix, without the final NUL. */
static enum troth_status change_command_line(struct troth_ctx *ctx, const struct troth_log *log,
					     const struct troth_event *ev, uint8_t *copy)
{
	size_t prefix = sizeof "kernel_cmdline: " - 1;
	uint8_t *text = in_copy(log, copy, ev->data) + prefix;
	size_t n = ev->data.n - prefix;
	if (n > 0 && text[n - 1] == '\0')
		n--;
	if (n == 0)
		return TROTH_E_NOT_FOUND;
	text[n - 1] = text[n - 1] == 'x' ? 'y' : 'x';
	return rehash(ctx, log, ev, (struct troth_view){ text, n }, copy);
}

static enum troth_status turn_secure_boot_off(struct troth_ctx *ctx,
					      const struct troth_log *log,
					      const struct troth_event *ev, uint8_t *copy)
{
	uint8_t *data = in_copy(log, copy, ev->data);
	data[ev->data.n - 1] = 0;
	return rehash(ctx, log, ev, (struct troth_view){ data, ev->data.n }, copy);
}

static enum troth_status change(struct troth_ctx *ctx, const struct troth_log *log,
				const struct troth_event *ev, enum troth_tamper t,
				uint8_t *copy)
{
	if (t == TROTH_TAMPER_COMMAND_LINE)
		return change_command_line(ctx, log, ev, copy);
	if (t == TROTH_TAMPER_SECURE_BOOT_OFF)
		return turn_secure_boot_off(ctx, log, ev, copy);
	flip_digests(log, ev, copy);
	return TROTH_OK;
}

/* The record's bytes: from the end of the one before to its own end. */
static struct troth_view record_of(const struct troth_log *log, const struct troth_event *ev)
{
	const struct troth_event *before = ev - 1;
	const uint8_t *begin = before->data.n > 0 ? before->data.p + before->data.n : NULL;
	const uint8_t *end = ev->data.n > 0 ? ev->data.p + ev->data.n : NULL;
	if (ev->index == 0 || begin == NULL || end == NULL)
		return (struct troth_view){ 0 };
	(void)log;
	return (struct troth_view){ begin, (size_t)(end - begin) };
}

static enum troth_status repeat(const struct troth_log *log, const struct troth_event *ev,
				uint8_t *copy, size_t *len)
{
	struct troth_view record = record_of(log, ev);
	if (record.n == 0)
		return TROTH_E_NOT_FOUND;
	size_t end = (size_t)(record.p - log->bytes.p) + record.n;
	memmove(copy + end + record.n, copy + end, log->bytes.n - end);
	memcpy(copy + end, record.p, record.n);
	*len = log->bytes.n + record.n;
	return TROTH_OK;
}

enum troth_status troth_tamper_log(struct troth_ctx *ctx, const struct troth_log *log,
				   enum troth_tamper t, uint8_t **out, size_t *out_len,
				   uint32_t *out_event)
{
	const struct troth_event *ev = find_target(log, t);
	size_t len = log->bytes.n;
	if (t != TROTH_TAMPER_NONE && ev == NULL)
		return TROTH_E_NOT_FOUND;
	uint8_t *copy = malloc(2 * log->bytes.n + 1);
	if (copy == NULL)
		return TROTH_E_MEMORY;
	memcpy(copy, log->bytes.p, log->bytes.n);
	enum troth_status status = TROTH_OK;
	if (t == TROTH_TAMPER_EXTRA_IMAGE)
		status = repeat(log, ev, copy, &len);
	else if (t != TROTH_TAMPER_NONE)
		status = change(ctx, log, ev, t, copy);
	if (status != TROTH_OK) {
		free(copy);
		return status;
	}
	*out = copy;
	*out_len = len;
	*out_event = ev == NULL ? 0 : ev->index + (t == TROTH_TAMPER_EXTRA_IMAGE);
	return TROTH_OK;
}
