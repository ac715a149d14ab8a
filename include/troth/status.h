/* SPDX-License-Identifier: Apache-2.0 */
/* What a call can answer.
 *
 * Zero is success, everything else denies. A status says that a question could not be answered;
 * a bad quote is an answer (see verdict.h), never a status. Outputs are written on TROTH_OK
 * only, so a caller that poisoned them finds them untouched after a failure. */
#ifndef TROTH_STATUS_H
#define TROTH_STATUS_H

#if defined(__GNUC__)
#define TROTH_NODISCARD __attribute__((warn_unused_result))
#define TROTH_API __attribute__((visibility("default")))
#else
#define TROTH_NODISCARD
#define TROTH_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum troth_status {
	TROTH_OK = 0,
	TROTH_E_TRUNCATED,   /* the input ended inside a field */
	TROTH_E_MALFORMED,   /* the input breaks its format's rules, or has bytes left over */
	TROTH_E_LIMIT,	     /* a named limit of limits.h was passed */
	TROTH_E_UNSUPPORTED, /* well-formed, but an algorithm or version we do not take */
	TROTH_E_MISMATCH,    /* a signature, MAC or digest does not verify */
	TROTH_E_EXPIRED,     /* outside its time window */
	TROTH_E_NOT_FOUND,   /* the thing named does not exist */
	TROTH_E_CONFLICT,    /* it exists already, or changed since it was read */
	TROTH_E_DENIED,	     /* the caller may not do this */
	TROTH_E_BUSY,	     /* a queue or quota is full: try again later */
	TROTH_E_CRYPTO,	     /* OpenSSL failed for a reason of its own */
	TROTH_E_TPM,	/* the TPM failed; its response code is kept by the caller's adapter */
	TROTH_E_IO,	/* a file, socket or database failed */
	TROTH_E_MEMORY, /* an allocation failed */
	TROTH_E_CONFIG, /* configuration or usage is wrong */
	TROTH_STATUS_N
};

/* A short lower-case name ("truncated"), for logs and JSON. Never NULL. */
TROTH_API const char *troth_status_name(enum troth_status status);

#ifdef __cplusplus
}
#endif

#endif
