/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base.h"
#include "reader.h"
#include "route.h"

static void handle(struct troth_exchange *x, void *app)
{
	(void)x;
	(void)app;
}

#define END                  \
	{                    \
		.path = NULL \
	}
#define TYPE "application/json"
/* One without a body. */
#define ROUTE(method, path, role)                                \
	{                                                        \
		TROTH_HTTP_##method, path, role, 0, NULL, handle \
	}
#define SOUND TROTH_OK, TROTH_OK
#define REFUSED TROTH_E_CONFIG, TROTH_E_CONFIG

static const struct {
	const char *name;
	struct troth_http_route route[3];
	enum troth_status devices,
		local; /* on a listener for devices, and on the local socket */
} TABLES[] = {
	{ "no route at all", { END }, SOUND },
	{ "a sound route", { ROUTE(GET, "/a", TROTH_ROLE_PUBLIC), END }, SOUND },
	{ "a sound route with a segment and a body",
	  { { TROTH_HTTP_POST, "/a/*", TROTH_ROLE_DEVICE, 1, TYPE, handle }, END },
	  SOUND },
	{ "one path with two methods",
	  { ROUTE(GET, "/a", TROTH_ROLE_PUBLIC), ROUTE(POST, "/a", TROTH_ROLE_PUBLIC), END },
	  SOUND },
	{ "no role", { ROUTE(GET, "/a", TROTH_ROLE_UNSET), END }, REFUSED },
	{ "no role on the second route",
	  { ROUTE(GET, "/a", TROTH_ROLE_PUBLIC), ROUTE(GET, "/b", TROTH_ROLE_UNSET), END },
	  REFUSED },
	{ "a role that does not exist",
	  { ROUTE(GET, "/a", (enum troth_role)(TROTH_ROLE_ADMIN + 1)), END },
	  REFUSED },
	{ "a viewer's route",
	  { ROUTE(GET, "/a", TROTH_ROLE_VIEWER), END },
	  TROTH_E_CONFIG,
	  TROTH_OK },
	{ "an administrator's route",
	  { ROUTE(GET, "/a", TROTH_ROLE_ADMIN), END },
	  TROTH_E_CONFIG,
	  TROTH_OK },
	{ "no handler",
	  { { TROTH_HTTP_GET, "/a", TROTH_ROLE_PUBLIC, 0, NULL, NULL }, END },
	  REFUSED },
	{ "a method that does not exist",
	  { { (enum troth_http_method)7, "/a", TROTH_ROLE_PUBLIC, 0, NULL, handle }, END },
	  REFUSED },
	{ "a relative path", { ROUTE(GET, "a", TROTH_ROLE_PUBLIC), END }, REFUSED },
	{ "an empty path", { ROUTE(GET, "", TROTH_ROLE_PUBLIC), END }, REFUSED },
	{ "a star in the middle", { ROUTE(GET, "/a/*/b", TROTH_ROLE_PUBLIC), END }, REFUSED },
	{ "a star that is part of a segment",
	  { ROUTE(GET, "/a*", TROTH_ROLE_PUBLIC), END },
	  REFUSED },
	{ "a query in the path", { ROUTE(GET, "/a?b", TROTH_ROLE_PUBLIC), END }, REFUSED },
	{ "any method and whatever follows",
	  { ROUTE(ANY, "/a/**", TROTH_ROLE_PUBLIC), END },
	  SOUND },
	{ "three stars", { ROUTE(ANY, "/a/***", TROTH_ROLE_PUBLIC), END }, REFUSED },
	{ "two stars that are part of a segment",
	  { ROUTE(ANY, "/a**", TROTH_ROLE_PUBLIC), END },
	  REFUSED },
	{ "the same route twice",
	  { ROUTE(GET, "/a", TROTH_ROLE_PUBLIC), ROUTE(GET, "/a", TROTH_ROLE_DEVICE), END },
	  REFUSED },
	{ "a body of any type",
	  { { TROTH_HTTP_POST, "/a", TROTH_ROLE_PUBLIC, 1, NULL, handle }, END },
	  REFUSED },
	{ "a type of body, but no room for one",
	  { { TROTH_HTTP_POST, "/a", TROTH_ROLE_PUBLIC, 0, TYPE, handle }, END },
	  REFUSED },
};

