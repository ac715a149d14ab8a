/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of the format digest_set.h describes; for reader and builder. */
#ifndef TROTH_CORE_DIGEST_SET_FORMAT_H
#define TROTH_CORE_DIGEST_SET_FORMAT_H

#define TROTH_DIGEST_SET_MAGIC "TROTHDS1"
#define TROTH_DIGEST_SET_HEADER (8 + 4 * 8 + 32)
#define TROTH_DIGEST_SET_FANOUT 65537 /* u32s */
#define TROTH_DIGEST_SET_DIGEST 32
#define TROTH_DIGEST_SET_REF 8

#endif
