/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: what changed is in force, what cannot change is refused, and nobody's request
 * is lost meanwhile. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "lab.h"
#include "reader.h"
#include "serving.h"
#include "text.h"
#include "wire.h"

#define CALLERS 12
#define RELOADS 6

/* The next generation. */
static struct serving reload(struct lab *lab)
{
	size_t n = serving_generations(&lab->service);
	assert_int_equal(kill(lab->service.pid, SIGHUP), 0);
	return serving_await(&lab->service, n);
}

static void list_device(struct lab *lab, const struct fleet_device *d, const char *name)
{
	char id[65];
	FILE *f = fopen(test_service_path(&lab->service, "inventory"), "ae");
	assert_non_null(f);
	troth_format_hex(TROTH_VIEW_OF(d->id), id);
	fprintf(f, "%s %s\n", id, name);
	assert_int_equal(fclose(f), 0);
}

static void a_changed_inventory_is_in_force(void **state)
{
	struct lab *lab = *state;
	struct tls_client http;
	struct fleet_device late;
	fleet_device_make(&late);
	late.log = troth_buffer_view(&lab->log);
	late.pcrs = lab->boot.values;
	lab_client(lab, &http);

	assert_int_equal(fleet_enroll(&late, &http), 403);
	list_device(lab, &late, "late");
	assert_int_equal(fleet_enroll(&late, &http), 403); /* nobody was told */
	(void)reload(lab);
	tls_client_close(&http);
	assert_int_equal(fleet_enroll(&late, &http), 200);
	tls_client_close(&lab->http);
	assert_int_equal(lab_attest(lab, &late), 200);
	assert_true(lab_result(&lab->http).issued);
	/* Who was enrolled before still is. */
	assert_int_equal(lab_attest(lab, &lab->devices[LAB_VICTIM]), 200);
	tls_client_release(&http);
	fleet_device_free(&late);
}

/* ---- under load ---- */

struct caller {
	pthread_t thread;
	struct lab *lab;
	struct tls_client http;
	const bool *stop;	/* atomic */
	unsigned long answered; /* atomic */
	unsigned long cut_off, lost;
	int status; /* the first that was not 200 */
};

static bool call(struct caller *c)
{
	Troth__V1__Challenge *m = fleet_challenge(&c->lab->devices[LAB_VICTIM], &c->http);
	bool answered = m != NULL || c->http.ssl != NULL;
	if (m == NULL && answered && c->status == 0)
		c->status = c->http.status;
	if (m != NULL)
		troth_wire_free(&m->base);
	return answered;
}

