/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR of ours, written into a caller's buffer with libcbor's streaming encoder: definite
 * lengths, shortest heads. The order of a map's keys is the caller's (RFC 8949, 4.2.1: bytewise
 * by their encoding). */
#ifndef TROTH_CORE_CBOR_WRITE_H
#define TROTH_CORE_CBOR_WRITE_H

#include "writer.h"

void troth_cbor_put_int(struct troth_writer *w, int64_t v);
void troth_cbor_put_bytes(struct troth_writer *w, struct troth_view v);
void troth_cbor_put_text(struct troth_writer *w, struct troth_view v);
/* n elements, n pairs or one item follow by the next calls. */
void troth_cbor_put_array(struct troth_writer *w, size_t n);
void troth_cbor_put_map(struct troth_writer *w, size_t n);
void troth_cbor_put_tag(struct troth_writer *w, uint64_t tag);

#endif
