/* SPDX-License-Identifier: Apache-2.0 */
/* What the administration API answers, as JSON. Include after lab.h. */
#ifndef TROTH_TESTS_SERVICE_JSON_H
#define TROTH_TESTS_SERVICE_JSON_H

#include <jansson.h>

#include "test_service.h"

/* GET, asserting 200. Owned by the caller. */
json_t *service_json(struct test_service *s, const char *path);

#endif
