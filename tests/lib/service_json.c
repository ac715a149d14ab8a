/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include "service_json.h"

json_t *service_json(struct test_service *s, const char *path)
{
	struct troth_https_answer a = { 0 };
	assert_int_equal(test_service_admin(s, "GET", path, NULL, "", &a), 200);
	json_t *value = json_loadb((const char *)a.body.p, a.body.n, 0, NULL);
	troth_https_answer_clear(&a);
	assert_non_null(value);
	return value;
}
