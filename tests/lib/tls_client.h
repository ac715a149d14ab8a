/* SPDX-License-Identifier: Apache-2.0 */
/* A plain blocking HTTPS client, apart from the one in the product: one kept-alive connection,
 * requests written byte for byte as given. */
#ifndef TROTH_TESTS_TLS_CLIENT_H
#define TROTH_TESTS_TLS_CLIENT_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <troth/view.h>

#define TLS_CLIENT_ANSWER_MAX (256 * 1024)

struct tls_client {
	SSL_CTX *ctx; /* borrowed */
	uint16_t port;
	uint8_t from;		 /* own address is 127.0.0.from; 0: 127.0.0.1 */
	struct troth_view early; /* sent as early data by the next connection */
	size_t early_written;
	int fd;
	SSL *ssl; /* NULL: not connected */
	char *buffer;
	int status;		/* of the last answer */
	struct troth_view body; /* of the last answer; in buffer */
};

/* A client context that trusts the anchors of a PEM file only; NULL on failure. */
SSL_CTX *tls_client_context(const char *ca_file);
void tls_client_init(struct tls_client *c, SSL_CTX *ctx, uint16_t port);
void tls_client_release(struct tls_client *c);
/* Connects where needed, sends POST path with a protobuf body, reads the answer. False when the
 * connection failed or ended first; the next call connects anew. */
bool tls_client_post(struct tls_client *c, const char *path, struct troth_view body);
bool tls_client_get(struct tls_client *c, const char *path);
/* A request written as it is: head with its last empty line, and body. */
bool tls_client_call(struct tls_client *c, const char *head, struct troth_view body);
/* Head and body of the last answer. */
struct troth_view tls_client_answer(const struct tls_client *c);
void tls_client_close(struct tls_client *c);

#endif
