/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a device's row that the issuer has sealed, as the issuer wants to see it. */
#ifndef TROTH_IDENTITY_H
#define TROTH_IDENTITY_H

#include "device_row.h"
#include "issuer/message.h"

/* Borrows name, segment and AK from the row. */
struct troth_identity troth_identity_of(const struct troth_device_row *row);

#endif
