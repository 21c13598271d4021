/* steward.c - see steward.h for the states.
 *
 * The node is an unprivileged process that reads what the network sends, so everything it says is
 * judged here: its messages have one length, it can have addresses of its network alone, and it
 * names bootstrap hosts by number. Whatever breaks the rules ends it, as if it had crashed. */
#include "prog/ipopd/steward.h"
#include "prog/exit_code.h"

#include "base/check.h"
#include "base/err.h"
#include "crypto/start.h"
#include "io/clock.h"
#include "io/loop.h"
#include "io/memory.h"
#include "io/notify.h"
#include "io/process.h"
#include "io/sandbox.h"
#include "io/signals.h"
#include "prog/ipopd/channel.h"
#include "prog/ipopd/claims.h"
#include "prog/ipopd/control.h"
#include "prog/ipopd/host.h"
#include "prog/ipopd/ipopd.h"
#include "prog/ipopd/keep.h"
#include "prog/ipopd/lookups.h"
#include "prog/ipopd/restarts.h"
#include "prog/ipopd/settings.h"
#include "prog/ipopd/steward_internal.h"
#include "prog/ipopd/user.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define START_MS 30000 /* until a node has asked for its addresses */
#define STOP_MS 3000   /* until a node has said goodbye */
#define ASK_MS 10000   /* after its last answer a node that is ready is asked whether it is there */
#define ANSWER_MS 5000 /* until it has answered, */
#define GRACE_MS 2000  /* and then once more: this machine may have stood still */
#define CLIENTS_A_TURN 8
#define CLIENTS_RELAX_MS 20 /* when the node has many to take in */

/* The only writer of s->state once steward_run() has begun. */
static void set_state(struct steward *s, enum steward_state next, struct mono deadline)
{
	static const bool allowed[STEWARD_STATES][STEWARD_STATES] = {
		[STEWARD_STARTING] = { [STEWARD_READY] = true,
				       [STEWARD_WAITING] = true,
				       [STEWARD_STOPPING] = true,
				       [STEWARD_ENDED] = true },
		[STEWARD_READY] = { [STEWARD_WAITING] = true,
				    [STEWARD_STOPPING] = true,
				    [STEWARD_ENDED] = true },
		[STEWARD_WAITING] = { [STEWARD_STARTING] = true,
				      [STEWARD_WAITING] = true,
				      [STEWARD_ENDED] = true },
		[STEWARD_STOPPING] = { [STEWARD_ENDED] = true },
	};
	static const char *const names[STEWARD_STATES] = { "STARTING", "READY", "WAITING",
							   "STOPPING", "ENDED" };

	CHECK(allowed[s->state][next]);
	log_debug("%s -> %s", names[s->state], names[next]);
	s->state = next;
	s->deadline = deadline;
	if (next == STEWARD_STOPPING || next == STEWARD_ENDED)
		hooks_rest(&s->hooks);
}

/* --- the node --- */

void steward_kill_node(struct steward *s)
{
	if (s->node.pidfd >= 0)
		process_signal(&s->node, SIGKILL);
	s->killed = true;
}

static int spawn(struct steward *s, const struct channel_message *start)
{
	const struct store *const store = s->config->store;
	const char *const argv[] = { "ipopd", IPOPD_OPTION_CHILD, store->network, store->root,
				     NULL };
	static const char *const environment[] = { IPOPD_NODE_ENVIRONMENT, NULL };
	struct process_config config = {
		.argv = argv, .environment = environment, .uid = s->uid, .gid = s->gid
	};
	int pair[2];
	int err = unix_pair(pair);

	if (err < 0)
		return err;
	config.channel = pair[1];
	if (log_room_is_ours(store))
		config.file_bytes_max = LOG_ROOM_NODE_BYTES;
	err = process_spawn(&config, &s->node);
	(void)close(pair[1]); /* the node has its own */
	if (err < 0) {
		(void)close(pair[0]); /* to nobody */
		return err;
	}
	if (loop_add(&s->loop, pair[0], LOOP_READ, EVENT_CHANNEL, HANDLE_NONE) < 0 ||
	    loop_add(&s->loop, s->node.pidfd, LOOP_READ, EVENT_NODE, HANDLE_NONE) < 0) {
		process_kill(&s->node);
		(void)close(pair[0]); /* to nobody; closing ends watching, too */
		return ERR_IO;
	}
	s->channel = pair[0];
	s->killed = false;
	/* An empty socket takes one message; a node that died at once is noticed by its pidfd. */
	(void)channel_send(s->channel, start);
	return 0;
}

