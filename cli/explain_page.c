/* SPDX-License-Identifier: Apache-2.0 */
#include "explain_page.h"

#include <string.h>

const char *troth_cli_string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

void troth_page_say(const struct troth_page *p, const char *text)
{
	p->medium->put(p->to, text);
}

void troth_page_say_of(const struct troth_page *p, const json_t *object, const char *key)
{
	troth_page_say(p, troth_cli_string_of(object, key));
}

void troth_page_number_of(const struct troth_page *p, const json_t *object, const char *key)
{
	fprintf(p->to, "%" JSON_INTEGER_FORMAT,
		json_integer_value(json_object_get(object, key)));
}

void troth_page_open(const struct troth_page *p, enum troth_page_element e)
{
	troth_page_open_with(p, e, "");
}

void troth_page_open_with(const struct troth_page *p, enum troth_page_element e,
			  const char *value)
{
	const char *text = p->medium->markup[e].open;
	const size_t n = strcspn(text, "*");
	(void)fwrite(text, 1, n, p->to);
	if (text[n] == '\0')
		return;
	troth_page_say(p, value);
	fputs(text + n + 1, p->to);
}

void troth_page_close(const struct troth_page *p, enum troth_page_element e)
{
	fputs(p->medium->markup[e].close, p->to);
}

void troth_page_put(const struct troth_page *p, enum troth_page_element e, const char *text)
{
	if (p->medium->markup[e].open == NULL)
		return;
	troth_page_open_with(p, e, text);
	troth_page_say(p, text);
	troth_page_close(p, e);
}

void troth_page_put_of(const struct troth_page *p, enum troth_page_element e,
		       const json_t *object, const char *key)
{
	troth_page_put(p, e, troth_cli_string_of(object, key));
}
