/* child.c - see child.h. */
#include "prog/ipopd/child.h"
#include "prog/exit_code.h"

#include "base/calendar.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/start.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/memory.h"
#include "io/process.h"
#include "io/sandbox.h"
#include "io/seed.h"
#include "prog/ipopd/channel.h"
#include "prog/ipopd/ciphers.h"
#include "prog/ipopd/ipopd.h"
#include "prog/ipopd/log.h"
#include "prog/ipopd/settings.h"
#include "prog/ipopd/world.h"
#include "prog/needs.h"
#include "prog/version.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define ORPHAN_US 1700000 /* an orphan that does not listen any more lives this long */

/* All that a node is made of; lives while it runs. */
struct child {
	struct store store; /* only for the names in sentences */
	int fds[CHANNEL_FDS];
	int queues[TUN_QUEUES_MAX]; /* of the interface; the steward's, and ours to the end */
	uint32_t queue_count, workers;
	struct settings settings;
	struct channel_neighbours neighbours; /* whom the last node knew */
	struct key *key;
	struct trust *trust;
	struct certificate certificate;
	struct entropy entropy;
	struct ciphers ciphers;
	struct node_config node;
	bool memory_is_locked;
	struct complaint complaint;
};

/* The steward's end of the channel tells of its death, in time for a goodbye to the peers. This is
 * for a loop that is stuck: SIGALRM ends it. */
static void orphaned(int signal)
{
	static const struct itimerval once = { .it_value = { .tv_sec = ORPHAN_US / 1000000,
							     .tv_usec = ORPHAN_US % 1000000 } };

	(void)signal;
	(void)setitimer(ITIMER_REAL, &once, NULL); /* no more than a system call */
}

/* The steward tells when to end; a terminal's signals go to the whole group. */
static int set_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction death = { .sa_handler = orphaned, .sa_flags = SA_RESTART };

	return sigaction(SIGINT, &ignore, NULL) < 0 || sigaction(SIGTERM, &ignore, NULL) < 0 ||
			       sigaction(SIGHUP, &ignore, NULL) < 0 ||
			       sigaction(SIGPIPE, &ignore, NULL) < 0 ||
			       sigaction(SIGXFSZ, &ignore, NULL) < 0 || /* a full log */
			       sigaction(SIGUSR1, &death, NULL) < 0
		       ? ERR_IO
		       : process_harden(SIGUSR1);
}

static int wait_for_start(struct child *c)
{
	struct pollfd channel = { .fd = PROCESS_CHANNEL, .events = POLLIN };
	struct channel_message start;
	size_t files;
	int err = ERR_AGAIN;

	while (err == ERR_AGAIN) {
		(void)poll(&channel, 1, -1); /* a signal only makes us ask once more */
		err = channel_receive(PROCESS_CHANNEL, true, &start);
	}
	if (err < 0 || start.kind != CHANNEL_START)
		return ERR_MALFORMED;
	memcpy(c->store.network, start.start.network, sizeof(c->store.network));
	log_init("node", c->store.network);
	log_set_style((enum log_style)start.start.log_style);
	c->neighbours = start.start.neighbours;
	c->workers = start.start.workers;
	c->queue_count = start.start.queues;
	files = start.fd_count - start.start.queues;
	memcpy(c->fds, start.fds, files * sizeof(start.fds[0]));
	memcpy(c->queues, start.fds + files, c->queue_count * sizeof(start.fds[0]));
	return 0;
}

static int read_key(struct child *c)
{
	const struct span no_passphrase = { 0 };
	struct file_bytes bytes = { 0 };
	struct file_path path;
	int err = store_path(&c->store, STORE_KEY, &path);

	if (err == 0)
		err = file_read_fd(c->fds[CHANNEL_FD_KEY], KEY_PEM_BYTES_MAX, &bytes);
	if (err == 0)
		err = key_from_pem(span_of(bytes.data, bytes.len), no_passphrase, &c->key);
	file_free(&bytes);
	if (err == ERR_PASSPHRASE)
		return complain(&c->complaint, err,
				"%s is under a passphrase; a daemon has nobody to ask for it",
				path.text);
	if (err == ERR_MALFORMED || err == ERR_TOO_LONG)
		return complain(
			&c->complaint, err,
			"%s: is no private key: bring it back from a copy, or make a new one "
			"(`ipop request`) and join with that",
			path.text);
	return err < 0 ? complain(&c->complaint, err, "%s: %s", path.text, err_text(err)) : 0;
}

/* The node judges others by the same date: bundle_issued of its configuration. */
static void warn_of_calendar(struct wall calendar)
{
	char text[CALENDAR_TEXT_CHARS + 1];

	if (calendar.us >= version_built().us)
		return;
	calendar_to_text(calendar, text);
	log_warning("the clock says %s, which is before this program was made; set it (until then "
		    "certificates are judged as of the day on which this host's was issued)",
		    text);
}

