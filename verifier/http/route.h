/* SPDX-License-Identifier: Apache-2.0 */
/* The route table: checked once at start, searched for each request. */
#ifndef TROTH_HTTP_ROUTE_H
#define TROTH_HTTP_ROUTE_H

#include "http.h"

/* Refuses a table with a hole: a route without role, handler or absolute path, one that comes
 * twice, a body without limit or type; on a listener for devices, a route that needs more than
 * a device's role (TROTH_E_CONFIG). */
TROTH_NODISCARD enum troth_status troth_routes_check(const struct troth_http_route *routes,
						     bool for_devices);

struct troth_route_found {
	const struct troth_http_route *route; /* NULL: none with this method */
	struct troth_view segment;	      /* what "*" stood for */
	unsigned methods; /* bit per method the path exists for; 0: no such path */
};

/* method: NULL for one that no route can have. */
struct troth_route_found troth_route_find(const struct troth_http_route *routes,
					  const enum troth_http_method *method,
					  struct troth_view path);

const char *troth_method_name(enum troth_http_method method);

#endif
