/* monitor.c - see monitor.h. */
#include "prog/ipopd/monitor.h"

#include "base/check.h"

/* No client has these: their generation is 0; that of the world's own is TOKEN_STOP, 0. */
#define TOKEN_STATUS ((uint64_t)1 << 32)
#define TOKEN_PEERS ((uint64_t)2 << 32)

void monitor_free(struct monitor *monitor)
{
	lookout_del(monitor->lookout);
	monitor->lookout = NULL;
}

bool monitor_is_due(struct monitor *monitor, struct mono now)
{
	if (!control_is_watched(monitor->control)) {
		monitor_free(monitor);
		return false;
	}
	if (monitor->lookout == NULL)
		monitor->lookout = lookout_new();
	if (monitor->lookout == NULL || !mono_reached(now, lookout_deadline(monitor->lookout)))
		return false;
	lookout_begin(monitor->lookout, now);
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

bool monitor_reply(struct monitor *monitor, struct now now, const struct node_reply *reply)
{
	struct happening happening;

	if (reply->token != TOKEN_STATUS && reply->token != TOKEN_PEERS)
		return false;
	if (monitor->lookout == NULL)
		return true;
	if (reply->kind == NODE_REPLY_STATUS) {
		while (lookout_status(monitor->lookout, &reply->status, &happening))
			control_tell(monitor->control, now, &happening);
	} else if (reply->kind == NODE_REPLY_PEER) {
		if (lookout_peer(monitor->lookout, &reply->peer, &happening))
			control_tell(monitor->control, now, &happening);
	} else if (reply->kind == NODE_REPLY_END && reply->token == TOKEN_PEERS) {
		while (lookout_end(monitor->lookout, &happening))
			control_tell(monitor->control, now, &happening);
	}
	return true;
}

void monitor_hint(struct monitor *monitor, struct mono now)
{
	if (monitor->lookout != NULL)
		lookout_hint(monitor->lookout, now);
}

struct mono monitor_deadline(const struct monitor *monitor)
{
	return monitor->lookout == NULL ? MONO_NEVER : lookout_deadline(monitor->lookout);
}

void monitor_tell(struct monitor *monitor, struct now now, enum happening_kind kind,
		  uint64_t number)
{
	const struct happening happening = { .kind = kind, .why = "", .number = number };

	control_tell(monitor->control, now, &happening);
}
