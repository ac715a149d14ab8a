/* SPDX-License-Identifier: Apache-2.0 */
/* troth-verifier: init, serve, check-config, rotate, ca. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "ca_command.h"
#include "courier.h"
#include "file.h"
#include "front/front.h"
#include "issuer/issuer.h"
#include "listeners.h"
#include "preflight.h"
#include "reader.h"
#include "sandbox.h"
#include "settings.h"
#include "state_lock.h"
#include "supervisor.h"
#include "text.h"
#include "tls_life.h"
#include "version.h"
#include "watched.h"

#define DEFAULT_CONFIG "/etc/troth/verifier.yaml"
#define TLS_NAMES_MAX 32
/* The children of a supervisor that was killed are gone long before. */
#define LOCK_PATIENCE_MS 2000

static const char USAGE[] =
	"Usage: troth-verifier COMMAND [OPTION]...\n"
	"\n"
	"Commands:\n"
	"  init          make state directory, keys, certificate authority and database\n"
	"  serve         run the service\n"
	"  check-config  read the configuration and say what is wrong with it\n"
	"  rotate        take the next step in replacing issuing CA and result key\n"
	"  ca request    print a request (PKCS #10) for an issuing CA under a root of your "
	"own\n"
	"  ca install FILE  take its certificate and those above it up to the root, PEM\n"
	"\n"
	"Options:\n"
	"  --config FILE  configuration (default " DEFAULT_CONFIG ")\n"
	"  --name NAME    init: DNS name or IP address of the service, may be given again;\n"
	"                 for the verifier's own TLS certificate (default localhost, "
	"127.0.0.1)\n"
	"  --now          rotate: do not wait; a key was stolen\n"
	"  --help         this text\n"
	"  --version      the version\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n"
	"See troth-verifier(8).\n";

enum verb { VERB_INIT, VERB_SERVE, VERB_CHECK_CONFIG, VERB_ROTATE, VERB_REQUEST, VERB_INSTALL };

struct arguments {
	enum verb verb;
	const char *chain_file; /* of `ca install` */
	const char *config;
	const char *names[TLS_NAMES_MAX];
	size_t n_names;
	bool now;
	int done; /* --help or --version was served, or usage was wrong: exit code + 1 */
};

enum { OPTION_CONFIG = 256, OPTION_NAME, OPTION_NOW, OPTION_HELP, OPTION_VERSION };

__attribute__((format(printf, 1, 2))) static int usage_error(const char *format, ...)
{
	char what[256], shown[4 * sizeof what];
	va_list args;
	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on the line above */
	(void)vsnprintf(what, sizeof what, format, args);
	va_end(args);
	troth_escape(troth_view_str(what), 0, shown, sizeof shown);
	fprintf(stderr, "troth-verifier: %s (see troth-verifier --help)\n", shown);
	return 2 + 1;
}

/* given: the option as it was written. */
static int take_option(struct arguments *a, int option, const char *given)
{
	switch (option) {
	case OPTION_CONFIG: a->config = optarg; return 0;
	case OPTION_NAME:
		if (a->n_names == TLS_NAMES_MAX)
			return usage_error("more than %d times --name", TLS_NAMES_MAX);
		a->names[a->n_names++] = optarg;
		return 0;
	case OPTION_NOW: a->now = true; return 0;
	case 'h':
	case OPTION_HELP: fputs(USAGE, stdout); return 1;
	case OPTION_VERSION: puts("troth-verifier " TROTH_VERSION); return 1;
	case ':': return usage_error("%s wants a value", given);
	default: return usage_error("unknown option %s", given);
	}
}

static const struct {
	const char *words[2];
	size_t n_words, n_operands;
	enum verb verb;
} COMMANDS[] = {
	{ { "init" }, 1, 0, VERB_INIT },
	{ { "serve" }, 1, 0, VERB_SERVE },
	{ { "check-config" }, 1, 0, VERB_CHECK_CONFIG },
	{ { "rotate" }, 1, 0, VERB_ROTATE },
	{ { "ca", "request" }, 2, 0, VERB_REQUEST },
	{ { "ca", "install" }, 2, 1, VERB_INSTALL },
};

#define COMMAND_NAMES "init, serve, check-config, rotate, ca request, ca install FILE"

static bool has_words(size_t command, size_t n, char *const *words)
{
	size_t i = 0;
	while (i < COMMANDS[command].n_words && i < n &&
	       strcmp(COMMANDS[command].words[i], words[i]) == 0)
		i++;
	return i == COMMANDS[command].n_words;
}

static int take_command(struct arguments *a, size_t n, char *const *words)
{
	if (n == 0)
		return usage_error("a command is wanted: " COMMAND_NAMES);
	for (size_t k = 0; k < TROTH_COUNT(COMMANDS); k++) {
		if (!has_words(k, n, words))
			continue;
		if (n != COMMANDS[k].n_words + COMMANDS[k].n_operands)
			return usage_error(COMMANDS[k].n_operands == 0
						   ? "%s takes no further words"
						   : "%s install takes one file",
					   words[0]);
		a->verb = COMMANDS[k].verb;
		a->chain_file = COMMANDS[k].n_operands > 0 ? words[n - 1] : NULL;
		return 0;
	}
	return usage_error("no command %s; there are " COMMAND_NAMES, words[0]);
}

