/* SPDX-License-Identifier: Apache-2.0 */
/* Every maximum Troth knows, with its unit and its reason.
 *
 * A buffer without a maximum is a bug; a maximum without a test at it and one
 * past it is one too. */
#ifndef TROTH_LIMITS_H
#define TROTH_LIMITS_H

/* TPM 2.0: PC Client platforms have 24 PCRs; TPM2_PT_PCR_COUNT of every known device. */
#define TROTH_PCR_COUNT 24
/* Banks in one selection or log: sha1, sha256, sha384, sha512, sm3 and one spare. */
#define TROTH_BANKS_MAX 6
/* Largest digest: SHA-512, bytes. */
#define TROTH_DIGEST_MAX 64
/* A Name is a two-byte algorithm and a digest, bytes. */
#define TROTH_NAME_MAX (2 + TROTH_DIGEST_MAX)
/* Largest RSA modulus taken from a device, bytes (RSA-4096 EKs exist). */
#define TROTH_RSA_BYTES_MAX 512
/* Largest EC coordinate taken (P-384), bytes. */
#define TROTH_ECC_BYTES_MAX 48
/* A marshalled TPMS_ATTEST with six full banks is under 400 bytes; tss2 allows 2304. */
#define TROTH_ATTEST_MAX 1024
/* A marshalled TPMT_SIGNATURE: RSA-4096 and its header, bytes. */
#define TROTH_SIGNATURE_MAX 640
/* A marshalled TPMT_PUBLIC, bytes. */
#define TROTH_PUBLIC_MAX 640

/* A UEFI event log inside a message, bytes. */
#define TROTH_LOG_MAX (1024 * 1024)
/* Events in one log: real ones reach about 600. */
#define TROTH_LOG_EVENTS_MAX 4096
/* systemd's log of its own measurements, bytes: about 300 a record, some ten records a boot. */
#define TROTH_USERSPACE_LOG_MAX (1024 * 1024)
/* The same inside a message, bytes: with four banks a record has 850, and a machine with a
 * hundred file systems as many. */
#define TROTH_SYSTEMD_LOG_MAX (128 * 1024)
/* One field of a decoded event as text, bytes with its NUL: a kernel command line is at most
 * 4,096 long; a GRUB menu entry that is longer ends in "...". */
#define TROTH_FIELD_MAX 6144
/* One decoded event in one line, likewise. */
#define TROTH_EVENT_LINE_MAX 512
/* Windows nests its tagged events: a container in a container, and one spare. */
#define TROTH_SIPA_DEPTH_MAX 4
/* An IMA list inside a message, bytes; longer ones come in parts. */
#define TROTH_IMA_MAX (1024 * 1024)
/* Parts of one list: 64 MB, half a million files. */
#define TROTH_IMA_PARTS_MAX 64
/* The last part comes this long after the first, milliseconds: 64 MB at 100 KB a second. */
#define TROTH_IMA_CARRY_LIFE_MS (15 * 60 * 1000)
/* How often a device's evidence is appraised in a minute, with or without a verdict: as often
 * as it may get a certificate, and the parts of two of the longest lists. */
#define TROTH_APPRAISALS_PER_MINUTE 192
/* An IMA list read from a file, bytes: a kernel that measured two million files. */
#define TROTH_IMA_FILE_MAX (512 * 1024 * 1024)
/* A template's name or format string, bytes (Linux, MAX_TEMPLATE_NAME_LEN). */
#define TROTH_IMA_NAME_MAX 255
/* The fields of one record, bytes: a path, a signature, and up to three extended attributes of
 * 64 KB each. */
#define TROTH_IMA_DATA_MAX (256 * 1024)
/* The kernel's name of a hash algorithm, bytes. */
#define TROTH_IMA_ALGORITHM_MAX 32
/* A path in a record, bytes (Linux, PATH_MAX). */
#define TROTH_IMA_PATH_MAX 4096
/* Digests, paths and sources of one allow-list: a few distributions with all their updates. */
#define TROTH_DIGEST_SET_ENTRIES_MAX (64 * 1024 * 1024)
/* What a digest came in, "bash_5.2.15-2+b7_amd64", bytes. */
#define TROTH_DIGEST_SET_SOURCE_MAX 255
/* An allow-list's file, bytes: that many entries and their text. */
#define TROTH_DIGEST_SET_FILE_MAX (8LL * 1024 * 1024 * 1024)
/* What the verifier keeps of a device's IMA list between two quotes, bytes. */
#define TROTH_IMA_STATE_MAX 1024
/* Findings about single entries of a list that last until the next boot; the rest is counted.
 */
