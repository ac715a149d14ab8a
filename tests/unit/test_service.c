/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager's side is a datagram socket, as sd_notify(3) says. */
#include "check.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* By its place: the tests have a service.h of their own. */
#include "../../platform/service.h"

static int manager_fd = -1;
static char socket_path[64];

static int manager_start(void **state)
{
	(void)state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(socket_path, sizeof socket_path, "/tmp/troth-notify-%d", (int)getpid());
	memcpy(address.sun_path, socket_path, strlen(socket_path));
	manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return bind(manager_fd, (struct sockaddr *)&address, sizeof address);
}

static int manager_end(void **state)
{
	(void)state;
	close(manager_fd);
	return unlink(socket_path);
}

static const char *told(void)
{
	static char text[512];
	ssize_t n = recv(manager_fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void the_manager_is_told(void **state)
{
	(void)state;
	unsigned long long us;
	assert_int_equal(setenv("NOTIFY_SOCKET", socket_path, 1), 0);
	troth_service_ready();
	assert_string_equal(told(), "READY=1");
	troth_service_ping();
	assert_string_equal(told(), "WATCHDOG=1");
	troth_service_alive(5000000);
	assert_string_equal(told(), "WATCHDOG=1\nWATCHDOG_USEC=5000000");
	troth_service_stopping();
	assert_string_equal(told(), "STOPPING=1");
	troth_service_reloading();
	assert_int_equal(sscanf(told(), "RELOADING=1\nMONOTONIC_USEC=%llu", &us), 1);
	assert_true(us > 0);
	troth_service_status("serving 3 devices");
	assert_string_equal(told(), "STATUS=serving 3 devices");
	unsetenv("NOTIFY_SOCKET");
}

/* A status with a line break in it must not tell the manager anything else. */
static void a_status_stays_one_line(void **state)
{
	(void)state;
	assert_int_equal(setenv("NOTIFY_SOCKET", socket_path, 1), 0);
	troth_service_status("x\nMAINPID=1");
	assert_string_equal(told(), "STATUS=x MAINPID=1");
	unsetenv("NOTIFY_SOCKET");
}

static void without_a_manager_nothing_happens(void **state)
{
	(void)state;
	troth_service_ready();
	troth_service_status("x");
	assert_string_equal(told(), "");
	assert_int_equal(troth_service_watchdog_us(), 0);
}

static void the_watchdog_is_fed_twice_as_often_as_asked(void **state)
{
	(void)state;
	assert_int_equal(setenv("WATCHDOG_USEC", "3000000", 1), 0);
	assert_int_equal(troth_service_watchdog_us(), 1500000);
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0); /* meant for another process */
	assert_int_equal(troth_service_watchdog_us(), 0);
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manager_is_told),
		cmocka_unit_test(a_status_stays_one_line),
		cmocka_unit_test(without_a_manager_nothing_happens),
		cmocka_unit_test(the_watchdog_is_fed_twice_as_often_as_asked),
	};
	unsetenv("NOTIFY_SOCKET");
	return cmocka_run_group_tests(tests, manager_start, manager_end);
}
