/* SPDX-License-Identifier: Apache-2.0 */
/* Which of two texts names the later version.
 *
 * Only what reads as a version counts: numbers with dots between them ("6.1.0-18"), in a word
 * that is a path, or in a text that is a version by itself; or a date of eight digits or more
 * ("sbat,1,2025021800"). An address or a number of a parameter is none. */
#ifndef TROTH_CORE_VERSION_TEXT_H
#define TROTH_CORE_VERSION_TEXT_H

/* Of two texts that are the same but for numbers, by the first version that differs: positive
 * when a's is later, negative when b's is, 0 when they are equal or cannot be compared. */
int troth_version_texts_compare(const char *a, const char *b);
/* The version a name is ("6.1.0-17") with the first version in a text; 0 when either has
 * none. */
int troth_version_name_compare(const char *name, const char *text);

#endif
