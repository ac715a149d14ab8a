/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include "scene.h"

struct gate gate;
struct fleet_device device, other;

static const char POLICY[] = "name: default\n"
			     "segment: line-1\n"
			     "pcrs:\n"
			     "  sha256: [0, 4, 7]\n"
			     "secure_boot: any\n"
			     "enrolment: inventory\n"
			     "approve: automatic\n";

int scene_open(void **state)
{
	(void)state;
	gate_init(&gate, "");
	fleet_device_make(&device);
	fleet_device_make(&other);
	gate_list(&gate, &device, "device");
	gate_list(&gate, &other, "other");
	gate_start(&gate, POLICY);
	return 0;
}

int scene_close(void **state)
{
	(void)state;
	fleet_device_free(&device);
	fleet_device_free(&other);
	gate_close(&gate);
	return 0;
}

struct gate_census scene_before(void)
{
	static struct gate_census c;
	gate_census(&gate, &c);
	return c;
}

void scene_assert_nothing_stored(const struct gate_census *before)
{
	static struct gate_census after;
	gate_census(&gate, &after);
	gate_assert_same(before, &after);
}
