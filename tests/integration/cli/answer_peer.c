/* SPDX-License-Identifier: Apache-2.0 */
/* A server that says what it is told to: takes one request on a Unix socket, writes its head
 * and body to standard output, and answers with the bytes of a file. It stands in for a
 * verifier gone wrong, which a real one cannot be made to be. usage: answer_peer SOCKET FILE */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "file.h"

#define REQUEST_MAX 65536

/* Content-Length of a complete head; 0 without one. */
static size_t body_length(const char *head)
{
	unsigned long n = 0;
	const char *line = strcasestr(head, "\r\nContent-Length:");
	return line != NULL && sscanf(line + 17, "%lu", &n) == 1 ? n : 0;
}

static void take_request(int fd)
{
	static char request[REQUEST_MAX + 1];
	size_t n = 0;
	for (;;) {
		ssize_t got = read(fd, request + n, REQUEST_MAX - n);
		if (got <= 0)
			break;
		n += (size_t)got;
		request[n] = '\0';
		const char *end = strstr(request, "\r\n\r\n");
		if (end != NULL && n >= (size_t)(end - request) + 4 + body_length(request))
			break;
	}
	fwrite(request, 1, n, stdout);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct troth_buffer answer = { 0 };
	if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path ||
	    troth_file_read(argv[2], 1 << 20, &answer) != TROTH_OK)
		return 2;
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, 1) != 0)
		return 2;
	alarm(30); /* nobody came */
	int fd = accept(listener, NULL, NULL);
	if (fd < 0)
		return 2;
	take_request(fd);
	ssize_t written = write(fd, answer.p, answer.n);
	close(fd);
	troth_buffer_clear(&answer);
	return written < 0;
}
