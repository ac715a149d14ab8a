/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#include <string.h>

#include "base.h"
#include "reader.h"

const char *troth_method_name(enum troth_http_method method)
{
	switch (method) {
	case TROTH_HTTP_GET: return "GET";
	case TROTH_HTTP_POST: return "POST";
	case TROTH_HTTP_DELETE: return "DELETE";
	case TROTH_HTTP_ANY: return "*";
	}
	return "";
}

static bool ends_with_star(const char *path, size_t n)
{
	return n > 1 && path[n - 1] == '*' && path[n - 2] == '/';
}

static bool ends_with_two_stars(const char *path, size_t n)
{
	return n > 2 && path[n - 1] == '*' && ends_with_star(path, n - 1);
}

static bool path_is_sound(const char *path)
{
	size_t n = strlen(path);
	const char *star = strchr(path, '*');
	if (path[0] != '/' || strpbrk(path, "?#% ") != NULL)
		return false;
	return star == NULL || (star == path + n - 1 && ends_with_star(path, n)) ||
	       (star == path + n - 2 && ends_with_two_stars(path, n));
}

static bool role_is_sound(enum troth_role role, bool for_devices)
{
	enum troth_role highest = for_devices ? TROTH_ROLE_DEVICE : TROTH_ROLE_ADMIN;
	return role > TROTH_ROLE_UNSET && role <= highest;
}

static bool comes_twice(const struct troth_http_route *routes,
			const struct troth_http_route *route)
{
	for (const struct troth_http_route *r = routes; r != route; r++)
		if (r->method == route->method && strcmp(r->path, route->path) == 0)
			return true;
	return false;
}

enum troth_status troth_routes_check(const struct troth_http_route *routes, bool for_devices)
{
	for (const struct troth_http_route *r = routes; r->path != NULL; r++) {
		if (!role_is_sound(r->role, for_devices) || !path_is_sound(r->path))
			return TROTH_E_CONFIG;
		if (r->handle == NULL || troth_method_name(r->method)[0] == '\0')
			return TROTH_E_CONFIG;
		if ((r->body_max > 0) != (r->content_type != NULL) || comes_twice(routes, r))
			return TROTH_E_CONFIG;
	}
	return TROTH_OK;
}

/* One path segment: [A-Za-z0-9._-], not empty and not a dot segment. Percent signs match
 * nothing, so there is only one spelling of a name. */
static bool segment_is_sound(struct troth_view s)
{
	static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	for (size_t i = 0; i < s.n; i++)
		if (memchr(ALLOWED, s.p[i], sizeof ALLOWED - 1) == NULL)
			return false;
	return s.n > 0 && !troth_view_equal(s, troth_view_str(".")) &&
	       !troth_view_equal(s, troth_view_str(".."));
}

static bool matches(const char *pattern, struct troth_view path, struct troth_view *segment)
{
	size_t n = strlen(pattern);
	struct troth_reader r = { path };
	struct troth_view head;
	const bool rest = ends_with_two_stars(pattern, n);
	if (!rest && !ends_with_star(pattern, n)) {
		*segment = (struct troth_view){ 0 };
		return troth_view_equal(path, troth_view_str(pattern));
	}
	struct troth_view prefix = { (const uint8_t *)pattern, rest ? n - 2 : n - 1 };
	if (!troth_get_view(&r, prefix.n, &head) || !troth_view_equal(head, prefix) ||
	    (!rest && !segment_is_sound(r.left)))
		return false;
	*segment = r.left;
	return true;
}

struct troth_route_found troth_route_find(const struct troth_http_route *routes,
					  const enum troth_http_method *method,
					  struct troth_view path)
{
	struct troth_route_found out = { 0 };
	struct troth_view segment;
	for (const struct troth_http_route *r = routes; r->path != NULL; r++) {
		if (!matches(r->path, path, &segment))
			continue;
		out.methods |= 1U << r->method;
		if (out.route != NULL ||
		    (r->method != TROTH_HTTP_ANY && (method == NULL || r->method != *method)))
			continue;
		out.route = r;
		out.segment = segment;
	}
	return out;
}
