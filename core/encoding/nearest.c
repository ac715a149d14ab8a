/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest.h"

#include "reader.h"

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: rows of the matrix, of which three are needed at once. */
static size_t distance(struct troth_view a, struct troth_view b)
{
	size_t rows[3][TROTH_NEAREST_MAX + 1];
	for (size_t k = 0; k <= b.n; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *row = rows[i % 3], *up = rows[(i + 2) % 3], *two_up = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t k = 1; k <= b.n; k++) {
			const bool same = a.p[i - 1] == b.p[k - 1];
			row[k] =
				least(least(up[k], row[k - 1]) + 1, up[k - 1] + (same ? 0 : 1));
			if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] &&
			    a.p[i - 2] == b.p[k - 1])
				row[k] = least(row[k], two_up[k - 2] + 1);
		}
	}
	return rows[a.n % 3][b.n];
}

static size_t slips_in(size_t letters)
{
	if (letters >= 8)
		return 3;
	return letters >= 4 ? 2 : 1;
}

void troth_nearest_try(struct troth_nearest *n, struct troth_view word, const char *candidate)
{
	const struct troth_view known = troth_view_str(candidate);
	if (word.n == 0 || word.n > TROTH_NEAREST_MAX || known.n == 0 ||
	    known.n > TROTH_NEAREST_MAX)
		return;
	const size_t d = distance(word, known);
	if (d > slips_in(least(word.n, known.n)) || (n->name != NULL && n->distance <= d))
		return;
	*n = (struct troth_nearest){ candidate, d };
}
