/* settings.c - see settings.h. */
#include "prog/ipopd/settings.h"

#include "base/check.h"
#include "base/err.h"
#include "io/file.h"
#include "io/process.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define BYTES_S_PER_KBIT_S 125

/* Half a member: not one that could join, so not ERR_NOT_FOUND. */
static int complain_no_key(const struct store *store, struct complaint *complaint)
{
	struct file_path path;

	CHECK(store_path(store, STORE_KEY, &path) == 0); /* it was opened */
	return complain(complaint, ERR_IO,
			"%s, the private key of this host, is missing: bring it back from a copy, "
			"or make a new one (`ipop request`) and join with that",
			path.text);
}

int settings_open(const struct store *store, int fds[CHANNEL_FDS], struct complaint *complaint)
{
	int err;

	fds[CHANNEL_FD_BUNDLE] = fds[CHANNEL_FD_KEY] = fds[CHANNEL_FD_CONFIG] = -1;
	err = store_open(store, STORE_BUNDLE, &fds[CHANNEL_FD_BUNDLE], complaint);
	if (err == ERR_NOT_FOUND)
		return complain(complaint, err,
				"this host has not joined %s: `ipop join BUNDLE` does it",
				store->network);
	if (err == 0)
		err = store_open(store, STORE_KEY, &fds[CHANNEL_FD_KEY], complaint);
	if (err == ERR_NOT_FOUND)
		err = complain_no_key(store, complaint);
	if (err == 0) {
		err = store_open(store, STORE_CONFIG, &fds[CHANNEL_FD_CONFIG], complaint);
		if (err == ERR_NOT_FOUND)
			err = 0; /* then all options have their defaults */
	}
	if (err < 0)
		settings_close(fds);
	return err;
}

void settings_close(int fds[CHANNEL_FDS])
{
	for (int i = 0; i < CHANNEL_FDS; i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]); /* only read */
		fds[i] = -1;
	}
}

static int read_config(const struct store *store, int fd, struct config *ret,
		       struct complaint *complaint)
{
	struct file_bytes bytes;
	struct file_path path;
	int err = store_path(store, STORE_CONFIG, &path);

	config_init(ret);
	if (err < 0)
		return store_complain(complaint, err, store->root);
	if (fd < 0)
		return 0;
	err = file_read_fd(fd, CONFIG_BYTES_MAX, &bytes);
	if (err < 0)
		return store_complain_read(complaint, err, path.text, CONFIG_BYTES_MAX);
	err = config_parse(span_of(bytes.data, bytes.len), path.text, ret, complaint);
	file_free(&bytes);
	return err;
}

/* Our address is in the bundle's prefix, and it is signed: no line here can move it. */
static int check_prefix(const struct store *store, struct settings *settings,
			struct complaint *complaint)
{
	const struct prefix *configured = &settings->config.ipv4_prefix;
	const struct prefix *given = &settings->bundle.ipv4_prefix;
	char text[PREFIX_TEXT_CHARS + 1];
	struct file_path path;

	if (!settings->config.is_set[CONFIG_IPV4_PREFIX] ||
	    (configured->len == given->len &&
	     memcmp(configured->ip, given->ip, sizeof(given->ip)) == 0))
		return 0;
	prefix_to_text(given, text);
	bundle_wipe(&settings->bundle);
	if (store_path(store, STORE_CONFIG, &path) < 0)
		return ERR_TOO_LONG;
	return complain(complaint, ERR_MALFORMED,
			"%s: %s must be what the bundle says, %s; take the line out", path.text,
			config_option(CONFIG_IPV4_PREFIX)->name, text);
}

static bool is_known(const struct settings *settings, const struct bootstrap *line)
{
	for (uint32_t i = 0; i < settings->bootstrap_count; i++) {
		const struct node_bootstrap *known = &settings->bootstrap[i];

		if (known->port == line->port && id_equal(&known->id, &line->id) &&
		    strcmp(known->host, line->host) == 0)
			return true;
	}
	return false;
}

/* Those that fit: the owner's own lines come first. */
static void add_bootstrap(struct settings *settings, const struct bootstrap *lines, uint32_t count)
{
	for (uint32_t i = 0; i < count && settings->bootstrap_count < NODE_BOOTSTRAP_MAX; i++) {
		struct node_bootstrap *next = &settings->bootstrap[settings->bootstrap_count];

		if (is_known(settings, &lines[i]))
			continue;
		*next = (struct node_bootstrap){ .port = lines[i].port, .id = lines[i].id };
		memcpy(next->host, lines[i].host, sizeof(lines[i].host));
		settings->bootstrap_count++;
	}
}

static_assert(BOOTSTRAP_HOST_MAX <= NODE_HOST_MAX, "a host name fits");

int settings_read(const struct store *store, const int fds[CHANNEL_FDS], struct settings *ret,
		  struct complaint *complaint)
{
	int err = read_config(store, fds[CHANNEL_FD_CONFIG], &ret->config, complaint);

	if (err == 0)
		err = store_read_bundle_fd(store, fds[CHANNEL_FD_BUNDLE], &ret->bundle, complaint);
	if (err == 0)
		err = check_prefix(store, ret, complaint);
	if (err < 0)
		return err;
	ret->bootstrap_count = 0;
	add_bootstrap(ret, ret->config.bootstrap.lines, ret->config.bootstrap.count);
	add_bootstrap(ret, ret->bundle.bootstrap, ret->bundle.bootstrap_count);
	return 0;
}

uint32_t settings_workers(const struct settings *settings)
{
	const uint32_t cpus = process_cpus();

	if (settings->config.is_set[CONFIG_WORKERS])
		return settings->config.workers;
	if (cpus <= 2)
		return 1;
	return cpus - 1 < CONFIG_WORKERS_MAX ? cpus - 1 : CONFIG_WORKERS_MAX;
}

uint64_t settings_relay_bytes_s(const struct settings *settings)
{
	return (uint64_t)settings->config.relay_kbit_s * BYTES_S_PER_KBIT_S;
}

void settings_wipe(struct settings *settings)
{
	bundle_wipe(&settings->bundle);
}
