/* SPDX-License-Identifier: Apache-2.0 */
#include <troth/status.h>

const char *troth_status_name(enum troth_status status)
{
	switch (status) {
	case TROTH_OK: return "ok";
	case TROTH_E_TRUNCATED: return "truncated";
	case TROTH_E_MALFORMED: return "malformed";
	case TROTH_E_LIMIT: return "limit";
	case TROTH_E_UNSUPPORTED: return "unsupported";
	case TROTH_E_MISMATCH: return "mismatch";
	case TROTH_E_EXPIRED: return "expired";
	case TROTH_E_NOT_FOUND: return "not-found";
	case TROTH_E_CONFLICT: return "conflict";
	case TROTH_E_DENIED: return "denied";
	case TROTH_E_BUSY: return "busy";
	case TROTH_E_CRYPTO: return "crypto";
	case TROTH_E_TPM: return "tpm";
	case TROTH_E_IO: return "io";
	case TROTH_E_MEMORY: return "memory";
	case TROTH_E_CONFIG: return "config";
	case TROTH_STATUS_N: break;
	}
	return "unknown";
}
