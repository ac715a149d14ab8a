/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <string.h>

#include "reader.h"

struct troth_identity troth_identity_of(const struct troth_device_row *row)
{
	struct troth_identity id = {
		.generation = row->generation,
		.name = troth_view_str(row->name),
		.segment = troth_view_str(row->segment),
		.ak_public = { row->ak_public, row->ak_len },
	};
	memcpy(id.id, row->id, sizeof id.id);
	memcpy(id.mac, row->mac, sizeof id.mac);
	return id;
}