#define TROTH_IMA_KEPT_MAX 3
/* The same in one verdict. */
#define TROTH_IMA_FINDINGS_MAX 16
/* In a policy: rules for allow-lists, directories or packages of a rule, ignored patterns,
 * expected paths, keys, keyrings, events; bytes of their text together. */
#define TROTH_IMA_RULES_MAX 8
#define TROTH_IMA_RULE_NAMES_MAX 32
#define TROTH_IMA_IGNORE_MAX 64
#define TROTH_IMA_EXPECTED_MAX 32
#define TROTH_IMA_KEYS_MAX 8
#define TROTH_IMA_KEYRINGS_MAX 8
#define TROTH_IMA_EVENTS_MAX 64
#define TROTH_IMA_POLICY_TEXT_MAX (16 * 1024)
/* Keys that the list itself shows to have been added to keyrings. */
#define TROTH_IMA_LEARNED_MAX 16
/* Keys that a signature may mean by one identifier; bits of an RSA key's public exponent. */
#define TROTH_IMA_NAMESAKES_MAX 2
#define TROTH_IMA_RSA_EXPONENT_MAX 64
/* What a device says of itself; kept with each verdict, bytes. */
#define TROTH_FACTS_MAX 4096
/* One protocol body, bytes, checked before the first byte is kept. */
#define TROTH_BODY_MAX (2 * 1024 * 1024)
/* A challenge request, enrolment request and admin request are small, bytes. */
#define TROTH_SMALL_BODY_MAX (64 * 1024)
/* HTTP request line and headers together, bytes. */
#define TROTH_HTTP_HEADER_MAX (8 * 1024)
/* A request target: the longest is a list with a filter in its query, bytes. */
#define TROTH_HTTP_TARGET_MAX 1024
/* Request bodies one worker holds at once, bytes: 32 of the largest or 2,000 first
 * attestations; past it clients are sent away with 503, so that slow senders
 * cannot fill memory. */
#define TROTH_HTTP_BODIES_MAX (64 * 1024 * 1024)
/* Listening sockets of one HTTP server: IPv4, IPv6 and as many while they change. */
#define TROTH_HTTP_LISTENERS_MAX 4

/* Where a CA key is, for a provider of OpenSSL's, bytes; and providers for one key. */
#define TROTH_KEY_URI_MAX 1023
#define TROTH_KEY_PROVIDERS_MAX 4
/* A DNS name without a final dot, bytes (RFC 1035, 2.3.4). */
#define TROTH_DNS_NAME_MAX 253
/* DNS names and addresses in one certificate beside its SPIFFE ID; and as bytes, with kind and
 * length of each. */
#define TROTH_SVID_NAMES_MAX 8
#define TROTH_SVID_NAMES_LEN_MAX (TROTH_SVID_NAMES_MAX * (2 + TROTH_DNS_NAME_MAX))
/* DNS names that one policy gives each of its devices; addresses that it gives all of them. */
#define TROTH_POLICY_DNS_MAX 4
#define TROTH_POLICY_ADDRESSES_MAX 256
/* Domains and networks in the verifier's `certificate_names`. */
#define TROTH_NAME_RULES_MAX 16

/* The verifier's TLS certificate with its chain, or its key, as PEM, bytes. */
#define TROTH_TLS_FILE_MAX (64 * 1024)

/* An EK certificate, bytes: real ones are 900 to 2,000. */
#define TROTH_CERT_MAX (8 * 1024)
/* Certificates in one chain, leaf and root included. */
#define TROTH_CHAIN_MAX 6
/* CAs of a trust bundle: an issuing CA and those above it, twice while it is replaced. */
#define TROTH_BUNDLE_CAS_MAX 16
/* Certificates of an operator's chain, from the issuing CA to its root; devices take four
 * beside the root. And the bytes of such a file. */
