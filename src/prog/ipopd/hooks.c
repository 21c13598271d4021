/* hooks.c - see hooks.h. */
#include "prog/ipopd/hooks.h"

#include "base/check.h"
#include "base/err.h"
#include "prog/ipopd/log.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define VARIABLE_CHARS 96
#define VARIABLES_MAX 9
#define PATH_VARIABLE "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What a program finds in its environment. */
struct environment {
	char text[VARIABLES_MAX][VARIABLE_CHARS];
	const char *list[VARIABLES_MAX + 1];
	size_t count;
};

static void set(struct environment *environment, const char *name, const char *value)
{
	const size_t n = environment->count++;
	int len;

	CHECK(n < VARIABLES_MAX);
	len = snprintf(environment->text[n], VARIABLE_CHARS, "IPOP_%s=%s", name, value);
	CHECK(len > 0 && len < VARIABLE_CHARS);
	environment->list[n] = environment->text[n];
	environment->list[n + 1] = NULL;
}

static void set_address(struct environment *environment, const char *name,
			const struct endpoint *address)
{
	char text[ENDPOINT_TEXT_CHARS + 1];

	endpoint_ip_to_text(address, text);
	set(environment, name, text);
}

static void describe(const struct hooks *hooks, const char *event, struct environment *ret)
{
	const struct endpoint v6 = endpoint_v6(hooks->addresses.ipv6.bytes, 0);
	const struct endpoint v4 = endpoint_v4(hooks->addresses.ipv4, 0);

	ret->count = 0;
	set(ret, "EVENT", event);
	set(ret, "NETWORK", hooks->network);
	set(ret, "INTERFACE", hooks->network);
	set_address(ret, "IPV6", &v6);
	if (hooks->addresses.has_ipv4)
		set_address(ret, "IPV4", &v4);
}

/* False if it is not to be run, or cannot be. */
static bool run(struct hooks *hooks, const struct config_path *program,
		const struct environment *variables)
{
	const char *const argv[] = { program->text, NULL };
	const char *environment[VARIABLES_MAX + 2] = { PATH_VARIABLE };
	struct process_config config = { .program = program->text,
					 .argv = argv,
					 .environment = environment,
					 .channel = -1,
					 .uid = PROCESS_UID_KEEP,
					 .gid = PROCESS_UID_KEEP,
					 .keeps_rights = true,
					 .leads = true };
	int err;

	if (program->text[0] == '\0')
		return false;
	memcpy(environment + 1, variables->list, variables->count * sizeof(environment[0]));
	err = process_spawn(&config, &hooks->running);
	if (err < 0) {
		log_error("cannot run %s: %s", program->text, err_text(err));
		return false;
	}
	hooks->program = *program;
	hooks->number++;
	hooks->has_ended = false;
	return true;
}

static bool is_running(const struct hooks *hooks)
{
	return hooks->program.text[0] != '\0';
}

static void forget_running(struct hooks *hooks)
{
	hooks->program.text[0] = '\0';
	hooks->deadline = MONO_NEVER;
}

static struct handle handle_of_running(const struct hooks *hooks)
{
	return (struct handle){ .index = 0, .generation = hooks->number };
}

/* While the loop goes on. */
static void run_beside(struct hooks *hooks, const struct config_path *program,
		       const struct environment *environment, struct mono deadline)
{
	if (!run(hooks, program, environment))
		return;
	hooks->deadline = deadline;
	if (loop_add(hooks->loop, hooks->running.pidfd, LOOP_READ, hooks->event_kind,
		     handle_of_running(hooks)) == 0)
		return;
	log_error("cannot watch %s", program->text);
	process_kill(&hooks->running);
	forget_running(hooks);
}

void hooks_init(struct hooks *hooks, struct loop *loop, uint8_t event_kind, const char *network)
{
	*hooks = (struct hooks){ .loop = loop,
				 .event_kind = event_kind,
				 .network = network,
				 .deadline = MONO_NEVER,
				 .left_until = MONO_NEVER };
}

void hooks_use(struct hooks *hooks, const struct config *config)
{
	const bool listened = hooks->on_peer.text[0] != '\0';

	hooks->on_up = config->on_up;
	hooks->on_down = config->on_down;
	hooks->on_peer = config->on_peer;
	if (hooks->on_peer.text[0] == '\0') {
		hook_peers_free(&hooks->peers);
	} else if (!listened) {
		hooks->peers.is_behind = true; /* nobody heard what the node told of them */
		hooks->catch_up_again = (struct mono){ 0 };
	}
}

static void end_left(struct hooks *hooks)
{
	if (hooks->left.pid > 0)
		process_kill(&hooks->left);
	hooks->left_until = MONO_NEVER;
}