static int verify(struct child *c, struct wall calendar)
{
	const struct bundle *bundle = &c->settings.bundle;
	const struct wall now = bundle_judged_at(bundle, calendar, version_built());
	int err;

	warn_of_calendar(calendar);
	err = bundle_verify(bundle, now, &c->trust, &c->certificate, &c->complaint);
	if (err < 0)
		return err;
	if (!certificate_is_for(&c->certificate, c->key))
		err = complain(&c->complaint, ERR_CERTIFICATE,
			       "the certificate in the bundle is for another key than this host's: "
			       "`ipop join` the bundle that answers this host's request");
	return err;
}

/* Before the sandbox closes: a library may be opened. */
static void choose_ciphers(struct child *c)
{
	const struct ciphers *ciphers = &c->ciphers;

	ciphers_choose(&c->ciphers, (enum config_crypto)c->settings.config.crypto);
	if (ciphers->is_wrong)
		log_warning("an installed library computes AES-256-GCM wrongly and is not used: %s",
			    ciphers->loaded.ops.name);
}

static void configure(struct child *c)
{
	const struct bundle *bundle = &c->settings.bundle;
	const struct network_secrets *secrets = &bundle->secrets;

	static_assert(NETWORK_SECRETS_MAX <= SESSION_EPOCHS_MAX, "all epochs fit");
	c->node = (struct node_config){
		.key = c->key,
		.certificate = &c->certificate,
		.trust = c->trust,
		.suites = c->ciphers.suites,
		.bootstrap_count = c->settings.bootstrap_count,
		.neighbour_count = c->neighbours.count,
		.ipv4_prefix.len = bundle->ipv4_prefix.len,
		.relay_bytes_s = settings_relay_bytes_s(&c->settings),
		.workers = c->workers,
		.lan = c->settings.config.lan == CONFIG_LAN_ON,
		.built = version_built(),
		.bundle_issued = c->certificate.not_before,
	};
	memcpy(c->node.network, c->store.network, sizeof(c->node.network));
	memcpy(c->node.bootstrap, c->settings.bootstrap, sizeof(c->node.bootstrap));
	memcpy(c->node.neighbours, c->neighbours.list, sizeof(c->node.neighbours));
	memcpy(c->node.ipv4_prefix.bytes, bundle->ipv4_prefix.ip,
	       sizeof(c->node.ipv4_prefix.bytes));
	for (uint32_t i = 0; i < secrets->count; i++) {
		c->node.secrets[i].epoch = secrets->epochs[i].epoch;
		memcpy(c->node.secrets[i].bytes, secrets->epochs[i].bytes, SESSION_SECRET_BYTES);
	}
}

/* A port that was not asked for may be another one; one that was asked for may not. */
static int open_port(struct child *c, struct udp *ret)
{
	const struct config *config = &c->settings.config;
	const unsigned offloads =
		config->offload == CONFIG_OFFLOAD_AUTO || config->offload == CONFIG_OFFLOAD_NO_TUN
			? UDP_OFFLOAD_SEND | UDP_OFFLOAD_RECEIVE
			: 0;
	const uint16_t port = (uint16_t)config->port;
	struct file_path path;
	int err = store_path(&c->store, STORE_CONFIG, &path);

	if (err == 0)
		err = udp_open(ret, port, offloads);

	if (err == ERR_EXISTS && !config->is_set[CONFIG_PORT]) {
		log_info("UDP port %u is taken; another one will do", port);
		err = udp_open(ret, 0, offloads);
	}
	return err < 0 ? needs_complain_port(&c->complaint, err, port, path.text) : 0;
}

/* What the kernel has for us on the interface is what others are told. */
static int attach_tun(struct child *c, struct world_config *ret)
{
	const uint32_t offload = c->settings.config.offload;
	const bool wanted = offload == CONFIG_OFFLOAD_AUTO || offload == CONFIG_OFFLOAD_NO_UDP;
	const unsigned offloads = wanted ? TUN_OFFLOADS_ALL : 0;
	int err = tun_attach(&ret->tun, c->queues[0], offloads);

	for (uint32_t i = 0; i < c->workers && err == 0; i++)
		err = tun_attach(&ret->queues[i], c->queues[i], offloads);
	if (err < 0)
		return complain(&c->complaint, err, "cannot use the interface: %s", err_text(err));
	c->node.takes_partial = wanted && ret->tun.has_header;
	ret->workers = c->workers;
	return 0;
}

