/* SPDX-License-Identifier: Apache-2.0 */
#include "device_facts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "device.pb-c.h"
#include "version.h"
#include "wire.h"

enum troth_status troth_device_facts(struct troth_device_facts *out)
{
	Troth__V1__Facts facts;
	char version[] = TROTH_VERSION;
	struct utsname host;
	uint8_t *packed = NULL;
	size_t n = 0;

	if (uname(&host) != 0)
		return TROTH_E_IO;
	troth__v1__facts__init(&facts);
	facts.attester_version = version;
	facts.hostname = host.nodename;
	facts.machine = host.machine;
	facts.kernel = host.release;
	enum troth_status status = troth_wire_pack(&facts.base, &packed, &n);
	if (status == TROTH_OK && n > sizeof out->bytes)
		status = TROTH_E_LIMIT;
	if (status == TROTH_OK) {
		memcpy(out->bytes, packed, n);
		out->n = n;
	}
	free(packed);
	return status;
}
