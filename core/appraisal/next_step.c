/* SPDX-License-Identifier: Apache-2.0 */
#include "next_step.h"

#include <string.h>

#include "base.h"
#include "line.h"
#include "reader.h"
#include "text.h"

/* In the order of FINDINGS in finding.c. The formatter would tear the rows apart. */
/* clang-format off */
static const char *const STEPS[TROTH_FINDING_N] = {
	[TROTH_FINDING_NONE] = "Nothing.",
	[TROTH_FINDING_MESSAGE_MALFORMED] =
		"Compare `troth-attester --version` on the device with `troth-verifier --version`; "
		"look at what stands between them and changes bodies.",
	[TROTH_FINDING_TOKEN_INVALID] =
		"See that all replicas share the files of `keys` in the verifier's `state_dir`.",
	[TROTH_FINDING_TOKEN_EXPIRED] =
		"Nothing: the device asks for a new challenge. If it recurs, look at the time a quote "
		"takes: `troth-attester once --verbose` on the device.",
	[TROTH_FINDING_TOKEN_SPENT] =
		"Nothing: the device asks for a new challenge. If it recurs, see that one attester "
		"runs there: `systemctl status troth-attester`.",

	[TROTH_FINDING_ATTEST_MALFORMED] =
		"Look at the detail for what is wrong, then at the client that sent it: "
		"`troth-attester --version` on the device.",
	[TROTH_FINDING_MAGIC] =
		"Treat it as an attack: `trothctl device quarantine DEVICE`.",
	[TROTH_FINDING_NOT_A_QUOTE] =
		"Look at the client; if it is ours, treat it as an attack: `trothctl device "
		"quarantine DEVICE`.",
	[TROTH_FINDING_SIGNATURE_MALFORMED] =
		"With `trothctl quote verify`, give `--signature-format raw`.",
	[TROTH_FINDING_SIGNATURE_SCHEME] =
		"If the device's key changed, have it enrol anew: remove the files of the attester's "
		"`state_dir`, then `troth-attester once`.",
	[TROTH_FINDING_HASH_WEAK] =
		"Make a key with SHA-256: `troth-attester provision`. For an old record only: "
		"`trothctl quote verify` with `--allow-sha1`.",
	[TROTH_FINDING_SIGNATURE] =
		"Compare the device's id by `troth-attester provision` with `trothctl device show "
		"DEVICE`; after a change of TPM, have it enrol anew.",
	[TROTH_FINDING_QUALIFYING_DATA] =
		"See that one attester runs on the device; if so, treat it as an attack: `trothctl "
		"device quarantine DEVICE`.",
	[TROTH_FINDING_SELECTION] =
		"Allocate the bank in the firmware's settings, or take it out of `pcrs` in the "
		"policy: `trothctl policy apply FILE`.",
	[TROTH_FINDING_PCR_VALUES] =
		"Look at the client that sent them: `troth-attester --version` on the device.",
	[TROTH_FINDING_PCR_DIGEST] =
		"Attest again with `troth-attester once`; if it stays, treat it as an attack: "
		"`trothctl device quarantine DEVICE`.",
	[TROTH_FINDING_QUALIFIED_SIGNER] =
		"Provision the attestation key again with `troth-attester provision`.",
	[TROTH_FINDING_AK_ATTRIBUTES] =
		"Make the key with `troth-attester provision`.",
	[TROTH_FINDING_AK_SCHEME] =
		"Make the key with `troth-attester provision`.",
	[TROTH_FINDING_KEY_CERTIFICATION] =
		"Restart the attester: `systemctl restart troth-attester`; if it stays, treat it as "
		"an attack: `trothctl device quarantine DEVICE`.",
	[TROTH_FINDING_KEY_ATTRIBUTES] =
		"Remove `key.pem` from the attester's `run_dir` and restart it; it makes a new key.",
	[TROTH_FINDING_POSSESSION] =
		"Treat it as an attack: `trothctl device quarantine DEVICE`.",
	[TROTH_FINDING_CLOCK_RANGE] =
		"TPM2_Clear resets the clock (`tpm2_clear`, or the firmware's settings); the device "
		"then enrols again by itself.",
	[TROTH_FINDING_ROLLBACK] =
		"A machine restored from a snapshot needs a new enrolment: remove the files of the "
		"attester's `state_dir`, then `troth-attester once`. Otherwise treat it as an attack: "
		"`trothctl device quarantine DEVICE`.",
	[TROTH_FINDING_COUNTERS_REWOUND] =
		"Nothing: the device proves possession of its endorsement key again by itself. See "
		"that somebody meant to clear the TPM; if not, `trothctl device quarantine DEVICE`.",

	[TROTH_FINDING_LOG_MISSING] =
		"Look for `/sys/kernel/security/tpm0/binary_bios_measurements` on the device, or name "
		"the log in the attester's `log`.",
	[TROTH_FINDING_LOG_EMPTY] =
		"Update firmware or boot loader, or appraise by golden PCRs: `\"golden\": true` in the "
		"reference set, put with `trothctl reference put FILE`.",
	[TROTH_FINDING_LOG_MALFORMED] =
		"`trothctl eventlog replay LOG` names code and offset; report it as a quirk with the "
		"log.",
	[TROTH_FINDING_LOG_BANK_MISSING] =
		"Leave the bank out of `pcrs` in the policy (`trothctl policy apply FILE`), or switch "
		"it off in the firmware.",
	[TROTH_FINDING_LOG_PCR_MISSING] =
		"Leave the PCR out of `pcrs` in the policy (`trothctl policy apply FILE`), or have "
		"the attester send the log that covers it: what systemd measured is in the log that "
		"its `systemd_log` names.",
	[TROTH_FINDING_REPLAY_MISMATCH] =
		"Treat it as an attack unless the firmware is known for it: `trothctl device "
		"quarantine DEVICE`, then `trothctl verdict export DEVICE --output FILE` for who "
		"looks into it.",
	[TROTH_FINDING_LOG_WEAK_BANK] =
		"Switch the SHA-256 bank on in the firmware's settings; `tpm2_getcap pcrs` on the "
		"device shows the banks.",
	[TROTH_FINDING_LOG_QUIRK] =
		"Nothing.",
	[TROTH_FINDING_EVENT_DATA] =
		"Nothing was believed of that data. On one device of many, treat it as an attack: "
		"`trothctl device quarantine DEVICE`. On every device of a model, report it as a "
		"quirk with the log, out of `trothctl verdict export DEVICE --output FILE`.",
	[TROTH_FINDING_SEPARATOR] =
		"Look at the firmware's own error log, and at the events with `trothctl explain "
		"--device DEVICE --format html`.",
	[TROTH_FINDING_UNEXPLAINED_RESET] =
		"Treat it as an attack: `trothctl device quarantine DEVICE`; have the device "
		"inspected.",
	[TROTH_FINDING_SYSTEMD_LOG_MALFORMED] =
		"`trothctl eventlog show --systemd FILE LOG` names the offset. PCRs that systemd "
		"leaves alone are judged without it: `systemd_log: \"\"` in the attester's "
		"configuration.",

	[TROTH_FINDING_SECURE_BOOT_OFF] =
		"Switch it on in the firmware's settings; or set `secure_boot: any` in the policy: "
		"`trothctl policy apply FILE`.",
	[TROTH_FINDING_SECURE_BOOT_UNPROVEN] =
		"Boot through the firmware; or set `secure_boot: any` in this group's policy: "
		"`trothctl policy apply FILE`.",
	[TROTH_FINDING_REFERENCE_MISSING] =
		"If the device is known to be good: `trothctl reference learn --device DEVICE --name "
		"REFERENCE` (and `--merge` where the set lacks only a PCR). The policy names the set: "
		"`reference: REFERENCE`.",
	[TROTH_FINDING_UNEXPECTED_EVENT] =
		"Compare with the nearest reference the finding names: `trothctl explain --device "
		"DEVICE`. If the version is yours, add it: `--write-reference FILE`, then `trothctl "
		"reference put FILE`.",
	[TROTH_FINDING_MISSING_COMPONENT] =
		"Look at the device's boot order. If it is right without the component, mark that "
		"optional: `trothctl explain --device DEVICE --write-reference FILE`, then `trothctl "
		"reference put FILE`.",
	[TROTH_FINDING_PCR_MISMATCH] =
		"After an update of your own, learn anew: `trothctl reference learn --device DEVICE "
		"--name REFERENCE`, with components instead of golden values where you can.",
	[TROTH_FINDING_REFERENCE_AMBIGUOUS] =
		"Make the alternatives more specific, or fewer: `trothctl reference show REFERENCE "
		"--format json`, then `trothctl reference put FILE`; `trothctl reference promote "
		"REFERENCE ALTERNATIVE` leaves one.",
	[TROTH_FINDING_NOTHING_CHECKED] =
		"Name PCRs and reference values, `pcrs` and `reference`, in the policy: `trothctl "
		"policy show POLICY`, then `trothctl policy apply FILE`.",

	[TROTH_FINDING_IMA_LOG_MISSING] =
		"Look for `/sys/kernel/security/ima/binary_runtime_measurements` on the device, and "
		"whether the attester may read it.",
	[TROTH_FINDING_IMA_EMPTY] =
		"Start the kernel with `ima_policy=tcb` or a policy of your own.",
	[TROTH_FINDING_IMA_MALFORMED] =
		"`trothctl ima show LIST` names code and offset.",
	[TROTH_FINDING_IMA_REPLAY_MISMATCH] =
		"Treat it as an attack unless the device uses kexec: `trothctl device quarantine "
		"DEVICE`.",
	[TROTH_FINDING_IMA_TRIMMED] =
		"Send the list from its first entry on; switch trimming off on the device, `reboot` "
		"it, and see that its attester's `ima` names the whole list.",
	[TROTH_FINDING_IMA_REWOUND] =
		"Treat it as an attack: `trothctl device quarantine DEVICE`.",
	[TROTH_FINDING_IMA_SKIPPED] =
		"Treat it as an attack: `trothctl device quarantine DEVICE`.",
	[TROTH_FINDING_IMA_WEAK_BANK] =
		"Update the kernel; or set `weak_bank: true` in the policy's `ima` and accept it: "
		"`trothctl policy apply FILE`.",
	[TROTH_FINDING_IMA_BOOT_AGGREGATE] =
		"Compare `trothctl ima show LIST` with the PCRs; treat it as an attack unless the "
		"kernel is known for it: `trothctl device quarantine DEVICE`.",
	[TROTH_FINDING_IMA_VIOLATION] =
		"Narrow the IMA policy of the device, or set `violations` in the `ima` of Troth's: "
		"`trothctl policy apply FILE`. The path is the list's word alone.",
	[TROTH_FINDING_IMA_KEXEC] =
		"Reboot the device, or set `kexec` in the policy's `ima`: `trothctl policy apply "
		"FILE`.",
	[TROTH_FINDING_IMA_UNKNOWN_FILE] =
		"If the file is yours, add its digest with `trothctl reference ima build`, put the "
		"list into the verifier's `ima.lists` and reload it. The finding lasts until the next "
		"boot or change of policy.",
	[TROTH_FINDING_IMA_SIGNATURE] =
		"Name the key in the `keys` of the policy's `ima` (`trothctl policy apply FILE`), or "
		"sign the file anew.",
	[TROTH_FINDING_IMA_EVENT] =
		"Name the event in the `events` of the policy's `ima`, with its digest or as any: "
		"`trothctl policy apply FILE`.",
	[TROTH_FINDING_IMA_UNMEASURED] =
		"Look at `/sys/kernel/security/ima/policy` on the device.",
	[TROTH_FINDING_IMA_LIST_MISSING] =
		"Put the list, `NAME.digests`, into the directory of `ima.lists`, and reload the "
		"verifier: `systemctl reload troth-verifier`.",

	[TROTH_FINDING_EK_CERT_MALFORMED] =
		"Read the NV index with `tpm2_nvread` and compare; `trothctl ek verify` says of the "
		"file what is wrong with it.",
	[TROTH_FINDING_EK_CERT_MISSING] =
		"Enrol by inventory (`ek.inventory` of the verifier has the id that `troth-attester "
		"provision` shows), or by approval: `trothctl device approve DEVICE`.",
	[TROTH_FINDING_EK_CERT_CHAIN] =
		"Add the maker's certificates to the directories of `ek.roots` and "
		"`ek.intermediates`; none is ever fetched on the device's word. `trothctl ek verify` "
		"tries it.",
	[TROTH_FINDING_EK_CERT_EXPIRED] =
		"Check the verifier's clock with `date`, then decide by inventory (`ek.inventory`).",
	[TROTH_FINDING_EK_CERT_PROFILE] =
		"Find out where the certificate comes from: `openssl x509 -text` shows it.",
	[TROTH_FINDING_EK_KEY_MISMATCH] =
		"Enrol by the template the certificate is for: `ek` of the attester, `ek_template` of "
		"the policy. Otherwise treat it as an attack.",
	[TROTH_FINDING_EK_KEY_SIZE] =
		"Do not configure such certificates: take the file out of `ek.intermediates`, or out "
		"of `ek.roots`.",
	[TROTH_FINDING_EK_NOT_IN_INVENTORY] =
		"If the device is yours, add the id that `troth-attester provision` shows to the file "
		"of `ek.inventory`, and reload the verifier.",
	[TROTH_FINDING_EK_TEMPLATE] =
		"If the machine is yours, set the attester's `ek`, or the policy's `ek_template`, to "
		"the same kind.",
	[TROTH_FINDING_AK_TAKEN] =
		"Look at the device that has the key: `trothctl device list`. Treat it as an attack "
		"unless the endorsement key was changed on purpose.",
	[TROTH_FINDING_TPM_FIRMWARE] =
		"Update the TPM's firmware; the detail has its version as policies write it "
		"(`tpm.deny` and its like: `trothctl policy apply FILE`).",
};
/* clang-format on */

