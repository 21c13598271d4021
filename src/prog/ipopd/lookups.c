/* lookups.c - see lookups.h. */
#include "prog/ipopd/lookups.h"
#include "prog/exit_code.h"

#include "base/check.h"
#include "base/err.h"
#include "group/text.h"
#include "io/lookup.h"
#include "io/sandbox.h"
#include "prog/ipopd/ipopd.h"
#include "prog/ipopd/log.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORT_CHARS 8

static_assert(NODE_BOOTSTRAP_MAX < 32, "a bit of `wanted` for each line, and one behind the last");

void lookups_init(struct lookups *lookups, const struct lookups_config *config)
{
	lookups_free(lookups);
	lookups->config = *config;
	lookups->next = 0;
}

void lookups_free(struct lookups *lookups)
{
	for (size_t i = 0; i < LOOKUPS_AT_ONCE; i++) {
		struct lookup *lookup = &lookups->at_once[i];

		if (!lookup->is_running)
			continue;
		loop_remove(lookups->config.loop, lookup->process.pidfd);
		process_kill(&lookup->process);
		(void)close(lookup->channel); /* nothing more is wanted of it */
		lookup->is_running = false;
	}
	lookups->wanted = 0;
}

void lookups_event(struct lookups *lookups, struct handle handle)
{
	CHECK(handle.index < LOOKUPS_AT_ONCE);
	lookups->at_once[handle.index].has_ended = lookups->at_once[handle.index].is_running;
}

int lookups_want(struct lookups *lookups, uint32_t bootstrap)
{
	if (bootstrap >= NODE_BOOTSTRAP_MAX)
		return ERR_MALFORMED;
	if (bootstrap >= lookups->config.count)
		return 0; /* of the list before this one, which the node did not have yet */
	for (size_t i = 0; i < LOOKUPS_AT_ONCE; i++)
		if (lookups->at_once[i].is_running && lookups->at_once[i].line == bootstrap)
			return 0;
	lookups->wanted |= UINT32_C(1) << bootstrap;
	return 0;
}

static bool answer(uint32_t line, const struct endpoint *endpoints, uint32_t count,
		   struct channel_message *ret)
{
	*ret = (struct channel_message){ .kind = CHANNEL_LOOKUP_DONE,
					 .lookup_done.bootstrap = line,
					 .lookup_done.count = count };
	if (count > 0)
		memcpy(ret->lookup_done.endpoints, endpoints, count * sizeof(*endpoints));
	return true;
}

static bool answer_nothing(const struct lookups *lookups, uint32_t line,
			   struct channel_message *ret)
{
	log_warning("cannot find a bootstrap host host=%s", lookups->config.hosts[line].host);
	return answer(line, NULL, 0, ret);
}

static int spawn(struct lookups *lookups, struct lookup *lookup)
{
	const struct node_bootstrap *host = &lookups->config.hosts[lookup->line];
	const struct handle handle = { (uint32_t)(lookup - lookups->at_once), 1 };
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
	err = process_spawn(&config, &lookup->process);
	(void)close(pair[1]); /* the process has its own */
	if (err < 0) {
		(void)close(pair[0]); /* to nobody */
		return err;
	}
	if (loop_add(lookups->config.loop, lookup->process.pidfd, LOOP_READ,
		     lookups->config.event_kind, handle) < 0) {
		process_kill(&lookup->process);
		(void)close(pair[0]); /* to nobody */
		return ERR_IO;
	}
	lookup->channel = pair[0];
	lookup->is_running = true;
	lookup->has_ended = false;
	return 0;
}

/* In a circle, from the one begun last. */
static uint32_t next_line(const struct lookups *lookups)
{
	const uint32_t behind = lookups->wanted >> lookups->next << lookups->next;

	return (uint32_t)__builtin_ctz(behind != 0 ? behind : lookups->wanted);
}

