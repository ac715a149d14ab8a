/* SPDX-License-Identifier: Apache-2.0 */
/* Greets devices of one segment, one after the other:
 *
 *   device_server RUN_DIR TRUST_DOMAIN SEGMENT PORT
 */
#include <openssl/err.h>
#include <stdio.h>

#include "peering.h"

static void serve(SSL_CTX *ctx, BIO *connection, struct peering *p)
{
	SSL *ssl = SSL_new(ctx);
	p->decision = TROTH_UNDECIDED;
	if (ssl == NULL) {
		BIO_free_all(connection);
		return;
	}
	SSL_set_bio(ssl, connection, connection);
	const int done = SSL_accept(ssl) == 1;
	peering_report(p, done);
	if (done) {
		(void)SSL_write(ssl, "welcome\n", 8);
		(void)SSL_shutdown(ssl);
	}
	ERR_clear_error();
	SSL_free(ssl);
}

static void listen_on(SSL_CTX *ctx, const char *port, struct peering *p)
{
	BIO *door = BIO_new_accept(port);
	if (door == NULL || BIO_set_bind_mode(door, BIO_BIND_REUSEADDR) != 1 ||
	    BIO_do_accept(door) != 1) {
		ERR_print_errors_fp(stderr);
		BIO_free_all(door);
		return;
	}
	(void)printf("listening on %s:%s\n", BIO_get_accept_name(door),
		     BIO_get_accept_port(door));
	(void)fflush(stdout);
	while (BIO_do_accept(door) == 1)
		serve(ctx, BIO_pop(door), p);
	BIO_free_all(door);
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		(void)fprintf(stderr,
			      "usage: device_server RUN_DIR TRUST_DOMAIN SEGMENT PORT\n");
		return 2;
	}
	struct peering p = { .run_dir = argv[1], .trust_domain = argv[2], .segment = argv[3] };
	SSL_CTX *ctx = peering_new(&p, TLS_server_method());
	if (ctx != NULL)
		listen_on(ctx, argv[4], &p);
	peering_free(&p, ctx);
	return 2;
}