/* A connection may end where nothing was answered yet; the next one must be answered. */
static void *keep_calling(void *arg)
{
	struct caller *c = arg;
	while (!__atomic_load_n(c->stop, __ATOMIC_RELAXED)) {
		bool answered = call(c);
		if (!answered) {
			c->cut_off++;
			answered = call(c);
		}
		c->lost += !answered;
		__atomic_add_fetch(&c->answered, answered, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* What a connection lost to one reload costs must not be counted against the next. */
static void await_everybody(struct caller *callers)
{
	for (size_t i = 0; i < CALLERS; i++) {
		unsigned long before = __atomic_load_n(&callers[i].answered, __ATOMIC_RELAXED);
		double deadline = serving_now_s() + 30;
		while (__atomic_load_n(&callers[i].answered, __ATOMIC_RELAXED) < before + 2) {
			if (serving_now_s() > deadline)
				fail_msg("a caller is not answered any more");
			serving_nap_ms(1);
		}
	}
}

static void requests_during_a_reload_are_answered(void **state)
{
	struct lab *lab = *state;
	static struct caller callers[CALLERS];
	bool stop = false;
	unsigned long answered = 0, cut_off = 0, lost = 0;
	double longest = 0;

	for (size_t i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){ .lab = lab, .stop = &stop };
		lab_client(lab, &callers[i].http);
		assert_int_equal(
			pthread_create(&callers[i].thread, NULL, keep_calling, &callers[i]), 0);
	}
	for (int i = 0; i < RELOADS; i++) {
		await_everybody(callers);
		double begun = serving_now_s();
		(void)reload(lab);
		double took = serving_now_s() - begun;
		longest = took > longest ? took : longest;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		answered += callers[i].answered;
		cut_off += callers[i].cut_off;
		lost += callers[i].lost;
		if (callers[i].status != 0)
			fail_msg("a request got the status %d", callers[i].status);
		tls_client_release(&callers[i].http);
	}
	tls_client_close(&lab->http);
	print_message("%lu requests answered over %d reloads, %lu had to connect again, "
		      "longest reload %.0f ms\n",
		      answered, RELOADS, cut_off, longest * 1e3);
	assert_true(answered > 0);
	assert_int_equal(lost, 0);
	assert_int_equal(lab_attest(lab, &lab->devices[LAB_THIRD]), 200);
}

/* ---- refused ---- */

static const struct {
	const char *name, *from, *to, *said;
} MISTAKES[] = {
	{ "no YAML", "trust_domain:", "trust_domain", "line=" },
	{ "unknown key", "trust_domain:", "colour: red\ntrust_domain:", "colour" },
	{ "another trust domain", "test.example", "other.example", "trust_domain: a change" },
	{ "another address", "127.0.0.1:0", "127.0.0.1:1", "listen: a change" },
	{ "another state directory", "/state\n", "/other\n", "state_dir: a change" },
	{ "another socket", "/admin.sock", "/other.sock", "admin_socket: a change" },
	{ "another port file", "/port\n", "/other-port\n", "port_file: a change" },
	{ "no such inventory", "/inventory", "/nowhere", "nowhere" },
};

static void assert_same(const struct serving *a, const struct lab *lab)
{
	struct serving b = serving_await(&lab->service, 0);
	assert_int_equal(a->front, b.front);
	assert_int_equal(a->issuer, b.issuer);
}

static size_t refusals(const struct lab *lab)
{
	struct troth_buffer log = { 0 };
	size_t n = 0;
	assert_int_equal(
		troth_file_read(test_service_path(&lab->service, "log"), 1 << 26, &log),
		TROTH_OK);
	for (const char *at = (const char *)log.p;
	     (at = strstr(at, "event=reload-refused")) != NULL; at++)
		n++;
	troth_buffer_clear(&log);
	return n;
}

static void refuse_reload(struct lab *lab)
{
	size_t before = refusals(lab);
	assert_int_equal(kill(lab->service.pid, SIGHUP), 0);
	for (int tries = 0; refusals(lab) == before; tries++) {
		assert_true(tries < 2000);
		serving_nap_ms(5);
	}
}

static void mistakes_leave_the_service_as_it_is(void **state)
{
	struct lab *lab = *state;
	const struct serving before = serving_await(&lab->service, 0);
	for (size_t i = 0; i < sizeof MISTAKES / sizeof *MISTAKES; i++) {
		print_message("  %s\n", MISTAKES[i].name);
		serving_edit(&lab->service, MISTAKES[i].from, MISTAKES[i].to);
		refuse_reload(lab);
		assert_true(serving_said(&lab->service, MISTAKES[i].said));
		serving_edit(&lab->service, MISTAKES[i].to, MISTAKES[i].from);
		assert_same(&before, lab);
	}
	assert_int_equal(lab_attest(lab, &lab->devices[LAB_VICTIM]), 200);
}

static void a_broken_inventory_leaves_the_service_as_it_is(void **state)
{
	struct lab *lab = *state;
	const struct serving before = serving_await(&lab->service, 0);
	char path[PATH_MAX];
	struct troth_buffer good = { 0 };
	snprintf(path, sizeof path, "%s", test_service_path(&lab->service, "inventory"));
	assert_int_equal(troth_file_read(path, 1 << 20, &good), TROTH_OK);
	assert_int_equal(troth_file_write(path, troth_view_str("no device id\n"), 0600),
			 TROTH_OK);
	refuse_reload(lab);
	assert_true(serving_said(&lab->service,
				 "line=1 status=malformed why=\"a line begins with"));
	assert_same(&before, lab);
	assert_int_equal(lab_attest(lab, &lab->devices[LAB_THIRD]), 200);
	assert_int_equal(troth_file_write(path, troth_buffer_view(&good), 0600), TROTH_OK);
	troth_buffer_clear(&good);
	assert_true(reload(lab).front != before.front);
	tls_client_close(&lab->http);
}

/* ---- files that only the children read ---- */

enum harm { HARM_CUT, HARM_GONE, HARM_NO_TEXT, HARM_EXPOSED, HARM_ANOTHER };

static const struct {
	const char *name, *file;
	enum harm harm;
	const char *said;
} HARMS[] = {
	{ "a CA's key that is cut off", "state/keys/ca.key", HARM_CUT, "file=ca.key" },
	{ "no CA's key", "state/keys/ca.key", HARM_GONE, "file=ca.key why=\"it is not there" },
	{ "a CA's key for others to read", "state/keys/ca.key", HARM_EXPOSED, "key-exposed" },
	{ "another key than the certificate's", "state/keys/ca.key", HARM_ANOTHER,
	  "ca.key is not the key of ca.crt" },
	{ "no certificate", "state/keys/ca.crt", HARM_NO_TEXT, "file=ca.crt" },
	{ "no root", "state/keys/root.crt", HARM_GONE, "file=root.crt" },
	{ "MAC keys that are cut off", "state/keys/mac.keys", HARM_CUT, "file=mac.keys" },
	{ "a key of results that is none", "state/keys/ear.key", HARM_NO_TEXT, "file=ear.key" },
	{ "no key of secrets", "state/keys/secrets.key", HARM_GONE, "file=secrets.key" },
	{ "a next certificate that is none", "state/keys/ca-next.crt", HARM_NO_TEXT,
	  "file=ca-next.crt" },
	{ "no database", "state/troth.db", HARM_GONE, "troth.db problem=" },
	{ "a database that is none", "state/troth.db", HARM_NO_TEXT, "troth.db" },
};

/* Beside it, for the time being. */
static void put_aside(const char *path, const char *aside)
{
	assert_true(rename(path, aside) == 0 || errno == ENOENT);
}

static void do_harm(const struct lab *lab, enum harm harm, const char *path, const char *aside)
{
	struct troth_buffer whole = { 0 };
	char other[PATH_MAX];
	snprintf(other, sizeof other, "%s",
		 test_service_path(&lab->service, "state/keys/ear.key"));
	put_aside(path, aside);
	const struct troth_view no_text = troth_view_str("nothing of the kind\n");
	if (harm == HARM_GONE)
		return;
	if (harm == HARM_NO_TEXT) {
		assert_int_equal(troth_file_write(path, no_text, 0600), TROTH_OK);
		return;
	}
	assert_int_equal(troth_file_read(harm == HARM_ANOTHER ? other : aside, 1 << 20, &whole),
			 TROTH_OK);
	const struct troth_view bytes = { whole.p, harm == HARM_CUT ? whole.n / 2 : whole.n };
	assert_int_equal(troth_file_write(path, bytes, harm == HARM_EXPOSED ? 0644 : 0600),
			 TROTH_OK);
	troth_buffer_clear(&whole);
}

static void undo_harm(const char *path, const char *aside)
{
	(void)unlink(path);
	assert_true(rename(aside, path) == 0 || errno == ENOENT);
}

/* Ended first, the service would be gone until somebody mends them. */
static void broken_files_leave_the_service_as_it_is(void **state)
{
	struct lab *lab = *state;
	const struct serving before = serving_await(&lab->service, 0);
	char path[PATH_MAX], aside[PATH_MAX + 8];
	for (size_t i = 0; i < sizeof HARMS / sizeof *HARMS; i++) {
		print_message("  %s\n", HARMS[i].name);
		snprintf(path, sizeof path, "%s",
			 test_service_path(&lab->service, HARMS[i].file));
		snprintf(aside, sizeof aside, "%s.aside", path);
		do_harm(lab, HARMS[i].harm, path, aside);
		refuse_reload(lab);
		undo_harm(path, aside);
		if (!serving_said(&lab->service, HARMS[i].said))
			fail_msg("nobody says %s", HARMS[i].said);
		assert_same(&before, lab);
	}
	assert_int_equal(lab_attest(lab, &lab->devices[LAB_VICTIM]), 200);
	assert_true(reload(lab).issuer != before.issuer);
	tls_client_close(&lab->http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_inventory_is_in_force),
		cmocka_unit_test(requests_during_a_reload_are_answered),
		cmocka_unit_test(mistakes_leave_the_service_as_it_is),
		cmocka_unit_test(a_broken_inventory_leaves_the_service_as_it_is),
		cmocka_unit_test(broken_files_leave_the_service_as_it_is),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