/* Begins with the next line that is wanted: true if the answer is there at once. */
static bool begin(struct lookups *lookups, struct lookup *lookup, struct mono now,
		  struct channel_message *ret)
{
	const uint32_t line = next_line(lookups);
	const struct node_bootstrap *host = &lookups->config.hosts[line];
	struct endpoint literal;

	lookups->wanted &= ~(UINT32_C(1) << line);
	lookups->next = line + 1;
	if (endpoint_ip_from_text(host->host, &literal) == 0) {
		literal.port = host->port;
		return answer(line, &literal, 1, ret);
	}
	lookup->line = line;
	lookup->not_before = mono_add_ms(now, LOOKUPS_PAUSE_MS);
	lookup->deadline = mono_add_ms(now, LOOKUPS_TIMEOUT_MS);
	return spawn(lookups, lookup) < 0 && answer_nothing(lookups, line, ret);
}

/* The process has ended; what it said last, if anything, still waits in the channel. */
static bool finish(struct lookups *lookups, struct lookup *lookup, struct channel_message *ret)
{
	struct channel_message said;
	int status;
	int err;

	loop_remove(lookups->config.loop, lookup->process.pidfd);
	CHECK(process_reap(&lookup->process, &status));
	err = channel_receive(lookup->channel, true, &said);
	(void)close(lookup->channel); /* nothing more comes */
	lookup->is_running = false;
	if (err < 0 || said.kind != CHANNEL_LOOKUP_DONE || said.lookup_done.count == 0)
		return answer_nothing(lookups, lookup->line, ret);
	return answer(lookup->line, said.lookup_done.endpoints, said.lookup_done.count, ret);
}

bool lookups_poll(struct lookups *lookups, struct mono now, struct channel_message *ret)
{
	for (size_t i = 0; i < LOOKUPS_AT_ONCE; i++) {
		struct lookup *lookup = &lookups->at_once[i];

		if (lookup->is_running && lookup->has_ended)
			return finish(lookups, lookup, ret);
		if (lookup->is_running && mono_reached(now, lookup->deadline)) {
			process_signal(&lookup->process, SIGKILL);
			lookup->deadline = MONO_NEVER;
		}
		if (!lookup->is_running && lookups->wanted != 0 &&
		    mono_reached(now, lookup->not_before) && begin(lookups, lookup, now, ret))
			return true;
	}
	return false;
}

struct mono lookups_deadline(const struct lookups *lookups)
{
	struct mono deadline = MONO_NEVER;

	for (size_t i = 0; i < LOOKUPS_AT_ONCE; i++) {
		const struct lookup *lookup = &lookups->at_once[i];

		if (lookup->is_running)
			deadline = mono_min(deadline, lookup->deadline);
		else if (lookups->wanted != 0)
			deadline = mono_min(deadline, lookup->not_before);
	}
	return deadline;
}

/* What a resolver reads, which is the host's choice of modules, settings and sockets. Not there:
 * keys. Where a service manager chose our user, the member's key is the same user's as this
 * process. */
static int close_files(void)
{
	static const char *const directories[] = { "/etc", "/usr",  "/lib", "/lib64", "/run",
						   "/dev", "/proc", "/sys", NULL };
	const int err = sandbox_close_files_but(directories);

	return err == ERR_UNSUPPORTED ? 0 : err; /* the node's log says so */
}

int lookups_child(const char *host, const char *port)
{
	struct channel_message message = { .kind = CHANNEL_LOOKUP_DONE };
	uint32_t number;
	size_t count;

	if (process_harden(SIGKILL) < 0 || close_files() < 0 ||
	    text_number(span_text(port), &number) < 0 || number > UINT16_MAX ||
	    lookup_host(host, (uint16_t)number, message.lookup_done.endpoints, NODE_ENDPOINTS_MAX,
			&count) < 0)
		return EXIT_FAILED;
	message.lookup_done.count = (uint32_t)count;
	return channel_send(PROCESS_CHANNEL, &message) == 0 ? EXIT_OK : EXIT_FAILED;
}