/* All that a node gets with it to begin with: what was read, and the interface. */
static struct channel_message start_message(const struct steward *s, const int files[CHANNEL_FDS])
{
	struct channel_message start = {
		.kind = CHANNEL_START,
		.start = { .log_style = (uint8_t)s->config->log_style,
			   .workers = (uint8_t)s->host.workers,
			   .neighbours = s->keep.neighbours },
	};

	memcpy(start.start.network, s->config->store->network, strlen(s->config->store->network));
	channel_add_start_fds(&start, files, s->host.tun, s->host.queues);
	return start;
}

static int start_node(struct steward *s, struct mono now, struct complaint *complaint)
{
	struct channel_message start;
	int files[CHANNEL_FDS];
	uint32_t workers = 0;
	int err = settings_open(s->config->store, files, complaint);

	if (err < 0)
		return err;
	err = steward_take_settings(s, files, &workers, complaint);
	if (err == 0)
		err = s->was_ready ? host_restore(&s->host, complaint)
				   : host_open(&s->host, s->config->store, &s->claims, workers,
					       complaint);
	if (err == 0) {
		start = start_message(s, files);
		err = spawn(s, &start);
		if (err < 0)
			(void)complain(complaint, err, "cannot start the node process: %s",
				       err_text(err));
	}
	settings_close(files);
	s->configured = false;
	s->reloads = false; /* it gets the files as they are now */
	s->asked = STEWARD_NOT_ASKED;
	s->has_said = false;
	s->knows_addresses = false;
	s->told_of_host.text[0] = '\0';
	s->look_at = now;
	host_look_soon(&s->host, now);
	hooks_asked(&s->hooks, now, true); /* unasked it tells of all */
	s->node_since = now;
	return err;
}

static void wait_and_restart(struct steward *s, struct mono now)
{
	const uint64_t wait_ms = restarts_wait_ms(&s->restarts, s->node_since, now);

	log_line(s->restarts.in_a_row < RESTARTS_MANY ? CONFIG_LOG_INFO : CONFIG_LOG_WARNING,
		 "starts the node again wait_ms=%llu in_a_row=%u", (unsigned long long)wait_ms,
		 s->restarts.in_a_row);
	set_state(s, STEWARD_WAITING, mono_add_ms(now, wait_ms));
}

static void restart(struct steward *s, struct mono now)
{
	struct complaint complaint;

	if (start_node(s, now, &complaint) < 0) {
		log_error("%s", complaint.text);
		s->trouble = complaint;
		wait_and_restart(s, now);
		return;
	}
	set_state(s, STEWARD_STARTING, mono_add_ms(now, START_MS));
}

static void end(struct steward *s, int exit_code)
{
	s->exit_code = exit_code;
	set_state(s, STEWARD_ENDED, MONO_NEVER);
}

/* Why the node ends, as it says itself; complain() makes it harmless. */
static void take_reason(struct steward *s, const struct complaint *reason)
{
	(void)complain(&s->trouble, ERR_IO, "%s", reason->text);
	s->has_said = true;
}

/* Of what it said last nothing is of use any more but why it ended. */
static void hear_last_words(struct steward *s)
{
	struct channel_message message;

	for (int i = 0; i < CHANNEL_A_TURN; i++) {
		if (channel_receive(s->channel, false, &message) < 0)
			return;
		if (message.kind == CHANNEL_FAILED)
			take_reason(s, &message.failed);
	}
}