static void tables_with_holes_do_not_start(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(TABLES); i++) {
		enum troth_status devices = troth_routes_check(TABLES[i].route, true);
		enum troth_status local = troth_routes_check(TABLES[i].route, false);
		if (devices != TABLES[i].devices || local != TABLES[i].local)
			fail_msg("%s: %s for devices, %s for the local socket", TABLES[i].name,
				 troth_status_name(devices), troth_status_name(local));
	}
}

static const struct troth_http_route ROUTES[] = {
	ROUTE(GET, "/", TROTH_ROLE_PUBLIC),
	ROUTE(GET, "/v1/things", TROTH_ROLE_PUBLIC),
	ROUTE(POST, "/v1/things", TROTH_ROLE_PUBLIC),
	ROUTE(GET, "/v1/things/all", TROTH_ROLE_PUBLIC),
	ROUTE(GET, "/v1/things/*", TROTH_ROLE_PUBLIC),
	ROUTE(DELETE, "/v1/things/*", TROTH_ROLE_PUBLIC),
	ROUTE(ANY, "/v1/any/**", TROTH_ROLE_PUBLIC),
	END,
};

enum {
	GET = 1 << TROTH_HTTP_GET,
	POST = 1 << TROTH_HTTP_POST,
	DELETE = 1 << TROTH_HTTP_DELETE,
	ANY = 1 << TROTH_HTTP_ANY
};

static const struct {
	enum troth_http_method method;
	const char *path;
	int route; /* index in ROUTES, -1: none */
	unsigned methods;
	const char *segment;
} PATHS[] = {
	{ TROTH_HTTP_GET, "/", 0, GET, "" },
	{ TROTH_HTTP_POST, "/", -1, GET, "" },
	{ TROTH_HTTP_GET, "/v1/things", 1, GET | POST, "" },
	{ TROTH_HTTP_POST, "/v1/things", 2, GET | POST, "" },
	{ TROTH_HTTP_DELETE, "/v1/things", -1, GET | POST, "" },
	{ TROTH_HTTP_GET, "/v1/things/all", 3, GET | DELETE, "" },
	{ TROTH_HTTP_GET, "/v1/things/a.B-c_9", 4, GET | DELETE, "a.B-c_9" },
	{ TROTH_HTTP_DELETE, "/v1/things/x", 5, GET | DELETE, "x" },
	{ TROTH_HTTP_GET, "/v1/things/", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1/things/x/", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1/things/x/y", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1/things/.", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1/things/..", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1/things/...", 4, GET | DELETE, "..." },
	{ TROTH_HTTP_GET, "/v1/things/%61", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1/things/a~b", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1/things/*", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1/thing", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1/thingsx", -1, 0, "" },
	{ TROTH_HTTP_GET, "/V1/things", -1, 0, "" },
	{ TROTH_HTTP_GET, "//v1/things", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1//things", -1, 0, "" },
	{ TROTH_HTTP_GET, "/v1/./things", -1, 0, "" },
	{ TROTH_HTTP_GET, "", -1, 0, "" },
	{ TROTH_HTTP_DELETE, "/v1/any/a/..//%41~", 6, ANY, "a/..//%41~" },
	{ TROTH_HTTP_GET, "/v1/any/", 6, ANY, "" },
	{ TROTH_HTTP_GET, "/v1/any", -1, 0, "" },
};

static void a_path_has_one_spelling(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(PATHS); i++) {
		struct troth_route_found f = troth_route_find(ROUTES, &PATHS[i].method,
							      troth_view_str(PATHS[i].path));
		int route = f.route == NULL ? -1 : (int)(f.route - ROUTES);
		if (route != PATHS[i].route || f.methods != PATHS[i].methods ||
		    !troth_view_equal(f.segment, troth_view_str(PATHS[i].segment)))
			fail_msg("%s: route %d, methods %x", PATHS[i].path, route, f.methods);
	}
}

static void a_method_of_no_route_finds_the_methods_there_are(void **state)
{
	(void)state;
	struct troth_route_found f =
		troth_route_find(ROUTES, NULL, troth_view_str("/v1/things"));
	assert_null(f.route);
	assert_int_equal(f.methods, GET | POST);
	f = troth_route_find(ROUTES, NULL, troth_view_str("/v1/any/x"));
	assert_ptr_equal(f.route, &ROUTES[6]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_with_holes_do_not_start),
		cmocka_unit_test(a_path_has_one_spelling),
		cmocka_unit_test(a_method_of_no_route_finds_the_methods_there_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
