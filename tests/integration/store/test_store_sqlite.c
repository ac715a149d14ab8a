/* SPDX-License-Identifier: Apache-2.0 */
#include "suite_sqlite.h"

int main(void)
{
	suite_kind = &suite_sqlite;
	return suite_devices() + suite_contents() + suite_documents() + suite_secrets();
}