static void node_ended(struct steward *s, struct mono now)
{
	int status;

	loop_remove(&s->loop, s->node.pidfd);
	CHECK(process_reap(&s->node, &status));
	hear_last_words(s);
	loop_remove(&s->loop, s->channel);
	(void)close(s->channel); /* to nobody */
	s->channel = -1;
	lookups_free(&s->lookups);
	hooks_peers_gone(&s->hooks);
	if (s->state == STEWARD_STOPPING || status == EXIT_OK) {
		end(s, EXIT_OK);
	} else if (!s->was_ready) {
		if (status > PROCESS_SIGNALLED && !s->killed)
			log_error("the node process died before it was ready signal=%d",
				  status - PROCESS_SIGNALLED);
		end(s, status > PROCESS_SIGNALLED ? EXIT_FAILED : status);
	} else {
		if (!s->killed) {
			log_error("the node process died status=%d", status);
			if (!s->has_said)
				(void)complain(&s->trouble, ERR_IO,
					       "the node process died (status %d)", status);
		}
		wait_and_restart(s, now);
	}
}

static void stop(struct steward *s, struct mono now)
{
	const struct channel_message message = { .kind = CHANNEL_STOP };

	if (s->state == STEWARD_WAITING) {
		end(s, EXIT_OK);
	} else if (s->state == STEWARD_STARTING || s->state == STEWARD_READY) {
		notify_manager(s->config->notify_socket, "STOPPING=1");
		if (channel_send(s->channel, &message) < 0)
			steward_kill_node(s); /* it does not read: no use in waiting */
		set_state(s, STEWARD_STOPPING, mono_add_ms(now, STOP_MS));
	}
}

/* --- what the node asks for --- */

static void became_ready(struct steward *s, struct mono now)
{
	if (s->shares_user && !s->was_ready) /* who is refused reads only why */
		log_warning("there is no user " IPOPD_USER "; the node runs as " IPOPD_USER_FALLBACK
			    ", whose other processes can stop it: `useradd --system " IPOPD_USER
			    "` makes one for it");
	if (s->may_swap && !s->was_ready)
		log_info("keys may be written to swap: memory that can be locked has a limit "
			 "(LimitMEMLOCK= of the unit, or ulimit -l)");
	s->was_ready = true;
	s->trouble.text[0] = '\0';
	notify_manager(s->config->notify_socket, "READY=1");
	set_state(s, STEWARD_READY, mono_add_ms(now, ASK_MS));
	if (s->hooked != s->host.index) /* else another node, on the interface that there was */
		hooks_up(&s->hooks, now, &s->given);
	s->hooked = s->host.index;
}

/* 0, ERR_DENIED or ERR_MALFORMED: the node does what it must not. */
static int configure(struct steward *s, struct mono now, const struct node_addresses *wanted)
{
	const struct channel_message done = { .kind = CHANNEL_CONFIGURED };
	struct complaint complaint;

	if (s->configured)
		return ERR_MALFORMED;
	if (claims_check(&s->claims, wanted) < 0)
		return ERR_DENIED;
	s->configured = true;
	s->given = *wanted;
	if (s->state != STEWARD_STARTING)
		return 0; /* it is told to stop already */
	if (host_configure(&s->host, wanted, &complaint) < 0) {
		log_error("%s", complaint.text);
		s->trouble = complaint;
		steward_kill_node(s);
		return 0;
	}
	if (channel_send(s->channel, &done) == 0)
		became_ready(s, now);
	return 0;
}

/* 0, or ERR_MALFORMED: it was not asked. */
static int take_pong(struct steward *s, struct mono now)
{
	if (s->asked == STEWARD_NOT_ASKED)
		return ERR_MALFORMED;
	s->asked = STEWARD_NOT_ASKED;
	if (s->state == STEWARD_READY)
		s->deadline = mono_add_ms(now, ASK_MS);
	return 0;
}

static int obey(struct steward *s, struct mono now, const struct channel_message *message)
{
	switch (message->kind) {
	case CHANNEL_CONFIGURE:
		return configure(s, now, &message->configure);
	case CHANNEL_LOOKUP:
		return lookups_want(&s->lookups, message->lookup);
	case CHANNEL_KEEP:
		keep_take(&s->keep, &message->keep);
		return 0;
	case CHANNEL_FAILED:
		take_reason(s, &message->failed);
		return 0;
	case CHANNEL_RELOAD:
		s->reloads = true;
		return 0;
	case CHANNEL_PONG:
		return take_pong(s, now);
	case CHANNEL_PEER:
		steward_take_peer(s, message);
		return 0;
	case CHANNEL_START:
	case CHANNEL_CONFIGURED:
	case CHANNEL_LOOKUP_DONE:
	case CHANNEL_CLIENT:
	case CHANNEL_STOP:
	case CHANNEL_HOST:
	case CHANNEL_COPIED:
	case CHANNEL_PEERS:
	case CHANNEL_RELOADED:
	case CHANNEL_NOT_RELOADED:
	case CHANNEL_PING:
	case CHANNEL_TROUBLE:
		break;
	}
	return ERR_MALFORMED; /* channel_decode() has refused these */
}

