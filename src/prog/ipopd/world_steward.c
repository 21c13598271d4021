/* world_steward.c - what the steward says, and what it is asked for; see world_internal.h. */
#include "prog/ipopd/world_internal.h"

#include "base/err.h"
#include "prog/ipopd/log.h"

#include <string.h>

#define GOODBYE_MS 1500 /* for the close frames to leave */

int world_ask_steward(struct world *w, const struct channel_message *message)
{
	const int err = channel_send(w->config.channel, message);

	if (err < 0)
		log_warning("the steward does not listen");
	return err;
}

/* Before anything else is sealed: what is left of this turn here, and of the batch that each worker
 * has. */
static int was_copied(struct world *w)
{
	const struct node_event event = { .kind = NODE_COPIED };
	int err;

	publisher_put(&w->publisher, NULL); /* the next one has new keys */
	w->mix_at = w->now.mono;            /* the kernel has mixed its own before it told us */
	err = world_stir(w);
	if (err < 0)
		return err;
	world_tell_node(w, &event);
	world_poll_node(w);
	monitor_tell(&w->monitor, w->now, HAPPENING_COPIED, 0);
	return 0;
}

void world_stop(struct world *w)
{
	if (w->stopping)
		return;
	w->stopping = true;
	w->stop_at = mono_add_ms(w->now.mono, GOODBYE_MS);
}

static void lookup_done(struct world *w, const struct channel_message *message)
{
	struct node_event event = { .kind = NODE_LOOKUP_DONE };

	event.lookup.bootstrap = message->lookup_done.bootstrap;
	event.lookup.count = message->lookup_done.count;
	memcpy(event.lookup.endpoints, message->lookup_done.endpoints,
	       sizeof(event.lookup.endpoints));
	world_tell_node(w, &event);
}

/* Others reach us there by the port that we have. */
static void host_is(struct world *w, const struct addresses *host)
{
	struct node_event event = { .kind = NODE_HOST, .host.count = host->count };

	beacons_host(&w->beacons, host);
	for (uint32_t i = 0; i < host->count; i++) {
		memcpy(event.host.endpoints[i].ip, host->list[i].ip.bytes, ENDPOINT_IP_BYTES);
		event.host.endpoints[i].port = w->pump.udp.port;
	}
	world_tell_node(w, &event);
	monitor_tell(&w->monitor, w->now, HAPPENING_HOST, host->count);
}

static int obey(struct world *w, const struct channel_message *message)
{
	char v6[ENDPOINT_TEXT_CHARS + 1];
	const struct channel_message pong = { .kind = CHANNEL_PONG };
	struct endpoint own = { 0 };

	switch (message->kind) {
	case CHANNEL_CONFIGURED:
		w->configured = true;
		memcpy(own.ip, w->addresses.ipv6.bytes, sizeof(own.ip));
		endpoint_ip_to_text(&own, v6);
		log_info("is up address=%s port=%u", v6, w->pump.udp.port);
		break;
	case CHANNEL_LOOKUP_DONE:
		lookup_done(w, message);
		break;
	case CHANNEL_CLIENT:
		control_accept(w->control, w->now, message->fds[0], message->client.uid,
			       message->client.may_change);
		break;
	case CHANNEL_STOP:
		world_stop(w);
		break;
	case CHANNEL_HOST:
		host_is(w, &message->host);
		break;
	case CHANNEL_COPIED:
		return was_copied(w);
	case CHANNEL_PING:
		(void)world_ask_steward(w, &pong); /* members leave it room (monitor.h) */
		break;
	case CHANNEL_RELOADED:
		return world_take_files(w, message);
	case CHANNEL_NOT_RELOADED:
		world_not_reloaded(w, &message->failed);
		break;
	case CHANNEL_PEERS:
		monitor_tell_again(&w->monitor);
		break;
	case CHANNEL_TROUBLE:
		(void)complain(&w->trouble, 0, "%s", message->failed.text); /* made printable */
		break;
	case CHANNEL_START:
	case CHANNEL_CONFIGURE:
	case CHANNEL_LOOKUP:
	case CHANNEL_KEEP:
	case CHANNEL_FAILED:
	case CHANNEL_RELOAD:
	case CHANNEL_PONG:
	case CHANNEL_PEER:
		break; /* not twice; channel_receive() refuses the others */
	}
	return 0;
}

/* The steward's death is an order to stop, too: nobody is left to start another node. */
int world_hear_steward(struct world *w)
{
	for (int i = 0; i < CHANNEL_A_TURN; i++) {
		struct channel_message message;
		int err = channel_receive(w->config.channel, true, &message);

		if (err == ERR_AGAIN)
			return 0;
		if (err == ERR_NOT_FOUND) {
			log_warning("the steward is gone; ending");
			loop_change(&w->loop, w->config.channel, 0, EVENT_CHANNEL, HANDLE_NONE);
			world_stop(w);
			return 0;
		}
		if (err == ERR_FULL) { /* it was a client's, who sees his end closed */
			log_warning("no descriptor is free for one who asks");
			continue;
		}
		if (err < 0)
			return err;
		err = obey(w, &message);
		if (err < 0)
			return err;
	}
	return 0;
}