#define TROTH_AUTHORITY_CHAIN_MAX 5
#define TROTH_AUTHORITY_FILE_MAX (64 * 1024)
/* Largest RSA key verified in a chain, bits: verification cost grows with the square. */
#define TROTH_CHAIN_RSA_BITS_MAX 4096
/* Smallest RSA key trusted in a chain, bits. */
#define TROTH_CHAIN_RSA_BITS_MIN 2048
/* Configured manufacturer certificates: about 250 are published, and chains search linearly. */
#define TROTH_TRUST_CERTS_MAX 4096
/* One file of them, bytes. */
#define TROTH_TRUST_FILE_MAX (4 * 1024 * 1024)

/* A challenge or enrolment token, bytes. */
#define TROTH_TOKEN_MAX 256
/* A challenge lives this long, milliseconds. */
#define TROTH_TOKEN_LIFE_MS (60 * 1000)
/* A key certification record is void after this long, milliseconds. */
#define TROTH_CERTIFICATION_LIFE_MS (24 * 3600 * 1000LL)
/* The longest life of an identity certificate, seconds, whatever policy says. */
#define TROTH_CERTIFICATE_LIFE_MAX_S (24 * 3600)
/* Clocks above this are refused: TPM2_ClockSet can poison the order. */
#define TROTH_TPM_CLOCK_MAX INT64_MAX

/* Names (device, segment, policy, reference, component): bytes without the final NUL. */
#define TROTH_NAME_LEN_MAX 63
/* A SPIFFE trust domain, bytes. */
#define TROTH_TRUST_DOMAIN_MAX 255
/* A SPIFFE ID, bytes: the standard allows 2048, ours is domain, segment and device name. */
#define TROTH_SPIFFE_ID_MAX 512

/* A token or proof in compact form, bytes: it travels in one HTTP header. */
#define TROTH_JWS_MAX (6 * 1024)
/* The decoded header of one: type, key id and at most one public key; bytes. */
#define TROTH_JWS_HEADER_MAX 1024
/* A key id, bytes: thumbprints have 43 characters. */
#define TROTH_KEY_ID_MAX 64
/* Nesting of JSON: a result's submodule, its vector and its key are four deep. */
#define TROTH_JSON_DEPTH_MAX 8
/* Values in one token's header or claims: a result has about 40. */
#define TROTH_JSON_VALUES_MAX 128

/* An address in a proof, bytes: the longest request target, scheme and host. */
#define TROTH_HTU_MAX (TROTH_HTTP_TARGET_MAX + 512)
/* A proof's jti, bytes: a UUID has 36. */
#define TROTH_DPOP_JTI_MAX 64
/* A nonce of a server's, bytes; ours have 43. */
#define TROTH_DPOP_NONCE_MAX 128
/* A proof is good for this long after it was made, seconds; */
#define TROTH_DPOP_AGE_MAX_S 60
/* it may come from a clock this far ahead, seconds. */
#define TROTH_DPOP_SKEW_S 5
/* So far may a clock be behind the status document that peers are judged by, seconds: by more,
 * and what has expired would pass. */
#define TROTH_PEER_CLOCK_BEHIND_S 60
/* An attestation result as a CWT, bytes: ours are under 1,000. */
#define TROTH_CWT_MAX (4 * 1024)
/* Nesting of CBOR: a result's submodule, its vector and its key are four deep. */
#define TROTH_CBOR_DEPTH_MAX 8
/* Items in one result's headers or claims: it has about 60. */
#define TROTH_CBOR_ITEMS_MAX 128
/* A secret that is released on a verdict, bytes: a key file of LUKS has 64 to 4096. */
#define TROTH_SECRET_MAX 4096
/* Secrets that one policy gives out. */
#define TROTH_POLICY_SECRETS_MAX 32
/* A relying party's nonce, bytes: RFC 9711 wants 64 bits; past 48 the deployed EAR libraries
 * refuse its text form. */
#define TROTH_RESULT_NONCE_MIN 8
#define TROTH_RESULT_NONCE_MAX 48

/* Gateways that may ask for authorisation. */
#define TROTH_CALLERS_MAX 64
/* Streams of events one of them may hold open at once: one of each of its replicas, and those
 * that a network has lost and nobody has noticed yet. */