static void hear_node(struct steward *s, struct mono now)
{
	struct channel_message message;
	int err = 0;

	for (int i = 0; i < CHANNEL_A_TURN && err == 0; i++) {
		err = channel_receive(s->channel, false, &message);
		if (err == 0)
			err = obey(s, now, &message);
	}
	if (err == 0 || err == ERR_AGAIN)
		return;
	loop_change(&s->loop, s->channel, 0, EVENT_CHANNEL, HANDLE_NONE);
	if (err == ERR_NOT_FOUND) {
		/* Closed when it ends, whose status tells why: one that goes on is no use. */
		process_signal(&s->node, SIGKILL);
		return;
	}
	(void)complain(&s->trouble, err,
		       "the node process asked for what it must not have, and is ended");
	log_error("%s why=%s", s->trouble.text, err_name(err));
	steward_kill_node(s);
}

static void run_lookups(struct steward *s, struct mono now)
{
	struct channel_message done;

	while (lookups_poll(&s->lookups, now, &done))
		(void)channel_send(s->channel, &done); /* if it is full, the node asks again */
}

/* The keys that a node has may be those of another machine, too. */
static void tell_of_copy(struct steward *s)
{
	const struct channel_message message = { .kind = CHANNEL_COPIED };

	log_warning("the kernel says that this machine is resumed from a snapshot: all keys go");
	if (s->channel >= 0 && channel_send(s->channel, &message) < 0)
		steward_kill_node(s); /* it does not read, and goes on with them */
}

/* --- control connections --- */

/* What a client is told while no node can answer it. */
static void explain(const struct steward *s, struct complaint *ret)
{
	if (s->state == STEWARD_STOPPING || s->state == STEWARD_ENDED)
		(void)complain(ret, ERR_AGAIN, "the daemon ends");
	else if (s->trouble.text[0] == '\0')
		(void)complain(ret, ERR_AGAIN, "the daemon starts; try again");
	else if (s->restarts.in_a_row < RESTARTS_MANY)
		(void)complain(ret, ERR_AGAIN,
			       "the daemon has no node, and tries again to start one: %s",
			       s->trouble.text);
	else
		(void)complain(
			ret, ERR_AGAIN,
			"the daemon has no node, and tries again to start one, after %u that "
			"ended in a row: %s",
			s->restarts.in_a_row, s->trouble.text);
}

/* Of somebody who may change nothing, the steward reads nothing either. */
static void turn_away(const struct steward *s, int client)
{
	struct answers answer = { 0 };
	struct complaint why;

	explain(s, &why);
	answers_error(&answer, ERR_AGAIN, why.text);
	if (!answer.failed)
		(void)!write(client, answer.data, answer.len); /* a new socket takes it */
	answers_free(&answer);
}

/* Hands a connection to the node, if it is of somebody who may ask anything at all. Where no node
 * can answer, the steward does it for one who may say `down`. */
static void pass_on(struct steward *s, struct now now, int client, const struct unix_peer *peer)
{
	const struct channel_message message = {
		.kind = CHANNEL_CLIENT,
		.client.uid = peer->uid,
		.client.may_change = claims_may_change(peer->uid, geteuid()),
		.fds = { client },
		.fd_count = 1,
	};
	int own;

	if (!claims_may_read(peer->uid, peer->in_group, geteuid()))
		return;
	if (s->state == STEWARD_READY && channel_send(s->channel, &message) == 0)
		return;
	own = message.client.may_change ? fcntl(client, F_DUPFD_CLOEXEC, 0) : -1;
	if (own >= 0)
		control_accept(s->control, now, own, peer->uid, true);
	else
		turn_away(s, client);
}