/* What is missing costs speed and nothing else. */
static void tell_offloads(const struct tun *tun, const struct udp *udp)
{
	static const char *const words[] = { "no", "yes" };

	log_info("leaves to the kernel what it can tun_checksum=%s tun_tcp=%s tun_udp=%s "
		 "udp_send=%s udp_receive=%s",
		 words[(tun->offloads & TUN_OFFLOAD_CHECKSUM) != 0],
		 words[(tun->offloads & TUN_OFFLOAD_TCP) != 0],
		 words[(tun->offloads & TUN_OFFLOAD_UDP) != 0],
		 words[(udp->offloads & UDP_OFFLOAD_SEND) != 0],
		 words[(udp->offloads & UDP_OFFLOAD_RECEIVE) != 0]);
}

static int prepare(struct child *c)
{
	uint8_t seed[ENTROPY_SEED_BYTES];
	int err = crypto_start();

	if (err < 0)
		return complain(&c->complaint, err, "the crypto library gives wrong answers");
	err = settings_read(&c->store, c->fds, &c->settings, &c->complaint);
	if (err < 0)
		return err;
	log_set_level((enum config_log_level)c->settings.config.log_level);
	err = read_key(c);
	if (err == 0)
		err = verify(c, clock_now().wall);
	if (err < 0)
		return err;
	if (seed_read(seed, sizeof(seed)) < 0)
		return complain(&c->complaint, ERR_IO, "the kernel gives no random bytes");
	entropy_init(&c->entropy, seed);
	secret_wipe(seed, sizeof(seed));
	choose_ciphers(c);
	configure(c);
	return 0;
}

/* Before workers start: they have what this thread has. What a kernel does not know is missing, and
 * said; what it knows and refuses is no way to run. */
static int close_files(struct child *c)
{
	const int err = sandbox_close_files();

	if (err == ERR_UNSUPPORTED)
		log_info("this kernel has no Landlock: a node that is taken over may open files");
	else if (err < 0)
		return complain(&c->complaint, err, "cannot give up files: %s", err_text(err));
	return 0;
}

static int close_calls(struct child *c)
{
	const int err = sandbox_close_calls(SANDBOX_NODE);

	if (err == ERR_UNSUPPORTED)
		log_warning(
			"this kernel has no seccomp: a node that is taken over may use all of it");
	else if (err < 0)
		return complain(&c->complaint, err, "cannot give up system calls: %s",
				err_text(err));
	return 0;
}

static int run_world(struct child *c, struct world *world)
{
	const int err = world_run(world);

	if (err == ERR_IO)
		return complain(&c->complaint, err, "the interface is gone");
	return err < 0 ? complain(&c->complaint, err, "ends: %s", err_text(err)) : 0;
}

static int run(struct child *c)
{
	struct world_config config = { .node = &c->node,
				       .store = &c->store,
				       .running = &c->settings.config,
				       .entropy = &c->entropy,
				       .channel = PROCESS_CHANNEL,
				       .memory_is_locked = c->memory_is_locked };
	struct world *world;
	int err = prepare(c);

	if (err == 0)
		err = open_port(c, &config.udp);
	if (err == 0)
		err = attach_tun(c, &config);
	if (err < 0)
		return err;
	log_info("encrypts packets with %s cost_ns=%u", c->ciphers.suites[0].packets->name,
		 c->ciphers.cost_ns[0]);
	tell_offloads(&config.tun, &config.udp);
	settings_close(c->fds); /* everything is read; a node has no files */
	err = close_files(c);
	if (err < 0)
		return err;
	err = world_new(&config, clock_now(), &world);
	if (err < 0)
		return complain(&c->complaint, err, "cannot start: %s", err_text(err));
	(void)memory_give_back(c->memory_is_locked); /* what reading the files took */
	err = close_calls(c);
	if (err == 0)
		err = run_world(c, world);
	world_del(world);
	return err;
}

/* Tells the log, and the steward, who tells whoever asks. */
static void fail(const struct child *c)
{
	const struct channel_message message = { .kind = CHANNEL_FAILED, .failed = c->complaint };

	log_error("%s", c->complaint.text);
	(void)channel_send(PROCESS_CHANNEL, &message); /* it may be gone */
}

int child_run(const char *root)
{
	struct child *c;
	int err = set_signals();

	if (err < 0)
		return EXIT_FAILED;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return EXIT_FAILED;
	c->store.root = root;
	/* If not, the steward's is not either, and it has said so. */
	c->memory_is_locked = memory_lock() == 0;
	c->fds[CHANNEL_FD_BUNDLE] = c->fds[CHANNEL_FD_KEY] = c->fds[CHANNEL_FD_CONFIG] = -1;
	err = wait_for_start(c);
	if (err == 0)
		err = run(c);
	else
		(void)complain(&c->complaint, err,
			       "this is a part of ipopd, not to be started by hand");
	if (err < 0)
		fail(c);
	key_free(c->key);
	trust_free(c->trust);
	entropy_wipe(&c->entropy);
	settings_close(c->fds);
	secret_wipe(c, sizeof(*c));
	free(c);
	return (int)exit_code_of(err);
}