#define TROTH_FOLLOWERS_PER_CALLER 16
/* Events that are kept for webhooks and streams: the bounds of `limits.events`, and of
 * `limits.events_age` in seconds. 100 bytes each: the most takes 10 GB. */
#define TROTH_EVENTS_KEPT_MIN 1000
#define TROTH_EVENTS_KEPT_MAX 100000000
#define TROTH_EVENTS_AGE_MIN_S 3600
#define TROTH_EVENTS_AGE_MAX_S (3650u * 24 * 3600)
/* Forgotten at once at most: deleting them takes a few milliseconds of the store's writer. */
#define TROTH_EVENTS_FORGOTTEN_MAX 4096
/* Webhooks of one service, an address of one, and the types of events it names. */
#define TROTH_WEBHOOKS_MAX 16
#define TROTH_WEBHOOK_URL_MAX 1024
#define TROTH_WEBHOOK_EVENTS_MAX 16
/* What a receiver may answer, bytes: nothing of it is used. */
#define TROTH_WEBHOOK_ANSWER_MAX (64 * 1024)
/* Audiences one policy opens, and methods of each. */
#define TROTH_ALLOW_RULES_MAX 32
#define TROTH_ALLOW_METHODS_MAX 16
/* A method of HTTP, bytes: the longest registered one has 17. */
#define TROTH_HTTP_METHOD_MAX 17
/* A nonce for proofs is good for this long, seconds: a client that lost one gets another. */
#define TROTH_PROOF_NONCE_LIFE_S 120
/* A signed update of devices' anchors, bytes: eight certificates of 1,500 bytes, base64 twice.
 */
#define TROTH_BUNDLE_UPDATE_MAX (32 * 1024)
/* The file of CRLs of the CAs above the issuing one, bytes. */
#define TROTH_ANCHOR_CRLS_MAX (64 * 1024)

/* Findings kept in one verdict; the rest is counted. */
#define TROTH_FINDINGS_MAX 64
/* Components in a reference set, alternatives in a component, events in an alternative. */
#define TROTH_COMPONENTS_MAX 64
#define TROTH_ALTERNATIVES_MAX 64
#define TROTH_REFERENCE_EVENTS_MAX 4096
/* A file that is measured when it boots, bytes: unified kernel images with firmware inside are
 * beyond 100 MB. */
#define TROTH_BOOT_FILE_MAX (256 * 1024 * 1024)
/* Sections of one PE image: Windows loads at most 96, unified kernel images have about 12 and
 * three more for each profile. */
#define TROTH_PE_SECTIONS_MAX 256
/* GRUB configurations that are run to predict what is measured. A generated one has about 60
 * variables, 5 functions, an entry for each kernel, commands of 15 words with menus of 10 KB in
 * one of them, and runs about 100 commands. */
#define TROTH_GRUB_VARIABLES_MAX 256
#define TROTH_GRUB_FUNCTIONS_MAX 64
#define TROTH_GRUB_ENTRIES_MAX 256
#define TROTH_GRUB_WORDS_MAX 256
#define TROTH_GRUB_STEPS_MAX 2048
/* Files, functions, menus and conditions within each other. */
#define TROTH_GRUB_DEPTH_MAX 24
/* Every text of a run, bytes. */
#define TROTH_GRUB_MEMORY_MAX (2 * 1024 * 1024)
/* A kernel command line, bytes: x86 takes 2048, others up to 4096. */
#define TROTH_CMDLINE_MAX 4096
/* A reference set as JSON, bytes. */
#define TROTH_REFERENCE_JSON_MAX (4 * 1024 * 1024)
/* An exported appraisal (policy, reference set, record, two logs, and what allow-lists have of
 * the files in the record's list), bytes. */
#define TROTH_CASE_MAX (12 * 1024 * 1024)
/* Deviations from reference values that are followed one behind the other to explain a
 * verdict. */
#define TROTH_DEVIATIONS_MAX 64
/* Partial matches followed at once while components are matched; honest
 * sets need one or two. */
#define TROTH_MATCH_STATES_MAX 64
/* A policy or configuration file, bytes. */
#define TROTH_POLICY_MAX (256 * 1024)
/* Rules about TPMs in one list of a policy. */
#define TROTH_TPM_RULES_MAX 32
/* Ignore rules in one policy. */
#define TROTH_IGNORE_RULES_MAX 64

#endif