/* Requests that come to the steward. Who says `down` hears of it when the node has ended. */
static void serve_clients(struct steward *s, struct now now)
{
	struct node_reply refusal = { .kind = NODE_REPLY_ERROR, .error.err = ERR_AGAIN };
	struct control_request request;
	struct complaint why;

	while (!s->has_stop_token && control_poll(s->control, now, &request)) {
		if (request.request.verb == REQUEST_DOWN) {
			log_info("is told to end by a user");
			s->has_stop_token = true;
			s->stop_token = request.token;
			stop(s, now.mono);
			return;
		}
		explain(s, &why);
		refusal.token = request.token;
		refusal.error.text = why.text;
		control_reply(s->control, now, &refusal, NULL);
	}
}

/* The last answers, once no node runs. */
static void tell_the_end(struct steward *s, struct now now)
{
	struct control_request request;

	if (s->has_stop_token)
		control_reply_down(s->control, now, s->stop_token);
	while (control_poll(s->control, now, &request))
		if (request.request.verb == REQUEST_DOWN)
			control_reply_down(s->control, now, request.token);
}

static void watch_clients(struct steward *s, bool watch)
{
	loop_change(&s->loop, s->host.listener, watch ? LOOP_READ : 0, EVENT_CLIENT, HANDLE_NONE);
	s->clients_paused = !watch;
}

/* Meanwhile they wait in the listener's queue. */
static void pause_clients(struct steward *s, struct mono now, uint64_t ms)
{
	s->clients_again = mono_add_ms(now, ms);
	watch_clients(s, false);
}

static void accept_clients(struct steward *s, struct now now)
{
	struct unix_peer peer;
	int client;
	int err = 0;

	for (int i = 0; i < CLIENTS_A_TURN && err == 0; i++) {
		/* The rest of its queue is for what the steward itself has to say. */
		if (s->state == STEWARD_READY && unix_is_behind(s->channel)) {
			pause_clients(s, now.mono, CLIENTS_RELAX_MS);
			return;
		}
		err = unix_accept(s->host.listener, s->host.group, &client, &peer);
		if (err < 0)
			break;
		pass_on(s, now, client, &peer);
		(void)close(client); /* who answers has his own, or it was refused */
	}
	if (err ==
	    ERR_FULL) /* the host is out of descriptors: no use in being told so without end */
		pause_clients(s, now.mono, STEWARD_RELAX_MS);
}

/* --- the loop --- */

/* SIGHUP comes from one who wants the files read anew, or from a terminal that goes away: then it
 * does no harm either. Where no node runs, they are why, it may be. */
static void hear_signal(struct steward *s, struct mono now)
{
	const int signal = signals_read(s->signals);

	if (signal == SIGHUP && s->state == STEWARD_WAITING)
		s->deadline = now;
	else if (signal == SIGHUP)
		s->reloads = true;
	else if (signal != 0)
		stop(s, now);
}

/* What somebody wants: when a node is ready, and once in a while, for each time costs something. */
static void reload_if_wanted(struct steward *s, struct mono now)
{
	if (!s->reloads || s->state != STEWARD_READY || !mono_reached(now, s->reload_again))
		return;
	s->reloads = false;
	s->reload_again = mono_add_ms(now, STEWARD_RELAX_MS);
	steward_reload(s);
}

static void handle_event(struct steward *s, struct now now, const struct loop_event *event)
{
	switch ((enum steward_event)event->kind) {
	case EVENT_SIGNAL:
		hear_signal(s, now.mono);
		break;
	case EVENT_CLIENT:
		accept_clients(s, now);
		break;
	case EVENT_CONTROL:
		control_event(s->control, now, event);
		break;
	case EVENT_CHANNEL:
		if (s->channel >= 0)
			hear_node(s, now.mono);
		break;
	case EVENT_NODE:
		node_ended(s, now.mono);
		break;
	case EVENT_LOOKUP:
		lookups_event(&s->lookups, event->handle);
		break;
	case EVENT_HOOK:
		hooks_event(&s->hooks, event->handle);
		break;
	case EVENT_ADDRESSES:
		if (host_has_changed(&s->host, now.mono))
			s->look_at = mono_min(s->look_at, mono_add_ms(now.mono, HOST_SETTLE_MS));
		break;
	case EVENT_UEVENTS:
		if (host_was_copied(&s->host))
			tell_of_copy(s);
		break;
	}
}