static void finish(struct hooks *hooks, struct mono until)
{
	int status;

	if (!process_has_ended(&hooks->running, &status))
		return;
	if (status != 0)
		log_warning("%s has failed status=%d", hooks->program.text, status);
	end_left(hooks);
	hooks->left = hooks->running;
	hooks->left_until = until;
	forget_running(hooks);
}

/* While the loop watches it. */
static void end_running(struct hooks *hooks)
{
	if (!is_running(hooks))
		return;
	loop_remove(hooks->loop, hooks->running.pidfd);
	process_kill(&hooks->running);
	forget_running(hooks);
}

void hooks_up(struct hooks *hooks, struct mono now, const struct node_addresses *addresses)
{
	struct environment environment;

	hooks->is_up = true;
	hooks->addresses = *addresses;
	describe(hooks, "up", &environment);
	end_running(hooks); /* the one before was for what is no more */
	run_beside(hooks, &hooks->on_up, &environment, mono_add_ms(now, HOOKS_UP_MS));
}

void hooks_down(struct hooks *hooks)
{
	struct pollfd end = { .events = POLLIN };
	struct environment environment;

	if (!hooks->is_up)
		return;
	hooks->is_up = false;
	describe(hooks, "down", &environment);
	end_running(hooks);
	if (!run(hooks, &hooks->on_down, &environment))
		return;
	end.fd = hooks->running.pidfd;
	if (poll(&end, 1, HOOKS_DOWN_MS) == 1) {
		finish(hooks, MONO_NEVER);
		return;
	}
	log_warning("%s takes too long, and is ended", hooks->program.text);
	process_kill(&hooks->running);
	forget_running(hooks);
}

void hooks_peer(struct hooks *hooks, const struct hook_peer *peer)
{
	const bool was_behind = hooks->peers.is_behind;
	int err;

	/* The node reads for itself what the file names: it has not heard yet that nobody wants to
	 * know, or that what the file names cannot be run. */
	if (hooks->on_peer.text[0] == '\0')
		return;
	err = hook_peers_take(&hooks->peers, peer);
	if (err < 0 && !was_behind)
		log_warning("%s is told of %s, and of others, later: %s", hooks->on_peer.text,
			    peer->name, err_text(err));
}

struct mono hooks_catch_up_deadline(const struct hooks *hooks)
{
	return !hooks->rests && hook_peers_can_catch_up(&hooks->peers) ? hooks->catch_up_again
								       : MONO_NEVER;
}

void hooks_asked(struct hooks *hooks, struct mono now, bool was_asked)
{
	hooks->peers.is_behind = !was_asked;
	hooks->catch_up_again = mono_add_ms(now, HOOKS_CATCH_UP_MS);
}

void hooks_peers_gone(struct hooks *hooks)
{
	hook_peers_all_gone(&hooks->peers);
}

void hooks_rest(struct hooks *hooks)
{
	hooks->rests = true;
}

void hooks_event(struct hooks *hooks, struct handle program)
{
	if (is_running(hooks) && handle_equal(program, handle_of_running(hooks)))
		hooks->has_ended = true;
}

static bool may_run_for_peer(const struct hooks *hooks)
{
	return hooks->is_up && !hooks->rests && !is_running(hooks);
}

static void run_for_peer(struct hooks *hooks, struct mono now)
{
	struct environment environment;
	struct endpoint v6;
	struct hook_peer peer;

	if (!hook_peers_next(&hooks->peers, &peer))
		return;
	v6 = endpoint_v6(peer.ipv6.bytes, 0);
	describe(hooks, peer.is_there ? "peer-up" : "peer-down", &environment);
	set(&environment, "PEER", peer.name);
	set_address(&environment, "PEER_IPV6", &v6);
	hooks->peer_again = mono_add_ms(now, HOOKS_PEER_PAUSE_MS);
	run_beside(hooks, &hooks->on_peer, &environment, mono_add_ms(now, HOOKS_PEER_MS));
}

void hooks_poll(struct hooks *hooks, struct mono now)
{
	if (is_running(hooks) && hooks->has_ended) {
		loop_remove(hooks->loop, hooks->running.pidfd);
		finish(hooks, mono_add_ms(now, HOOKS_LEFT_MS));
	}
	if (is_running(hooks) && mono_reached(now, hooks->deadline)) {
		log_warning("%s takes too long, and is ended", hooks->program.text);
		end_running(hooks);
	}
	if (mono_reached(now, hooks->left_until))
		end_left(hooks);
	if (may_run_for_peer(hooks) && mono_reached(now, hooks->peer_again))
		run_for_peer(hooks, now);
}

struct mono hooks_deadline(const struct hooks *hooks)
{
	if (may_run_for_peer(hooks) && hook_peers_are_waiting(&hooks->peers))
		return mono_min(hooks->peer_again, hooks->left_until);
	return mono_min(hooks->deadline, hooks->left_until);
}

void hooks_free(struct hooks *hooks)
{
	end_running(hooks);
	end_left(hooks);
	hook_peers_free(&hooks->peers);
}
