/* lookups.c - see lookups.h. */
#include "prog/ipopd/lookups.h"
#include "prog/exit_code.h"

#include "base/check.h"
#include "base/err.h"
#include "group/text.h"
#include "io/lookup.h"
#include "prog/ipopd/ipopd.h"
#include "prog/ipopd/log.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORT_CHARS 8

static_assert(NODE_BOOTSTRAP_MAX <= 32, "a bit of `wanted` for each line");

void lookups_init(struct lookups *lookups, const struct lookups_config *config)
{
	*lookups = (struct lookups){ .config = *config, .process.pidfd = -1, .channel = -1 };
}

void lookups_free(struct lookups *lookups)
{
	if (lookups->process.pidfd >= 0) {
		loop_remove(lookups->config.loop, lookups->process.pidfd);
		process_kill(&lookups->process);
		(void)close(lookups->channel); /* nothing more is wanted of it */
		lookups->channel = -1;
	}
	lookups->wanted = 0;
}

void lookups_event(struct lookups *lookups)
{
	lookups->ended = lookups->process.pidfd >= 0;
}

int lookups_want(struct lookups *lookups, uint32_t bootstrap)
{
	if (bootstrap >= lookups->config.count)
		return ERR_MALFORMED;
	lookups->wanted |= UINT32_C(1) << bootstrap;
	return 0;
}

static bool answer(const struct lookups *lookups, const struct endpoint *endpoints, uint32_t count,
		   struct channel_message *ret)
{
	*ret = (struct channel_message){ .kind = CHANNEL_LOOKUP_DONE,
					 .lookup_done.bootstrap = lookups->current,
					 .lookup_done.count = count };
	if (count > 0)
		memcpy(ret->lookup_done.endpoints, endpoints, count * sizeof(*endpoints));
	return true;
}

static bool answer_nothing(const struct lookups *lookups, struct channel_message *ret)
{
	log_warning("cannot find a bootstrap host host=%s",
		    lookups->config.hosts[lookups->current].host);
	return answer(lookups, NULL, 0, ret);
}

static int spawn(struct lookups *lookups, const struct node_bootstrap *host)
{
	char port[PORT_CHARS];
	const char *argv[] = { "ipopd", IPOPD_OPTION_LOOKUP, host->host, port, NULL };
	const char *environment[] = { NULL };
	struct process_config config = { .argv = argv,
					 .environment = environment,
					 .uid = lookups->config.uid,
					 .gid = lookups->config.gid };
	int pair[2];
	int err = unix_pair(pair);

	if (err < 0)
		return err;
	(void)snprintf(port, sizeof(port), "%u", host->port); /* 5 digits at most */
	config.channel = pair[1];
	err = process_spawn(&config, &lookups->process);
	(void)close(pair[1]); /* the process has its own */
	if (err < 0) {
		(void)close(pair[0]); /* to nobody */
		return err;
	}
	if (loop_add(lookups->config.loop, lookups->process.pidfd, LOOP_READ,
		     lookups->config.event_kind, HANDLE_NONE) < 0) {
		process_kill(&lookups->process);
		(void)close(pair[0]); /* to nobody */
		return ERR_IO;
	}
	lookups->channel = pair[0];
	lookups->ended = false;
	return 0;
}

/* Begins with the next line that is wanted: true if the answer is there at once. */
static bool begin(struct lookups *lookups, struct mono now, struct channel_message *ret)
{
	const struct node_bootstrap *host;
	struct endpoint literal;

	lookups->current = (uint32_t)__builtin_ctz(lookups->wanted);
	lookups->wanted &= ~(UINT32_C(1) << lookups->current);
	host = &lookups->config.hosts[lookups->current];
	if (endpoint_ip_from_text(host->host, &literal) == 0) {
		literal.port = host->port;
		return answer(lookups, &literal, 1, ret);
	}
	lookups->not_before = mono_add_ms(now, LOOKUPS_PAUSE_MS);
	lookups->deadline = mono_add_ms(now, LOOKUPS_TIMEOUT_MS);
	return spawn(lookups, host) < 0 && answer_nothing(lookups, ret);
}

/* The process has ended; what it said last, if anything, still waits in the channel. */
static bool finish(struct lookups *lookups, struct channel_message *ret)
{
	struct channel_message said;
	int status;
	int err;

	loop_remove(lookups->config.loop, lookups->process.pidfd);
	CHECK(process_reap(&lookups->process, &status));
	err = channel_receive(lookups->channel, true, &said);
	(void)close(lookups->channel); /* nothing more comes */
	lookups->channel = -1;
	if (err < 0 || said.kind != CHANNEL_LOOKUP_DONE || said.lookup_done.count == 0)
		return answer_nothing(lookups, ret);
	return answer(lookups, said.lookup_done.endpoints, said.lookup_done.count, ret);
}

bool lookups_poll(struct lookups *lookups, struct mono now, struct channel_message *ret)
{
	if (lookups->process.pidfd >= 0) {
		if (lookups->ended)
			return finish(lookups, ret);
		if (mono_reached(now, lookups->deadline)) {
			process_signal(&lookups->process, SIGKILL);
			lookups->deadline = MONO_NEVER;
		}
		return false;
	}
	return lookups->wanted != 0 && mono_reached(now, lookups->not_before) &&
	       begin(lookups, now, ret);
}

struct mono lookups_deadline(const struct lookups *lookups)
{
	if (lookups->process.pidfd >= 0)
		return lookups->deadline;
	return lookups->wanted != 0 ? lookups->not_before : MONO_NEVER;
}

int lookups_child(const char *host, const char *port)
{
	struct channel_message message = { .kind = CHANNEL_LOOKUP_DONE };
	uint32_t number;
	size_t count;

	if (process_harden(SIGKILL) < 0 || text_number(span_text(port), &number) < 0 ||
	    number > UINT16_MAX ||
	    lookup_host(host, (uint16_t)number, message.lookup_done.endpoints, NODE_ENDPOINTS_MAX,
			&count) < 0)
		return EXIT_FAILED;
	message.lookup_done.count = (uint32_t)count;
	return channel_send(PROCESS_CHANNEL, &message) == 0 ? EXIT_OK : EXIT_FAILED;
}
