/* SPDX-License-Identifier: Apache-2.0 */
#include "settings_ca.h"

#include <string.h>

#include "base.h"
#include "settings.h"

enum troth_status troth_settings_ca_key(struct troth_config_doc *doc, void *settings)
{
	struct troth_key_source *s = &((struct troth_settings *)settings)->ca_key;
	struct troth_view uri;
	TROTH_TRY(troth_config_scalar(doc, &uri));
	if (!troth_key_uri_valid(uri))
		return troth_config_fail(doc,
					 "no URI of a key: wanted 1 to %d printable characters",
					 TROTH_KEY_URI_MAX);
	memcpy(s->uri, uri.p, uri.n);
	s->uri[uri.n] = '\0';
	return TROTH_OK;
}

enum troth_status troth_settings_ca_provider(struct troth_config_doc *doc, void *settings)
{
	struct troth_key_source *s = &((struct troth_settings *)settings)->ca_key;
	struct troth_view name;
	TROTH_TRY(troth_config_scalar(doc, &name));
	if (s->n_providers == TROTH_KEY_PROVIDERS_MAX)
		return troth_config_fail(doc, "more than %d providers",
					 TROTH_KEY_PROVIDERS_MAX);
	if (!troth_key_provider_valid(name))
		return troth_config_fail(doc, "no name of a provider");
	memcpy(s->providers[s->n_providers], name.p, name.n);
	s->providers[s->n_providers++][name.n] = '\0';
	return TROTH_OK;
}
