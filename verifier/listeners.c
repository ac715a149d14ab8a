/* SPDX-License-Identifier: Apache-2.0 */
#include "listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"
#include "reader.h"
#include "text.h"

/* Within so many milliseconds the children of a supervisor that was killed are gone too, and
 * their sockets with them. */
#define PATIENCE_MS 2000
#define AGAIN_MS 50
#define SOCKET_TYPE (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

static enum troth_status parse_v4(const char *host, in_port_t port,
				  struct sockaddr_storage *out, socklen_t *out_len)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = port };
	if (inet_pton(AF_INET, host, &v4.sin_addr) != 1)
		return TROTH_E_CONFIG;
	memset(out, 0, sizeof *out);
	memcpy(out, &v4, sizeof v4);
	*out_len = sizeof v4;
	return TROTH_OK;
}

static enum troth_status parse_v6(const char *host, in_port_t port,
				  struct sockaddr_storage *out, socklen_t *out_len)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = port };
	if (inet_pton(AF_INET6, host, &v6.sin6_addr) != 1)
		return TROTH_E_CONFIG;
	memset(out, 0, sizeof *out);
	memcpy(out, &v6, sizeof v6);
	*out_len = sizeof v6;
	return TROTH_OK;
}

enum troth_status troth_address_parse(const char *text, struct sockaddr_storage *out,
				      socklen_t *out_len)
{
	char host[INET6_ADDRSTRLEN];
	const char *colon = strrchr(text, ':');
	uint64_t port;
	if (colon == NULL || !troth_parse_u64(troth_view_str(colon + 1), UINT16_MAX, &port))
		return TROTH_E_CONFIG;
	size_t n = (size_t)(colon - text);
	bool bracketed = n >= 2 && text[0] == '[' && text[n - 1] == ']';
	if (bracketed) {
		text++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof host)
		return TROTH_E_CONFIG;
	memcpy(host, text, n);
	host[n] = '\0';
	in_port_t network = htons((uint16_t)port);
	return bracketed ? parse_v6(host, network, out, out_len)
			 : parse_v4(host, network, out, out_len);
}

static in_port_t *port_of(struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)(void *)a)->sin6_port
					: &((struct sockaddr_in *)(void *)a)->sin_port;
}

static void close_kept(int fd)
{
	int saved = errno;
	(void)close(fd);
	errno = saved;
}

/* IPV6_V6ONLY off: "[::]" also takes IPv4, whatever the system's default. */
static bool set_options(int fd, int family)
{
	const int on = 1, off = 0;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 &&
	       (family != AF_INET6 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0);
}

/* Binds one and writes the port it got back into the address, for the next. */
static enum troth_status listen_one(struct sockaddr_storage *a, socklen_t len, int *out)
{
	int fd = socket(a->ss_family, SOCKET_TYPE, 0);
	if (fd < 0)
		return TROTH_E_IO;
	struct sockaddr_storage got;
	socklen_t got_len = sizeof got;
	if (!set_options(fd, a->ss_family) || bind(fd, (struct sockaddr *)a, len) != 0 ||
	    listen(fd, TROTH_LISTEN_BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&got, &got_len) != 0) {
		close_kept(fd);
		return TROTH_E_IO;
	}
	*port_of(a) = *port_of(&got);
	*out = fd;
	return TROTH_OK;
}

/* SO_REUSEPORT would silently share the port with another instance of the same user: the first
 * bind is tried without it. */
static enum troth_status must_be_free(const struct sockaddr_storage *a, socklen_t len)
{
	const int on = 1;
	int fd = socket(a->ss_family, SOCKET_TYPE, 0);
	if (fd < 0)
		return TROTH_E_IO;
	bool free_port = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
			 bind(fd, (const struct sockaddr *)a, len) == 0;
	close_kept(fd);
	return free_port ? TROTH_OK : TROTH_E_IO;
}

enum troth_status troth_listen_tcp(const char *address, size_t n, int *out_fds,
				   uint16_t *out_port)
{
	struct sockaddr_storage a;
	socklen_t len;
	TROTH_TRY(troth_address_parse(address, &a, &len));
	TROTH_TRY(must_be_free(&a, len));
	for (size_t i = 0; i < n; i++) {
		enum troth_status got = listen_one(&a, len, &out_fds[i]);
		if (got == TROTH_OK)
			continue;
		while (i > 0)
			close_kept(out_fds[--i]);
		return got;
	}
	*out_port = ntohs(*port_of(&a));
	return TROTH_OK;
}

/* Nobody answers at a socket whose listener is gone. */
static bool is_stale(const struct sockaddr_un *a)
{
	struct stat st;
	if (lstat(a->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCKET_TYPE, 0);
	if (fd < 0)
		return false;
	bool refused = connect(fd, (const struct sockaddr *)a, sizeof *a) != 0 &&
		       errno == ECONNREFUSED;
	(void)close(fd);
	return refused;
}

enum troth_status troth_listen_local(const char *path, int *out_fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof a.sun_path)
		return TROTH_E_CONFIG;
	memcpy(a.sun_path, path, n);
	if (is_stale(&a))
		(void)unlink(path);
	else if (lstat(path, &st) == 0)
		return TROTH_E_CONFLICT;
	int fd = socket(AF_UNIX, SOCKET_TYPE, 0);
	if (fd < 0)
		return TROTH_E_IO;
	/* Born 0600: between bind and a chmod anybody could have connected. */
	mode_t before = umask(0177);
	bool bound = bind(fd, (const struct sockaddr *)&a, sizeof a) == 0;
	(void)umask(before);
	if (!bound || listen(fd, TROTH_LISTEN_BACKLOG) != 0) {
		close_kept(fd);
		return TROTH_E_IO;
	}
	*out_fd = fd;
	return TROTH_OK;
}

static void close_tcp(const struct troth_listeners *l)
{
	for (size_t i = 0; i < l->n; i++)
		close_kept(l->tcp[i]);
}

static enum troth_status open_once(const char *address, const char *local_path,
				   struct troth_listeners *l)
{
	TROTH_TRY(troth_listen_tcp(address, l->n, l->tcp, &l->port));
	enum troth_status got = troth_listen_local(local_path, &l->local);
	if (got != TROTH_OK)
		close_tcp(l);
	return got;
}

enum troth_status troth_listeners_open(const char *address, size_t n, const char *local_path,
				       struct troth_listeners *out)
{
	const uint64_t deadline = troth_mono_ms() + PATIENCE_MS;
	out->n = n;
	for (;;) {
		enum troth_status got = open_once(address, local_path, out);
		bool may_pass = got == TROTH_E_CONFLICT ||
				(got == TROTH_E_IO && errno == EADDRINUSE);
		if (!may_pass || troth_mono_ms() >= deadline)
			return got;
		(void)poll(NULL, 0, AGAIN_MS);
	}
}

void troth_listeners_close(const struct troth_listeners *l)
{
	close_tcp(l);
	(void)close(l->local);
}
