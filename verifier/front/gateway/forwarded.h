/* SPDX-License-Identifier: Apache-2.0 */
/* A client's certificate as gateways forward it in a header. Pure.
 *
 * Client-Cert as RFC 9440 has it (":base64 of DER:"), as nginx writes $ssl_client_escaped_cert
 * (PEM, URL-encoded), or plain base64 of DER; x-forwarded-client-cert as Envoy writes it, one
 * element with Cert="URL-encoded PEM". */
#ifndef TROTH_FORWARDED_H
#define TROTH_FORWARDED_H

#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

/* DER into buf; *out borrows from it. TROTH_E_MALFORMED, TROTH_E_LIMIT. Whether it is a
 * certificate is not looked at. */
TROTH_NODISCARD enum troth_status troth_forwarded_cert(struct troth_view header,
						       uint8_t buf[TROTH_CERT_MAX],
						       struct troth_view *out);
TROTH_NODISCARD enum troth_status troth_forwarded_xfcc(struct troth_view header,
						       uint8_t buf[TROTH_CERT_MAX],
						       struct troth_view *out);

#endif
