/* monitor.c - see monitor.h. */
#include "prog/ipopd/monitor.h"

#include "base/check.h"
#include "prog/ipopd/channel.h"

#include <string.h>

#define SECOND_MS 1000

/* No client has these: their generation is 0; that of the world's own is TOKEN_STOP, 0. */
#define TOKEN_STATUS ((uint64_t)1 << 32)
#define TOKEN_PEERS ((uint64_t)2 << 32)

void monitor_free(struct monitor *monitor)
{
	lookout_del(monitor->clients);
	lookout_del(monitor->steward);
	monitor->clients = NULL;
	monitor->steward = NULL;
}

/* Whoever listens has a lookout, if there is memory, and nobody else. */
static void keep_lookout(struct lookout **lookout, bool listens, enum lookout_first first)
{
	if (!listens) {
		lookout_del(*lookout);
		*lookout = NULL;
	} else if (*lookout == NULL) {
		*lookout = lookout_new(first);
	}
}

static bool is_due(struct lookout *lookout, struct mono now)
{
	return lookout != NULL && mono_reached(now, lookout_deadline(lookout));
}

bool monitor_is_due(struct monitor *monitor, struct mono now)
{
	keep_lookout(&monitor->clients, control_is_watched(monitor->control), LOOKOUT_PICTURE);
	keep_lookout(&monitor->steward, monitor->steward_listens, LOOKOUT_ALL);
	if (!is_due(monitor->clients, now) && !is_due(monitor->steward, now))
		return false;
	if (monitor->clients != NULL)
		lookout_begin(monitor->clients, now);
	if (mono_reached(now, monitor->next_second)) {
		monitor->next_second = mono_add_ms(now, SECOND_MS);
		monitor->told = 0;
	}
	if (monitor->steward != NULL)
		lookout_begin(monitor->steward, now);
	return true;
}

struct node_event monitor_question(size_t number)
{
	static const struct node_event questions[MONITOR_QUESTIONS] = {
		{ .kind = NODE_REQUEST, .request = { .token = TOKEN_STATUS, .verb = NODE_STATUS } },
		{ .kind = NODE_REQUEST, .request = { .token = TOKEN_PEERS, .verb = NODE_PEERS } },
	};

	CHECK(number < MONITOR_QUESTIONS);
	return questions[number];
}

/* For clients. */
static void look_for_clients(struct monitor *monitor, struct now now,
			     const struct node_reply *reply)
{
	struct happening happening;

	if (reply->kind == NODE_REPLY_STATUS) {
		while (lookout_status(monitor->clients, &reply->status, &happening))
			control_tell(monitor->control, now, &happening);
	} else if (reply->kind == NODE_REPLY_PEER) {
		if (lookout_peer(monitor->clients, &reply->peer, &happening))
			control_tell(monitor->control, now, &happening);
	} else if (reply->kind == NODE_REPLY_END && reply->token == TOKEN_PEERS) {
		while (lookout_end(monitor->clients, &happening))
			control_tell(monitor->control, now, &happening);
	}
}

static void tell_steward(struct monitor *monitor, const struct happening *happening)
{
	struct channel_message message = { .kind = CHANNEL_PEER,
					   .peer.id = happening->id,
					   .peer.is_there = happening->kind == HAPPENING_PEER_UP };

	if (happening->kind != HAPPENING_PEER_UP && happening->kind != HAPPENING_PEER_DOWN)
		return;
	memcpy(message.peer.name, happening->name, sizeof(message.peer.name));
	if (monitor->told == MONITOR_TELLS_A_SECOND || channel_send(monitor->channel, &message) < 0)
		lookout_untell(monitor->steward, happening);
	else
		monitor->told++;
}

static void look_for_steward(struct monitor *monitor, const struct node_reply *reply)
{
	struct happening happening;

	if (reply->kind == NODE_REPLY_PEER) {
		if (lookout_peer(monitor->steward, &reply->peer, &happening))
			tell_steward(monitor, &happening);
	} else if (reply->kind == NODE_REPLY_END && reply->token == TOKEN_PEERS) {
		while (lookout_end(monitor->steward, &happening))
			tell_steward(monitor, &happening);
	}
}

bool monitor_reply(struct monitor *monitor, struct now now, const struct node_reply *reply)
{
	if (reply->token != TOKEN_STATUS && reply->token != TOKEN_PEERS)
		return false;
	if (monitor->clients != NULL)
		look_for_clients(monitor, now, reply);
	if (monitor->steward != NULL)
		look_for_steward(monitor, reply);
	return true;
}

void monitor_tell_again(struct monitor *monitor)
{
	if (monitor->steward != NULL)
		lookout_tell_again(monitor->steward);
}

void monitor_hint(struct monitor *monitor, struct mono now)
{
	if (monitor->clients != NULL)
		lookout_hint(monitor->clients, now);
	if (monitor->steward != NULL)
		lookout_hint(monitor->steward, now);
}

static struct mono deadline_of(const struct lookout *lookout)
{
	return lookout == NULL ? MONO_NEVER : lookout_deadline(lookout);
}

struct mono monitor_deadline(const struct monitor *monitor)
{
	return mono_min(deadline_of(monitor->clients), deadline_of(monitor->steward));
}

void monitor_tell(struct monitor *monitor, struct now now, enum happening_kind kind,
		  uint64_t number)
{
	const struct happening happening = { .kind = kind, .why = "", .number = number };

	control_tell(monitor->control, now, &happening);
}
