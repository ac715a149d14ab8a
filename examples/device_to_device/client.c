/* SPDX-License-Identifier: Apache-2.0 */
/* Has itself greeted by a device of one segment:
 *
 *   device_client RUN_DIR TRUST_DOMAIN SEGMENT HOST:PORT
 *
 * Exit status: 0 greeted, 1 one of the two has refused the other, 2 it could not be tried. */
#include <openssl/err.h>
#include <stdio.h>

#include "peering.h"

enum { GREETED = 0, REFUSED = 1, UNTRIED = 2 };

/* With TLS 1.3 a client has finished before the server has judged it: only what the server says
 * then tells that it has not refused. */
static int greeted(SSL *ssl)
{
	char line[64];
	const int n = SSL_read(ssl, line, sizeof line);
	if (n > 0)
		(void)printf("%.*s", n, line);
	else
		(void)printf("the other side has refused this device\n");
	return n > 0 ? GREETED : REFUSED;
}

static int talk(SSL_CTX *ctx, const char *address, struct peering *p)
{
	BIO *connection = BIO_new_connect(address);
	SSL *ssl = SSL_new(ctx);
	int code = REFUSED;
	if (connection == NULL || ssl == NULL || BIO_do_connect(connection) != 1) {
		BIO_free_all(connection);
		SSL_free(ssl);
		return UNTRIED;
	}
	SSL_set_bio(ssl, connection, connection);
	const int done = SSL_connect(ssl) == 1;
	peering_report(p, done);
	if (done)
		code = greeted(ssl);
	SSL_free(ssl);
	return code;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		(void)fprintf(stderr,
			      "usage: device_client RUN_DIR TRUST_DOMAIN SEGMENT HOST:PORT\n");
		return UNTRIED;
	}
	struct peering p = { .run_dir = argv[1], .trust_domain = argv[2], .segment = argv[3] };
	SSL_CTX *ctx = peering_new(&p, TLS_client_method());
	const int code = ctx != NULL ? talk(ctx, argv[4], &p) : UNTRIED;
	if (code == UNTRIED)
		ERR_print_errors_fp(stderr);
	peering_free(&p, ctx);
	return code;
}