static struct arguments read_arguments(int argc, char **argv)
{
	static const struct option OPTIONS[] = {
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "name", required_argument, NULL, OPTION_NAME },
		{ "now", no_argument, NULL, OPTION_NOW },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 },
	};
	struct arguments a = { .config = DEFAULT_CONFIG };
	int option;
	opterr = 0;
	while (a.done == 0 && (option = getopt_long(argc, argv, ":h", OPTIONS, NULL)) != -1)
		a.done = take_option(&a, option, argv[optind - 1]);
	if (a.done == 0)
		a.done = take_command(&a, (size_t)(argc - optind), argv + optind);
	return a;
}

/* ---- init ---- */

static enum troth_status make_database(const struct troth_settings *s)
{
	char path[PATH_MAX];
	struct troth_store_backend *backend;
	TROTH_TRY(troth_state_path(s, "troth.db", path));
	TROTH_TRY(troth_store_sqlite.open(path, &backend));
	troth_store_sqlite.close(backend);
	return TROTH_OK;
}

static enum troth_status init_state(const struct troth_settings *s, const struct arguments *a)
{
	static const char *const LOCAL[] = { "localhost", "127.0.0.1" };
	char keys[PATH_MAX], tls[PATH_MAX];
	TROTH_TRY(troth_state_path(s, "keys", keys));
	TROTH_TRY(troth_state_path(s, "tls", tls));
	TROTH_TRY(troth_dir_make(s->state_dir, 0700));
	TROTH_TRY(troth_issuer_init(keys, s->trust_domain, &s->ca_key));
	TROTH_TRY(a->n_names > 0 ? troth_issuer_init_tls(keys, tls, a->names, a->n_names)
				 : troth_issuer_init_tls(keys, tls, LOCAL, TROTH_COUNT(LOCAL)));
	return make_database(s);
}

static int init(const struct troth_settings *s, const struct arguments *a)
{
	if (a->n_names > 0 && !troth_issuer_names_valid(a->names, a->n_names))
		return usage_error("--name is a DNS name or an IP address") - 1;
	enum troth_status status = init_state(s, a);
	if (status == TROTH_E_CONFLICT) {
		fprintf(stderr, "troth-verifier: %s holds keys already; nothing was changed\n",
			s->state_dir);
		return 1;
	}
	if (status != TROTH_OK) {
		fprintf(stderr, "troth-verifier: cannot set up %s: %s\n", s->state_dir,
			status == TROTH_E_IO ? strerror(errno) : troth_status_name(status));
		return 1;
	}
	printf("state directory %s\ntrust domain    %s\nanchor for devices and relying "
	       "parties: "
	       "%s/tls/ca.crt\n",
	       s->state_dir, s->trust_domain, s->state_dir);
	return 0;
}

/* ---- check-config ---- */

/* What serve would stumble over. The files are looked at where there is something to serve
 * from: before init there is no certificate yet. */
static int check_config(const struct troth_settings *s, const char *config)
{
	struct sockaddr_storage address;
	socklen_t len;
	char tls[PATH_MAX];
	if (troth_address_parse(s->listen, &address, &len) != TROTH_OK) {
		troth_error("config",
			    "file=%s reason=\"listen: wanted an address and a port, as "
			    "127.0.0.1:8443 or [::1]:8443\"",
			    config);
		return 2;
	}
	bool made = troth_state_path(s, "tls", tls) == TROTH_OK && access(tls, F_OK) == 0;
	if (made ? troth_sandbox_no_dump() != TROTH_OK || troth_preflight(s) != TROTH_OK
		 : troth_courier_check(&s->webhooks) != TROTH_OK)
		return 2;
	printf("%s is sound%s\n", config,
	       made ? "" : "; the files it names are checked once troth-verifier init has run");
	return 0;
}

/* ---- serve ---- */

/* The children see settings as they were when they were forked. */
struct service {
	const char *config;
	struct troth_settings settings;
	struct troth_watched started_with;
};

static int front_role(const struct troth_role_fds *fds, void *arg)
{
	const struct service *service = arg;
	return troth_front_run(fds, &service->settings);
}

static int issuer_role(const struct troth_role_fds *fds, void *arg)
{
	const struct troth_settings *s = &((const struct service *)arg)->settings;
	char keys[PATH_MAX];
	if (troth_state_path(s, "keys", keys) != TROTH_OK)
		return 2;
	const struct troth_issuer_config config = {
		.key_dir = keys,
		.trust_domain = s->trust_domain,
		.worker_fds = fds->worker_channels,
		.n_workers = fds->n_workers,
		.admin_fd = fds->admin_channel,
		.ready_fd = fds->ready_fd,
		.clock = fds->clock,
		.names = &s->certificate_names,
	};
	return troth_issuer_run(&config);
}

static int courier_role(const struct troth_role_fds *fds, void *arg)
{
	const struct service *service = arg;
	return troth_courier_run(fds->courier_channel, &service->settings.webhooks);
}

