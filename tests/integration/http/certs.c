/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

extern char **environ;
static char folder[] = "/tmp/troth-http-XXXXXX";

int run_program(const char *const *argv, char *out, size_t max)
{
	posix_spawn_file_actions_t actions;
	int ends[2], status = 0;
	size_t n = 0;
	ssize_t got;
	pid_t pid;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	(void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	(void)posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
	assert_int_equal(posix_spawnp(&pid, argv[0], &actions, NULL,
				      (char *const *)(uintptr_t)argv, environ),
			 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(ends[1]);
	while (n + 1 < max && (got = read(ends[0], out + n, max - 1 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

const char *certs_path(const char *file)
{
	static char paths[8][128];
	static size_t next;
	char *path = paths[next++ % 8];
	snprintf(path, sizeof paths[0], "%s/%s", folder, file);
	return path;
}

static void shell(const char *script)
{
	char out[4096];
	const char *argv[] = { "/bin/sh", "-ec", script, "sh", folder, NULL };
	if (run_program(argv, out, sizeof out) != 0)
		fail_msg("%s", out);
}

/* Leaves signed by ca with dates of their own: "ca" is the one openssl
 * command that takes them. */
static const char SCRIPT[] =
	"cd \"$1\"\n"
	"key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $1.key; "
	"}\n"
	"cat > ca.cnf <<END\n"
	"[ca]\n"
	"default_ca = d\n"
	"[d]\n"
	"new_certs_dir = .\n"
	"database = index\n"
	"rand_serial = yes\n"
	"default_md = sha256\n"
	"policy = p\n"
	"unique_subject = no\n"
	"copy_extensions = copy\n"
	"[p]\n"
	"commonName = supplied\n"
	"END\n"
	": > index\n"
	"for ca in ca other; do key $ca; openssl req -new -x509 -key $ca.key -out $ca.pem"
	" -subj /CN=Test -days 30 -addext keyUsage=critical,keyCertSign; done\n"
	"key server\n"
	"leaf() { openssl req -new -key server.key -subj /CN=$2 -addext subjectAltName=$3"
	" -out leaf.csr; openssl ca -batch -notext -config ca.cnf -cert $6.pem -keyfile $6.key"
	" -in leaf.csr -startdate $4 -enddate $5 -out $1.pem; }\n"
	"leaf server localhost DNS:localhost 20200101000000Z 20490101000000Z ca\n"
	"leaf renewed localhost DNS:localhost 20200101000000Z 20490101000000Z ca\n"
	"leaf wrong elsewhere DNS:elsewhere 20200101000000Z 20490101000000Z ca\n"
	"leaf expired localhost DNS:localhost 20200101000000Z 20210101000000Z ca\n"
	"leaf future localhost DNS:localhost 20480101000000Z 20490101000000Z ca\n"
	/* A CA that ends before its leaf. */
	"key old\n"
	"openssl req -new -key old.key -subj /CN=Old -addext basicConstraints=critical,CA:true"
	" -addext keyUsage=critical,keyCertSign -out old.csr\n"
	"openssl ca -batch -notext -config ca.cnf -selfsign -keyfile old.key -in old.csr"
	" -startdate 20200101000000Z -enddate 20210101000000Z -out old.pem\n"
	"leaf outliving localhost DNS:localhost 20200101000000Z 20490101000000Z old\n"
	"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key\n"
	"openssl req -new -x509 -key rsa.key -subj /CN=localhost -out rsa.pem\n"
	"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key\n"
	"openssl req -new -x509 -key weak.key -subj /CN=localhost -out weak.pem\n"
	"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key\n"
	"openssl req -new -x509 -key p384.key -subj /CN=localhost -out p384.pem\n"
	"openssl ec -in server.key -aes128 -passout pass:secret -out locked.key\n"
	"echo nonsense > nonsense.pem\n";

void certs_make(void)
{
	assert_non_null(mkdtemp(folder));
	shell(SCRIPT);
}

void certs_remove(void)
{
	shell("rm -r \"$1\"");
}
