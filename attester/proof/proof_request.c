/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_request.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "json_write.h"
#include "random.h"
#include "reader.h"

struct request {
	bool proof; /* else: credential */
	struct troth_view method, url, nonce;
};

static bool read_proof(const struct troth_json_value *root, struct troth_writer *scratch,
		       struct request *out)
{
	const struct troth_json_value *nonce = troth_json_member(root, "nonce");
	out->proof = true;
	return troth_json_string(troth_json_member(root, "method"), scratch, &out->method) &&
	       troth_json_string(troth_json_member(root, "url"), scratch, &out->url) &&
	       (nonce == NULL || troth_json_string(nonce, scratch, &out->nonce));
}

static bool read_request(struct troth_view line, struct troth_writer *scratch,
			 struct request *out)
{
	struct troth_json_value values[TROTH_JSON_VALUES_MAX];
	struct troth_json json;
	if (troth_json_parse(line, values, TROTH_COUNT(values), &json) != TROTH_OK)
		return false;
	const struct troth_json_value *root = troth_json_root(&json);
	const struct troth_json_value *op = troth_json_member(root, "op");
	*out = (struct request){ .proof = false };
	return troth_json_is(op, "proof") ? read_proof(root, scratch, out)
					  : troth_json_is(op, "credential");
}

/* ---- the result in force ---- */

static bool path_of(const struct troth_proof_desk *d, const char *name, char out[PATH_MAX])
{
	const int n = snprintf(out, PATH_MAX, "%s/%s", d->run_dir, name);
	return n > 0 && n < PATH_MAX;
}

/* Read again only when another file is in its place. */
static bool refresh_result(struct troth_proof_desk *d)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	char path[PATH_MAX];
	struct stat info;
	if (!__atomic_load_n(&d->bound, __ATOMIC_ACQUIRE) || !path_of(d, "ear.jwt", path) ||
	    stat(path, &info) != 0)
		return false;
	const uint64_t mtime_ns = (uint64_t)info.st_mtim.tv_sec * 1000000000 +
				  (uint64_t)info.st_mtim.tv_nsec;
	if (d->result_len > 0 && d->result_inode == info.st_ino &&
	    d->result_mtime_ns == mtime_ns)
		return true;
	d->result_len = 0;
	if (troth_file_read(path, sizeof d->result, &text) != TROTH_OK || text.n == 0)
		return false;
	memcpy(d->result, text.p, text.n);
	d->result_len = text.n;
	d->result_inode = info.st_ino;
	d->result_mtime_ns = mtime_ns;
	return true;
}

/* ---- answers ---- */

static void put_error(struct troth_writer *out, const char *why)
{
	troth_json_open(out, '{');
	troth_json_member_text(out, "error", troth_view_str(why));
	troth_json_close(out, '}');
}

static enum troth_status sign(void *arg, struct troth_view message,
			      uint8_t out[TROTH_ES256_LEN])
{
	const struct troth_proof_desk *d = arg;
	return troth_session_sign(d->ctx, d->session, message, out);
}

static enum troth_status make_proof(struct troth_proof_desk *d, const struct request *r,
				    struct troth_writer *out)
{
	const struct troth_dpop_maker maker = { *troth_session_public(d->session),
						{ sign, d } };
	const struct troth_dpop_call call = { .method = r->method,
					      .url = r->url,
					      .token = { d->result, d->result_len },
					      .nonce = r->nonce };
	uint8_t jti[TROTH_DPOP_JTI_BYTES];
	TROTH_TRY(troth_random(jti, sizeof jti));
	return troth_dpop_make(d->ctx, &maker, &call, troth_now_ms() / 1000, jti, out);
}

static void answer_proof(struct troth_proof_desk *d, uid_t uid, const struct request *r,
			 struct troth_writer *out)
{
	uint8_t proof[TROTH_JWS_MAX];
	struct troth_writer p = troth_writer_make(proof, sizeof proof);
	if (!troth_proof_allowed(d->rules, uid, r->url)) {
		put_error(out, "denied");
		return;
	}
	if (!refresh_result(d)) {
		put_error(out, "no-result");
		return;
	}
	const enum troth_status s = make_proof(d, r, &p);
	if (s != TROTH_OK) {
		put_error(out, s == TROTH_E_MALFORMED || s == TROTH_E_LIMIT ? "malformed"
									    : "failed");
		return;
	}
	troth_json_open(out, '{');
	troth_json_member_text(out, "token", (struct troth_view){ d->result, d->result_len });
	troth_json_member_text(out, "proof", troth_written(&p));
	troth_json_close(out, '}');
}

static void answer_credential(struct troth_proof_desk *d, struct troth_writer *out)
{
	static const char *const FILES[][2] = { { "key", "key.pem" },
						{ "certificate", "cert.pem" },
						{ "bundle", "bundle.pem" },
						{ "result", "ear.jwt" } };
	char path[PATH_MAX];
	troth_json_open(out, '{');
	for (size_t i = 0; i < TROTH_COUNT(FILES); i++)
		if (path_of(d, FILES[i][1], path))
			troth_json_member_text(out, FILES[i][0], troth_view_str(path));
	if (refresh_result(d))
		troth_json_member_text(out, "token",
				       (struct troth_view){ d->result, d->result_len });
	troth_json_close(out, '}');
}

enum troth_status troth_proof_answer(struct troth_proof_desk *d, uid_t uid,
				     struct troth_view line, struct troth_writer *out)
{
	uint8_t text[TROTH_PROOF_LINE_MAX];
	struct troth_writer scratch = troth_writer_make(text, sizeof text);
	struct request r;
	if (!troth_proof_user_known(d->rules, uid))
		put_error(out, "denied");
	else if (!read_request(line, &scratch, &r))
		put_error(out, "malformed");
	else if (r.proof)
		answer_proof(d, uid, &r, out);
	else
		answer_credential(d, out);
	troth_put_u8(out, '\n');
	return troth_writer_ok(out) ? TROTH_OK : TROTH_E_LIMIT;
}
