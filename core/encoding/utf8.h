/* SPDX-License-Identifier: Apache-2.0 */
/* Text from strangers, judged before anybody reads it; nothing is copied or changed. */
#ifndef TROTH_CORE_UTF8_H
#define TROTH_CORE_UTF8_H

#include <troth/status.h>
#include <troth/view.h>

/* Well-formed UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF) without NUL, which
 * would end the text early for everyone who reads it as a C string. */
TROTH_NODISCARD bool troth_utf8_valid(struct troth_view text);

#endif
