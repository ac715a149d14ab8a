/* SPDX-License-Identifier: Apache-2.0 */
#include "explain_document.h"
#include "explain_view.h"

#define INDENT "       "
#define LABEL "         "

/* Paths of EFI files are full of backslashes, and every text was escaped where it was made: one
 * stays as it is here. Whatever a terminal would obey does not. */
static void put(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;
		if (c >= ' ' && c < 0x7f)
			fputc(c, to);
		else
			fprintf(to, "\\x%02x", c);
	}
}

static const struct troth_page_medium TEXT = {
	.put = put,
	.deviations_max = 5,
	.markup = {
		[TROTH_PAGE_OF] = { "", "\n\n" },
		[TROTH_PAGE_SENTENCE] = { "", "\n" },
		[TROTH_PAGE_TO_DO] = { "\n", "\n" },
		[TROTH_PAGE_CAREFUL] = { "\n", "\n" },
		[TROTH_PAGE_CAUSE] = { "\n", "" },
		[TROTH_PAGE_CAUSE_NAME] = { "", "\n" },
		[TROTH_PAGE_WHY] = { "  ", "\n" },
		[TROTH_PAGE_HEADING] = { "\n", "\n" },
		[TROTH_PAGE_DEVIATION] = { "", "" },
		[TROTH_PAGE_DEVIATION_HEAD] = { "  ", "\n" },
		[TROTH_PAGE_EVENT] = { "", "" },
		[TROTH_PAGE_SIDES] = { "", "" },
		[TROTH_PAGE_SEEN] = { INDENT "seen     ", "" },
		[TROTH_PAGE_SAYS] = { "", "\n" },
		[TROTH_PAGE_PROOF] = { INDENT LABEL "(", ")\n" },
		[TROTH_PAGE_NEAREST] = { INDENT "nearest  ", "" },
		[TROTH_PAGE_REFERENCE] = { "", "\n" },
		[TROTH_PAGE_BANK] = { INDENT LABEL "* ", "\n" },
		[TROTH_PAGE_BEFORE] = { INDENT "before   ", "\n" },
		[TROTH_PAGE_ELSEWHERE] = { INDENT "others   ", "\n" },
		[TROTH_PAGE_MORE] = { "  ... and ", " more: --format html or json shows all\n" },
		[TROTH_PAGE_LIST] = { "", "" },
		[TROTH_PAGE_ITEM] = { "", "" },
		[TROTH_PAGE_POINT] = { "  - ", "\n" },
		[TROTH_PAGE_KEY] = { "'", "'" },
		[TROTH_PAGE_COMPONENT] = { "      ", "\n" },
		[TROTH_PAGE_RULES] = { "      ", "\n" },
		[TROTH_PAGE_RULE] = { "        ", "\n" },
		[TROTH_PAGE_REMARK] = { "    (", ")\n" },
		[TROTH_PAGE_FINDING] = { "  ", "\n" },
		[TROTH_PAGE_CODE] = { "", "" },
		[TROTH_PAGE_SEVERITY] = { " (", "): " },
		[TROTH_PAGE_PCR] = { " PCR ", "." },
		[TROTH_PAGE_DETAIL] = { " [", "]" },
		[TROTH_PAGE_NEXT] = { "    ", "\n" },
	},
};

void troth_cli_explain_text(FILE *to, json_t *o)
{
	const struct troth_page page = { &TEXT, to };
	troth_cli_explain_tell(&page, o);
}