static void end_deaf_node(struct steward *s)
{
	(void)complain(&s->trouble, ERR_TIMEOUT, "the node process does not answer, and is ended");
	log_error("%s", s->trouble.text);
	s->deadline = MONO_NEVER;
	steward_kill_node(s);
}

/* Asks a node that is ready whether it is there, and ends one that does not answer. A deadline that
 * is seen late says that we have stood still, and then the node may have as well: it has to miss
 * two in a row that we see in time. */
static void mind_node(struct steward *s, struct mono now)
{
	const struct channel_message ping = { .kind = CHANNEL_PING };
	const bool is_late = mono_reached(now, mono_add_ms(s->deadline, GRACE_MS));

	if (s->asked == STEWARD_NOT_ASKED) {
		s->asked = STEWARD_ASKED;
		s->deadline = mono_add_ms(now, ANSWER_MS);
		(void)channel_send(s->channel, &ping); /* if it is full, nobody reads it */
	} else if (s->asked == STEWARD_ASKED || is_late) {
		s->asked = STEWARD_OVERDUE;
		s->deadline = mono_add_ms(now, GRACE_MS);
	} else {
		end_deaf_node(s);
	}
}

static void handle_deadline(struct steward *s, struct mono now)
{
	if (s->clients_paused && mono_reached(now, s->clients_again))
		watch_clients(s, true);
	if (!mono_reached(now, s->deadline))
		return;
	switch (s->state) {
	case STEWARD_WAITING:
		restart(s, now);
		break;
	case STEWARD_STARTING:
	case STEWARD_STOPPING:
		end_deaf_node(s);
		break;
	case STEWARD_READY:
		mind_node(s, now);
		break;
	case STEWARD_ENDED:
	case STEWARD_STATES:
		UNREACHABLE(); /* they have no deadline */
	}
}

static struct mono next_deadline(const struct steward *s)
{
	struct mono next = mono_min(s->deadline, lookups_deadline(&s->lookups));

	next = mono_min(next, keep_deadline(&s->keep));
	next = mono_min(next, host_deadline(&s->host));
	next = mono_min(next, hooks_deadline(&s->hooks));
	if (!s->has_stop_token)
		next = mono_min(next, control_deadline(s->control));
	if (s->channel >= 0)
		next = mono_min(next, s->look_at);
	if (s->state == STEWARD_READY)
		next = mono_min(next,
				mono_min(s->host.look_at, hooks_catch_up_deadline(&s->hooks)));
	next = mono_min(next, notify_watchdog_deadline(&s->watchdog));
	if (s->reloads && s->state == STEWARD_READY)
		next = mono_min(next, s->reload_again);
	return s->clients_paused ? mono_min(next, s->clients_again) : next;
}

static void run(struct steward *s)
{
	struct now now = clock_now();

	while (s->state != STEWARD_ENDED) {
		struct loop_event events[LOOP_EVENTS_MAX];
		const size_t count = loop_wait(&s->loop, now.mono, next_deadline(s), events);

		now = clock_now();
		/* All of them, also after the end: who says `down` just then is told. */
		for (size_t i = 0; i < count; i++)
			handle_event(s, now, &events[i]);
		serve_clients(s, now);
		run_lookups(s, now.mono);
		steward_tell_addresses(s, now.mono);
		host_mend(&s->host, now.mono);
		steward_look_at_host(s, now.mono);
		keep_poll(&s->keep, now.mono);
		notify_watchdog_poll(&s->watchdog, now.mono);
		hooks_poll(&s->hooks, now.mono);
		steward_ask_for_peers(s, now.mono);
		log_room_poll(&s->log_room, s->config->store, now.mono);
		reload_if_wanted(s, now.mono);
		handle_deadline(s, now.mono);
	}
	tell_the_end(s, now);
}

/* --- begin and end --- */

