/* hooks.c - see hooks.h. */
#include "prog/ipopd/hooks.h"

#include "base/check.h"
#include "base/err.h"
#include "prog/ipopd/log.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#define VARIABLE_CHARS 64
#define PATH_VARIABLE "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What a program finds in its environment. */
struct environment {
	char event[VARIABLE_CHARS], network[VARIABLE_CHARS], interface[VARIABLE_CHARS];
	char ipv6[VARIABLE_CHARS], ipv4[VARIABLE_CHARS];
	const char *list[8];
};

static void set(char *variable, const char *name, const char *value)
{
	const int len = snprintf(variable, VARIABLE_CHARS, "IPOP_%s=%s", name, value);

	CHECK(len > 0 && len < VARIABLE_CHARS);
}

static void describe(const struct hooks *hooks, const char *event,
		     const struct node_addresses *addresses, struct environment *ret)
{
	const struct endpoint v6 = endpoint_v6(addresses->ipv6.bytes, 0);
	const struct endpoint v4 = endpoint_v4(addresses->ipv4, 0);
	char text[ENDPOINT_TEXT_CHARS + 1];
	size_t n = 0;

	set(ret->event, "EVENT", event);
	set(ret->network, "NETWORK", hooks->network);
	set(ret->interface, "INTERFACE", hooks->network);
	endpoint_ip_to_text(&v6, text);
	set(ret->ipv6, "IPV6", text);
	ret->list[n++] = PATH_VARIABLE;
	ret->list[n++] = ret->event;
	ret->list[n++] = ret->network;
	ret->list[n++] = ret->interface;
	ret->list[n++] = ret->ipv6;
	if (addresses->has_ipv4) {
		endpoint_ip_to_text(&v4, text);
		set(ret->ipv4, "IPV4", text);
		ret->list[n++] = ret->ipv4;
	}
	ret->list[n] = NULL;
}

/* False if it is not to be run, or cannot be. */
static bool run(struct hooks *hooks, const struct config_path *program, const char *event,
		const struct node_addresses *addresses)
{
	const char *const argv[] = { program->text, NULL };
	struct environment environment;
	struct process_config config = { .program = program->text,
					 .argv = argv,
					 .environment = environment.list,
					 .channel = -1,
					 .uid = PROCESS_UID_KEEP,
					 .gid = PROCESS_UID_KEEP,
					 .keeps_rights = true };
	int err;

	if (program->text[0] == '\0')
		return false;
	describe(hooks, event, addresses, &environment);
	err = process_spawn(&config, &hooks->running);
	if (err < 0) {
		log_error("cannot run %s: %s", program->text, err_text(err));
		return false;
	}
	hooks->is_running = true;
	hooks->has_ended = false;
	return true;
}

void hooks_init(struct hooks *hooks, struct loop *loop, uint8_t event_kind, const char *network)
{
	*hooks = (struct hooks){
		.loop = loop, .event_kind = event_kind, .network = network, .deadline = MONO_NEVER
	};
}

void hooks_use(struct hooks *hooks, const struct config *config)
{
	hooks->on_up = config->on_up;
	hooks->on_down = config->on_down;
}

static void finish(struct hooks *hooks)
{
	int status;

	if (!process_reap(&hooks->running, &status))
		return;
	hooks->is_running = false;
	hooks->deadline = MONO_NEVER;
	if (status != 0)
		log_warning("a program that was to be run has failed status=%d", status);
}

/* While the loop watches it. */
static void end_running(struct hooks *hooks)
{
	if (!hooks->is_running)
		return;
	loop_remove(hooks->loop, hooks->running.pidfd);
	process_kill(&hooks->running);
	hooks->is_running = false;
	hooks->deadline = MONO_NEVER;
}

void hooks_up(struct hooks *hooks, struct mono now, const struct node_addresses *addresses)
{
	end_running(hooks); /* the one before was for what is no more */
	if (!run(hooks, &hooks->on_up, "up", addresses))
		return;
	hooks->deadline = mono_add_ms(now, HOOKS_UP_MS);
	if (loop_add(hooks->loop, hooks->running.pidfd, LOOP_READ, hooks->event_kind, HANDLE_NONE) <
	    0) {
		process_kill(&hooks->running);
		hooks->is_running = false;
		hooks->deadline = MONO_NEVER;
		log_error("cannot watch %s", hooks->on_up.text);
	}
}

void hooks_down(struct hooks *hooks, const struct node_addresses *addresses)
{
	struct pollfd end = { .events = POLLIN };

	end_running(hooks);
	if (!run(hooks, &hooks->on_down, "down", addresses))
		return;
	end.fd = hooks->running.pidfd;
	if (poll(&end, 1, HOOKS_DOWN_MS) == 1) {
		finish(hooks);
		return;
	}
	log_warning("%s takes too long, and is ended", hooks->on_down.text);
	process_kill(&hooks->running);
	hooks->is_running = false;
}

void hooks_event(struct hooks *hooks)
{
	hooks->has_ended = hooks->is_running;
}

void hooks_poll(struct hooks *hooks, struct mono now)
{
	if (hooks->is_running && hooks->has_ended) {
		loop_remove(hooks->loop, hooks->running.pidfd);
		finish(hooks);
	}
	if (hooks->is_running && mono_reached(now, hooks->deadline)) {
		log_warning("%s takes too long, and is ended", hooks->on_up.text);
		end_running(hooks);
	}
}

struct mono hooks_deadline(const struct hooks *hooks)
{
	return hooks->deadline;
}

void hooks_free(struct hooks *hooks)
{
	end_running(hooks);
}