const char *troth_next_step(enum troth_finding_code code)
{
	return (unsigned int)code < TROTH_FINDING_N ? STEPS[code] : "";
}

/* What stands for the word that the text begins with; NULL when it begins with none. */
static const char *name_for(const char *text, const struct troth_next_step_names *names,
			    size_t *out_word)
{
	const struct {
		const char *word, *name;
	} ROWS[] = { { "DEVICE", names->device },
		     { "POLICY", names->policy },
		     { "REFERENCE", names->reference } };
	for (size_t i = 0; i < TROTH_COUNT(ROWS); i++) {
		*out_word = strlen(ROWS[i].word);
		if (strncmp(text, ROWS[i].word, *out_word) == 0)
			return ROWS[i].name != NULL &&
					       troth_name_valid(troth_view_str(ROWS[i].name))
				       ? ROWS[i].name
				       : ROWS[i].word;
	}
	return NULL;
}

void troth_next_step_for(enum troth_finding_code code,
			 const struct troth_next_step_names *names,
			 char out[TROTH_NEXT_STEP_MAX])
{
	struct troth_line line = troth_line_make(out, TROTH_NEXT_STEP_MAX);
	for (const char *p = troth_next_step(code); *p != '\0';) {
		size_t word;
		const char *name = name_for(p, names, &word);
		if (name != NULL) {
			troth_line_str(&line, name);
			p += word;
		} else {
			troth_line_bytes(&line, (struct troth_view){ (const uint8_t *)p, 1 });
			p++;
		}
	}
}
