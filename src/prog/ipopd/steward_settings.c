/* steward_settings.c - what the files say, for the steward; see steward_internal.h. */
#include "base/err.h"
#include "io/clock.h"
#include "io/memory.h"
#include "prog/ipopd/settings.h"
#include "prog/ipopd/steward_internal.h"
#include "prog/version.h"

#include <string.h>

/* What the interface gets with the first node it keeps: only a bundle of the same network may
 * follow. */
static int claim(struct steward *s, const struct bundle *bundle, struct complaint *complaint)
{
	if (s->was_ready)
		return claims_are_of(&s->claims, &bundle->network_id)
			       ? 0
			       : complain(complaint, ERR_FOREIGN,
					  "the bundle has become one of another network; start the "
					  "daemon anew");
	s->claims =
		(struct claims){ .network_id = bundle->network_id, .ipv4 = bundle->ipv4_prefix };
	return 0;
}

static void use_settings(struct steward *s, const struct settings *settings)
{
	hooks_use(&s->hooks, &settings->config);
	log_set_level((enum config_log_level)settings->config.log_level);
	memcpy(s->bootstrap, settings->bootstrap, sizeof(s->bootstrap));
	lookups_init(&s->lookups, &(struct lookups_config){ .hosts = s->bootstrap,
							    .count = settings->bootstrap_count,
							    .uid = s->uid,
							    .gid = s->gid,
							    .loop = &s->loop,
							    .event_kind = EVENT_LOOKUP });
}

/* A network that is up is worth more than a program that cannot be run any more. */
static int check_programs(const struct steward *s, struct config *config,
			  struct complaint *complaint)
{
	const struct {
		enum config_option_id id;
		struct config_path *path;
	} programs[] = { { CONFIG_ON_UP, &config->on_up },
			 { CONFIG_ON_DOWN, &config->on_down },
			 { CONFIG_ON_PEER, &config->on_peer } };

	if (!s->was_ready)
		return store_check_programs(s->config->store, config, complaint);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (store_check_program(s->config->store, config, programs[i].id, complaint) == 0)
			continue;
		log_warning("it is not run: %s", complaint->text);
		*programs[i].path = (struct config_path){ 0 };
	}
	return 0;
}

/* What the files say now: a renewed bundle counts from the next node on. */
int steward_take_settings(struct steward *s, const int fds[CHANNEL_FDS], uint32_t *ret_workers,
			  struct complaint *complaint)
{
	struct settings settings;
	int err = settings_read(s->config->store, fds, &settings, complaint);

	if (err < 0)
		return err;
	err = check_programs(s, &settings.config, complaint);
	if (err == 0)
		err = claim(s, &settings.bundle, complaint);
	if (err == 0)
		use_settings(s, &settings);
	*ret_workers = settings_workers(&settings);
	settings_wipe(&settings);
	return err;
}

/* The interface has the addresses of one member, whose key the node holds: a bundle for another one
 * is for another start. The first 80 bits of an id stand in its IPv6 address. */
static int check_member(const struct steward *s, const struct bundle *bundle,
			struct complaint *complaint)
{
	const struct wall now = bundle_judged_at(bundle, clock_now().wall, version_built());
	struct certificate certificate;
	struct ip_address ipv6;
	struct trust *trust;
	int err;

	if (!claims_are_of(&s->claims, &bundle->network_id))
		return complain(complaint, ERR_FOREIGN,
				"the bundle is one of another network; it counts after ipop down "
				"and ipop up");
	err = bundle_verify(bundle, now, &trust, &certificate, complaint);
	if (err < 0)
		return err;
	trust_free(trust);
	ipv6 = address_ipv6(&bundle->network_id, &certificate.id);
	if (memcmp(ipv6.bytes, s->given.ipv6.bytes, sizeof(ipv6.bytes)) != 0 ||
	    certificate.has_ipv4 != s->given.has_ipv4 ||
	    (certificate.has_ipv4 &&
	     memcmp(certificate.ipv4, s->given.ipv4, sizeof(certificate.ipv4)) != 0))
		return complain(complaint, ERR_DENIED,
				"the bundle gives this host another key or address; it counts "
				"after ipop down and ipop up");
	return 0;
}

/* Reads and checks all before any of it counts. */
static int reload(struct steward *s, const int files[CHANNEL_FDS], struct complaint *complaint)
{
	struct channel_message message = { .kind = CHANNEL_RELOADED };
	struct settings settings;
	int err = settings_read(s->config->store, files, &settings, complaint);

	if (err < 0)
		return err;
	err = store_check_programs(s->config->store, &settings.config, complaint);
	if (err == 0)
		err = check_member(s, &settings.bundle, complaint);
	message.reloaded.has_config = files[CHANNEL_FD_CONFIG] >= 0;
	message.fds[message.fd_count++] = files[CHANNEL_FD_BUNDLE];
	if (message.reloaded.has_config)
		message.fds[message.fd_count++] = files[CHANNEL_FD_CONFIG];
	if (err == 0 && channel_send(s->channel, &message) < 0)
		err = complain(complaint, ERR_AGAIN, "the node process is busy; try again");
	if (err == 0)
		use_settings(s, &settings);
	settings_wipe(&settings);
	return err;
}

void steward_give_memory_back(struct steward *s)
{
	if (memory_give_back(!s->may_swap) == 0)
		return;
	s->may_swap = true;
	log_warning("memory cannot be locked any more: keys may be written to swap");
}

void steward_reload(struct steward *s)
{
	struct channel_message refusal = { .kind = CHANNEL_NOT_RELOADED };
	int files[CHANNEL_FDS];
	int err;

	err = settings_open(s->config->store, files, &refusal.failed);
	if (err == 0) {
		err = reload(s, files, &refusal.failed);
		settings_close(files);
	}
	steward_give_memory_back(s);
	if (err == 0)
		return;
	log_error("goes on with what it had: %s", refusal.failed.text);
	(void)channel_send(s->channel, &refusal); /* if it is full, who waits hears of that */
}