/* What root needs here: an interface with addresses, a directory and a socket for the group, and
 * children who are another user with nothing of this. Root's own files it reads as their owner. */
#define CAPABILITIES                                                                           \
	(UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_CHOWN | UINT64_C(1) << CAP_SETUID | \
	 UINT64_C(1) << CAP_SETGID | UINT64_C(1) << CAP_SETPCAP | UINT64_C(1) << CAP_KILL)

static int begin(struct steward *s, struct mono now, struct complaint *complaint)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	int err = crypto_start();

	if (err < 0)
		return complain(complaint, err, "the crypto library gives wrong answers");
	if (loop_init(&s->loop) < 0 ||
	    signals_open(signals, sizeof(signals) / sizeof(signals[0]), &s->signals) < 0)
		return complain(complaint, ERR_IO, "cannot set up the event loop");
	err = control_new(&s->loop, EVENT_CONTROL, &s->control);
	if (err < 0)
		return complain(complaint, err, "cannot set up the event loop");
	keep_init(&s->keep, s->config->store);
	hooks_init(&s->hooks, &s->loop, EVENT_HOOK, s->config->store->network);
	err = user_find(&s->uid, &s->gid, &s->shares_user, complaint);
	if (err == 0)
		err = start_node(s, now, complaint);
	if (err < 0)
		return err;
	if (loop_add(&s->loop, s->signals, LOOP_READ, EVENT_SIGNAL, HANDLE_NONE) < 0 ||
	    loop_add(&s->loop, s->host.listener, LOOP_READ, EVENT_CLIENT, HANDLE_NONE) < 0 ||
	    loop_add(&s->loop, s->host.watch, LOOP_READ, EVENT_ADDRESSES, HANDLE_NONE) < 0 ||
	    (s->host.uevents >= 0 &&
	     loop_add(&s->loop, s->host.uevents, LOOP_READ, EVENT_UEVENTS, HANDLE_NONE) < 0))
		return complain(complaint, ERR_IO, "cannot set up the event loop");
	s->deadline = mono_add_ms(now, START_MS);
	steward_give_memory_back(s);
	return 0;
}

static void clean_up(struct steward *s)
{
	keep_flush(&s->keep);
	lookups_free(&s->lookups);
	if (s->node.pidfd >= 0)
		process_kill(&s->node);
	if (s->channel >= 0)
		(void)close(s->channel); /* to nobody */
	control_del(s->control);
	hooks_down(&s->hooks);
	hooks_free(&s->hooks);
	host_close(&s->host);
	if (s->signals >= 0)
		(void)close(s->signals); /* only read */
	loop_free(&s->loop);
}

int steward_run(const struct steward_config *config)
{
	struct steward s = {
		.config = config,
		.state = STEWARD_STARTING,
		.deadline = MONO_NEVER,
		.host = { .lock = -1,
			  .listener = -1,
			  .watch = -1,
			  .uevents = -1,
			  .mend_at = MONO_NEVER,
			  .look_at = MONO_NEVER,
			  .routes_at = MONO_NEVER },
		.loop = { .epoll = -1, .timer = -1 },
		.signals = -1,
		.node.pidfd = -1,
		.channel = -1,
		.watchdog = { .path = config->notify_socket, .interval_us = config->watchdog_us },
	};
	struct complaint complaint;
	int err = process_harden(0);

	s.may_swap = memory_lock() < 0; /* while there may be a right to */
	if (err == 0)
		err = process_keep_capabilities(CAPABILITIES);
	if (err == 0)
		err = sandbox_close_calls(SANDBOX_STEWARD);
	if (err == ERR_UNSUPPORTED)
		err = 0; /* the node's log says so */
	if (err < 0)
		(void)complain(&complaint, err, "cannot give up rights: %s", err_text(err));
	else
		err = begin(&s, clock_now().mono, &complaint);
	if (err < 0) {
		log_error("%s", complaint.text);
		s.exit_code = err == ERR_NOT_FOUND ? EXIT_NOT_JOINED : (int)exit_code_of(err);
	} else {
		run(&s);
	}
	clean_up(&s);
	if (err == 0 && s.exit_code == EXIT_OK)
		log_info("ended");
	return s.exit_code;
}