static bool has_courier(void *arg)
{
	return ((const struct service *)arg)->settings.webhooks.n > 0;
}

/* A mistake in the file, or in one it names, leaves the service running as it is. Where nothing
 * but the TLS certificate is another, no connection ends for it. */
static enum troth_status reload(void *arg, struct troth_buffer *out)
{
	struct service *service = arg;
	struct troth_settings fresh;
	struct troth_watched now;
	TROTH_TRY(troth_settings_reread(service->config, &service->settings, &fresh));
	TROTH_TRY(troth_watched_look(&fresh, &now)); /* before it is read: later is too late */
	TROTH_TRY(troth_preflight_apart(&fresh));
	if (troth_watched_only_tls(&service->started_with, &now))
		TROTH_TRY(troth_tls_word(&fresh, out));
	service->settings = fresh;
	service->started_with = now;
	troth_log_start("troth-verifier", (enum troth_log_level)fresh.log_level);
	return TROTH_OK;
}

static void tend(void *arg, struct troth_buffer *out)
{
	struct service *service = arg;
	if (!troth_tls_tend(&service->settings))
		return;
	enum troth_status status =
		troth_watched_look_tls(&service->settings, &service->started_with);
	if (status == TROTH_OK)
		status = troth_tls_word(&service->settings, out);
	if (status != TROTH_OK)
		troth_error("tls", "certificate=renewed status=%s; a reload puts it in force",
			    troth_status_name(status));
}

static enum troth_status lock_state(const struct troth_settings *s, int *out_fd)
{
	char path[PATH_MAX];
	TROTH_TRY(troth_state_path(s, "lock", path));
	enum troth_status status = troth_state_lock(path, LOCK_PATIENCE_MS, out_fd);
	if (status == TROTH_E_CONFLICT)
		troth_error("state-dir", "file=%s reason=\"another verifier serves from %s\"",
			    path, s->state_dir);
	else if (status != TROTH_OK && errno == ENOENT)
		troth_error("state-dir", "dir=%s reason=\"not there: run troth-verifier init\"",
			    s->state_dir);
	else if (status != TROTH_OK)
		troth_error("state-dir",
			    "file=%s error=\"%s\" reason=\"only its owner may serve "
			    "from a state directory\"",
			    path, strerror(errno));
	return status;
}

/* Keys of a directory that an earlier version made. */
static enum troth_status complete_keys(const struct troth_settings *s)
{
	char keys[PATH_MAX];
	bool made = false;
	TROTH_TRY(troth_state_path(s, "keys", keys));
	enum troth_status status = troth_issuer_complete(keys, &made);
	if (status != TROTH_OK)
		troth_error("keys", "dir=%s reason=\"a key cannot be made: %s\"", keys,
			    strerror(errno));
	else if (made)
		troth_info("keys", "dir=%s made=\"what an earlier version did not know\"",
			   keys);
	return status;
}

static int serve(struct service *service)
{
	const struct troth_settings *s = &service->settings;
	const struct troth_supervisor_config config = {
		.n_workers = s->workers,
		.listen_address = s->listen,
		.admin_socket = s->admin_socket,
		.port_file = s->port_file[0] != '\0' ? s->port_file : NULL,
		.front = front_role,
		.issuer = issuer_role,
		.courier = courier_role,
		.has_courier = has_courier,
		.reload = reload,
		.tend = tend,
		.tend_ms = TROTH_TLS_TEND_MS,
		.arg = service,
	};
	int lock;
	if (lock_state(s, &lock) != TROTH_OK)
		return 1;
	if (complete_keys(s) != TROTH_OK) {
		(void)close(lock);
		return 1;
	}
	if (troth_courier_check(&s->webhooks) != TROTH_OK) {
		(void)close(lock);
		return 2;
	}
	int code = 1;
	if (troth_watched_look(s, &service->started_with) == TROTH_OK)
		code = troth_supervise(&config);
	(void)close(lock);
	return code;
}

static int run(const struct arguments *a, struct service *service)
{
	switch (a->verb) {
	case VERB_INIT: return init(&service->settings, a);
	case VERB_CHECK_CONFIG: return check_config(&service->settings, a->config);
	case VERB_ROTATE: return troth_command_rotate(&service->settings, a->now);
	case VERB_REQUEST: return troth_command_ca_request(&service->settings);
	case VERB_INSTALL: return troth_command_ca_install(&service->settings, a->chain_file);
	case VERB_SERVE: break;
	}
	if (troth_sandbox_no_dump() != TROTH_OK)
		return 1;
	return serve(service);
}

int main(int argc, char **argv)
{
	struct arguments a = read_arguments(argc, argv);
	struct service service = { .config = a.config };
	if (a.done != 0)
		return a.done - 1;
	troth_log_start("troth-verifier", TROTH_LOG_INFO);
	if (troth_settings_load(a.config, &service.settings) != TROTH_OK)
		return 2;
	troth_log_start("troth-verifier", (enum troth_log_level)service.settings.log_level);
	return run(&a, &service);
}
