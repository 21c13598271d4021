/* world.c - see world.h. */
#include "prog/ipopd/world.h"

#include "base/check.h"
#include "base/err.h"
#include "io/clock.h"
#include "io/loop.h"
#include "io/memory.h"
#include "io/seed.h"
#include "io/tun.h"
#include "prog/ipopd/beacons.h"
#include "prog/ipopd/channel.h"
#include "prog/ipopd/control.h"
#include "prog/ipopd/log.h"
#include "prog/ipopd/monitor.h"
#include "prog/ipopd/reminder.h"
#include "prog/ipopd/world_internal.h"
#include "prog/version.h"

#include <stdlib.h>
#include <string.h>

#define MIX_MS 1000 /* at most this long no fresh bytes of the kernel's were stirred in */
#define MIX_BYTES 32
#define BEACONS_A_TURN 16
#define TOKEN_STOP 0 /* of our own request; no client has it: its generation is 0 */

/* --- what the node wants --- */

static void send_datagram(struct world *w, const struct node_action *action)
{
	const struct egress_datagram like = { .link = action->send.link,
					      .class = action->send.class,
					      .local = action->send.local,
					      .remote = action->send.remote,
					      .ttl = action->send.ttl,
					      .since = w->now.mono };
	struct egress_datagram *slot;

	CHECK(action->send.bytes.len <= EGRESS_SLOT_BYTES);
	if (egress_room(w->pump.egress) == 0)
		pump_send(&w->pump, w->now.mono); /* more than that leaves in one turn */
	slot = egress_reserve(w->pump.egress, &like);
	if (slot == NULL)
		return; /* counted there; what must arrive is sent again */
	memcpy(slot->data, action->send.bytes.data, action->send.bytes.len);
	egress_commit(w->pump.egress, slot, action->send.bytes.len);
}

static const struct forward_table *table_of(const struct world *w)
{
	return publisher_newest(&w->publisher);
}

static void configure(struct world *w, const struct node_addresses *addresses)
{
	const struct channel_message message = { .kind = CHANNEL_CONFIGURE,
						 .configure = *addresses };

	w->addresses = *addresses;
	w->has_addresses = true;
	(void)world_ask_steward(w, &message);
}

static void look_up(struct world *w, uint32_t bootstrap)
{
	const struct channel_message message = { .kind = CHANNEL_LOOKUP, .lookup = bootstrap };

	(void)world_ask_steward(w, &message);
}

static void keep(struct world *w, const struct node_action *action)
{
	struct channel_message message = { .kind = CHANNEL_KEEP, .keep.count = action->keep.count };

	memcpy(message.keep.list, action->keep.neighbours, sizeof(message.keep.list));
	(void)world_ask_steward(w, &message);
}

/* Of all threads. */
static struct pump_counters sum_counters(const struct world *w, struct world_counters *ret_world)
{
	struct pump_counters sum = pump_counters(&w->pump);

	*ret_world = (struct world_counters){ 0 };
	for (uint32_t i = 0; i < w->config.workers; i++) {
		const struct pump_counters counters = worker_counters(w->workers[i]);

		pump_counters_add(&sum, &counters);
		ret_world->handover_lost += worker_lost(w->workers[i]);
	}
	ret_world->looped = sum.looped;
	return sum;
}

/* In a turn that there is anyway. */
static void mind_firewall(struct world *w)
{
	struct world_counters unused;
	struct udp_counters udp;

	if (!firewall_is_due(&w->firewall, w->now.mono))
		return;
	udp = sum_counters(w, &unused).udp;
	switch (firewall_take(&w->firewall, w->now.mono, udp.sent, udp.forbidden)) {
	case FIREWALL_CLOSED:
		(void)complain(&w->shut, 0,
			       "this host's firewall keeps UDP datagrams of port %u from leaving "
			       "(nft list ruleset shows it): let them out",
			       w->pump.udp.port);
		log_warning("%s", w->shut.text);
		break;
	case FIREWALL_OPEN:
		w->shut.text[0] = '\0';
		log_info("this host's firewall lets datagrams leave again");
		break;
	case FIREWALL_NO_NEWS:
		break;
	}
}

void world_reply(struct world *w, const struct node_reply *reply)
{
	struct world_counters counters;
	const struct pump_counters pump = sum_counters(w, &counters);
	const struct answers_world world = { .ready = w->configured,
					     .trouble = w->trouble.text[0] != '\0' ? w->trouble.text
										   : w->shut.text,
					     .port = w->pump.udp.port,
					     .cipher = w->cipher,
					     .workers = w->config.workers,
					     .forward = &pump.forward,
					     .egress = &pump.egress,
					     .udp = &pump.udp,
					     .tun = &pump.tun,
					     .world = &counters };

	if (reply->kind == NODE_REPLY_STATUS)
		counters.heap_bytes = memory_given_out();
	if (monitor_reply(&w->monitor, w->now, reply))
		return;
	if (reply->token != TOKEN_STOP)
		control_reply(w->control, w->now, reply, &world);
	else if (reply->kind == NODE_REPLY_END || reply->kind == NODE_REPLY_ERROR)
		w->said_goodbye = true;
}

static void log_event(const struct trace_record *event)
{
	log_debug("%s %u: %s -> %s (%s)", event->machine, event->index, event->from, event->to,
		  event->why == NULL ? "" : event->why);
}

/* Such a clock has certificates refused, here and by the others. */
static void log_clock(bool differs, int64_t offset_us)
{
	const int64_t minutes = (offset_us < 0 ? -offset_us : offset_us) / (60 * INT64_C(1000000));

	if (!differs)
		log_info("this host's clock goes with those of the other members again");
	else
		log_warning("this host's clock is %lld min %s those of the other members: set it",
			    (long long)minutes, offset_us < 0 ? "behind" : "ahead of");
}

static void tell_packet(struct world *w, const struct forward_packet *packet);
static void tell_reports(struct world *w);

/* One datagram that is in no batch of the pump's: opened like those. */
static void open_single(struct world *w, const struct forward_packet *packet)
{
	struct forward_batch *batch = &w->single;

	batch->count = 1;
	batch->packets[0] = *packet;
	(void)forward_from_wire(&w->pump.thread, table_of(w), w->now, batch);
	if (batch->packets[0].verdict == FORWARD_DELIVER)
		tun_write(&w->pump.tun, batch->packets, 1);
	else
		tell_packet(w, &batch->packets[0]);
	tell_reports(w); /* no other batch may come for long */
}

/* A datagram that came along the ring, or in pieces. */
static void open_datagram(struct world *w, struct span datagram)
{
	const struct forward_packet packet = { .data = w->ring_buffer,
					       .len = datagram.len,
					       .way = { .kind = WAY_RING } };

	memcpy(w->ring_buffer, datagram.data, datagram.len);
	open_single(w, &packet);
}

static void act(struct world *w, const struct node_action *action)
{
	switch (action->kind) {
	case NODE_SEND:
		send_datagram(w, action);
		break;
	case NODE_OPEN:
		open_datagram(w, action->datagram);
		break;
	case NODE_BEACON:
		beacons_send(&w->beacons, action->beacon);
		break;
	case NODE_KEEP:
		keep(w, action);
		break;
	case NODE_DELIVER:
		tun_write_plain(&w->pump.tun, action->packet);
		break;
	case NODE_TABLE:
		publisher_put(&w->publisher, action->table);
		break;
	case NODE_CONFIGURE:
		configure(w, &action->addresses);
		break;
	case NODE_LOOKUP:
		look_up(w, action->bootstrap);
		break;
	case NODE_REPLY:
		world_reply(w, &action->reply);
		break;
	case NODE_CLOCK:
		log_clock(action->clock.differs, action->clock.offset_us);
		break;
	case NODE_TWICE:
		log_warning("a member says that another machine runs with this host's key, and "
			    "each cuts the other off member=%s",
			    action->teller.name);
		break;
	case NODE_EVENT:
		monitor_hint(&w->monitor, w->now.mono);
		log_event(&action->event);
		break;
	}
}

void world_poll_node(struct world *w)
{
	struct node_action action;

	while (node_poll(w->node, w->now, &action))
		act(w, &action);
}

void world_tell_node(struct world *w, const struct node_event *event)
{
	(void)node_input(w->node, w->now, event); /* what it drops it counts */
}

static void tell_reports(struct world *w)
{
	struct node_event event = { .kind = NODE_REPORT };

	while (forward_report(&w->pump.thread, &event.report))
		world_tell_node(w, &event);
}

/* --- packets --- */

/* A packet of this host's, as a wire would carry it. */
static void tell_cut(struct world *w, const struct forward_packet *packet)
{
	uint8_t bytes[FORWARD_PACKET_BYTES_MAX];
	struct node_event event = {
		.kind = NODE_PACKET,
		.packet = { .too_big = packet->verdict == FORWARD_TOO_BIG, .mtu = packet->mtu },
	};
	struct cutter cutter;
	size_t len;

	if (forward_cut(packet, &cutter) < 0)
		return;
	while ((len = cutter_next(&cutter, bytes)) > 0) {
		event.packet.bytes = span_of(bytes, len);
		world_tell_node(w, &event);
	}
}

/* Gives a packet to the node, if its verdict says so. */
static void tell_packet(struct world *w, const struct forward_packet *packet)
{
	const struct span bytes = span_of(packet->data, packet->len);
	struct node_event event = { .kind = NODE_TIME };

	switch (packet->verdict) {
	case FORWARD_NO_ENTRY:
	case FORWARD_TOO_BIG:
		tell_cut(w, packet);
		return;
	case FORWARD_FRAME:
		event.kind = NODE_FRAME;
		event.frame.link = packet->link;
		event.frame.local_index = packet->local_index;
		event.frame.kind = packet->frame_kind;
		event.frame.payload = bytes;
		event.frame.way = packet->way;
		break;
	case FORWARD_HANDSHAKE:
		event.kind = NODE_DATAGRAM;
		event.datagram.local = packet->way.local;
		event.datagram.remote = packet->way.remote;
		event.datagram.bytes = bytes;
		break;
	case FORWARD_PENDING: /* for the next pass */
	case FORWARD_DELIVER: /* for the TUN, and what JOINs it */
	case FORWARD_JOIN:
	case FORWARD_SENT:
	case FORWARD_DROP:
		return;
	}
	world_tell_node(w, &event);
}

static void dispatch_batch(struct world *w)
{
	struct forward_batch *batch = &w->pump.batch;

	for (size_t i = 0; i < batch->count; i++) {
		struct forward_packet *packet = &batch->packets[i];

		if (packet->verdict == FORWARD_DELIVER)
			pump_write(&w->pump, i);
		else
			tell_packet(w, packet);
	}
	for (size_t i = 0; i < batch->count; i++)
		if (batch->packets[i].verdict != FORWARD_PENDING)
			batch->packets[i].verdict = FORWARD_DROP; /* done with */
	tell_reports(w);
	world_poll_node(w);
}

static int read_tun(struct world *w)
{
	const int err = pump_read_tun(&w->pump, table_of(w), w->now);

	dispatch_batch(w);
	return err;
}

static void read_udp(struct world *w, enum udp_family family)
{
	bool more = true;

	while (more) {
		more = pump_read_udp(&w->pump, family, table_of(w), w->now);
		dispatch_batch(w);
		while (w->pump.batch.pending > 0) {
			pump_again(&w->pump, table_of(w), w->now);
			dispatch_batch(w);
		}
	}
}

/* What a worker did not finish. What is to be opened after all that came before it waits for
 * what the node makes of that. */
static int hear_worker(struct world *w, struct worker *worker)
{
	const bool is_there = worker_answer_bell(worker);
	struct handover *handover = worker_handover(worker);
	struct node_event report = { .kind = NODE_REPORT };
	struct handover_item *item = NULL;

	for (size_t n = 0; n < HANDOVER_ITEMS && (item = handover_next(handover)) != NULL; n++) {
		if (item->is_report) {
			report.report = item->report;
			world_tell_node(w, &report);
		} else if (item->packet.verdict == FORWARD_PENDING) {
			world_poll_node(w);
			open_single(w, &item->packet);
		} else {
			tell_packet(w, &item->packet);
		}
	}
	world_poll_node(w);
	handover_done(handover);
	if (item != NULL)
		worker_ring_bell(worker); /* there may be more, for the next turn */
	return is_there ? 0 : ERR_IO;
}

/* --- users --- */

static void be_told_to_end(struct world *w, uint64_t token)
{
	log_info("is told to end by a user");
	w->has_stop_token = true;
	w->stop_token = token;
	world_stop(w);
}

static void ask_node(struct world *w, const struct control_request *request)
{
	static const enum node_verb verbs[REQUEST_VERBS] = { [REQUEST_STATUS] = NODE_STATUS,
							     [REQUEST_PEERS] = NODE_PEERS,
							     [REQUEST_PING] = NODE_PING,
							     [REQUEST_WHO] = NODE_WHO };
	struct node_event event = { .kind = NODE_REQUEST };
	struct node_reply refusal = { .token = request->token, .kind = NODE_REPLY_ERROR };

	event.request.token = request->token;
	event.request.verb = verbs[request->request.verb];
	memcpy(event.request.peer, request->request.peer, sizeof(event.request.peer));
	event.request.route = request->request.route;
	refusal.error.err = node_input(w->node, w->now, &event);
	refusal.error.text = err_text(refusal.error.err);
	if (refusal.error.err < 0)
		world_reply(w, &refusal);
}

static void serve(struct world *w, const struct control_request *request)
{
	switch (request->request.verb) {
	case REQUEST_DOWN:
		be_told_to_end(w, request->token);
		return;
	case REQUEST_RELOAD:
		world_ask_for_reload(w, request->token);
		return;
	case REQUEST_CONFIG:
		control_reply_config(w->control, w->now, request->token, &w->reload.running);
		return;
	case REQUEST_MONITOR:
		control_watch(w->control, w->now, request->token);
		return;
	case REQUEST_STATUS:
	case REQUEST_PEERS:
	case REQUEST_PING:
	case REQUEST_WHO:
		ask_node(w, request);
		return;
	case REQUEST_VERSION: /* was answered at once */
	case REQUEST_VERBS:
		break;
	}
	UNREACHABLE();
}

/* How things are, for those who monitor. */
static void look(struct world *w)
{
	if (!monitor_is_due(&w->monitor, w->now.mono))
		return;
	for (size_t i = 0; i < MONITOR_QUESTIONS; i++) {
		const struct node_event question = monitor_question(i);

		world_tell_node(w, &question);
	}
	world_poll_node(w);
}

static void serve_clients(struct world *w)
{
	struct control_request request;

	while (control_poll(w->control, w->now, &request)) {
		serve(w, &request);
		world_poll_node(w);
	}
}

/* --- the loop --- */

/* A resumed copy of this machine must not draw what the original draws. */
int world_stir(struct world *w)
{
	uint8_t fresh[MIX_BYTES];

	if (!mono_reached(w->now.mono, w->mix_at))
		return 0;
	if (seed_read(fresh, sizeof(fresh)) < 0)
		return ERR_IO;
	entropy_mix(w->config.entropy, span_of(fresh, sizeof(fresh)));
	if (seed_read(fresh, sizeof(fresh)) < 0)
		return ERR_IO;
	node_mix(w->node, span_of(fresh, sizeof(fresh)));
	secret_wipe(fresh, sizeof(fresh));
	w->mix_at = mono_add_ms(w->now.mono, MIX_MS);
	return 0;
}

/* The node may have no room for one more request in this very turn. */
static void say_goodbye(struct world *w)
{
	const struct node_event event = {
		.kind = NODE_REQUEST,
		.request = { .token = TOKEN_STOP, .verb = NODE_SHUTDOWN },
	};

	if (w->stopping && !w->told)
		w->told = node_input(w->node, w->now, &event) == 0;
}

static void hear_beacons(struct world *w, enum udp_family family)
{
	struct node_event event;
	int err = 0;

	for (unsigned n = 0; n < BEACONS_A_TURN && err != ERR_AGAIN; n++) {
		err = beacons_receive(&w->beacons, family, &event);
		if (err == 0)
			world_tell_node(w, &event);
	}
}

static int handle_event(struct world *w, const struct loop_event *event)
{
	switch ((enum world_event)event->kind) {
	case EVENT_CHANNEL:
		return world_hear_steward(w);
	case EVENT_TUN:
		return read_tun(w);
	case EVENT_UDP:
		if (event->writable)
			pump_writable(&w->pump, (enum udp_family)event->handle.index);
		if (event->readable)
			read_udp(w, (enum udp_family)event->handle.index);
		break;
	case EVENT_BEACON:
		hear_beacons(w, (enum udp_family)event->handle.index);
		break;
	case EVENT_CLIENT:
		control_event(w->control, w->now, event);
		break;
	case EVENT_WORKER:
		return hear_worker(w, w->workers[event->handle.index]);
	}
	return 0;
}

/* Who does not look at `ipop status` may look at the log. */
static void remind(struct world *w)
{
	const char *const network = w->config.node->network;
	uint32_t days;

	if (!reminder_poll(&w->reminder, w->now, &days))
		return;
	monitor_tell(&w->monitor, w->now, HAPPENING_CERTIFICATE, days);
	if (days == 0)
		log_warning("this host's certificate has ended; to renew it: ipop request --renew "
			    "%s",
			    network);
	else
		log_warning("this host's certificate ends within %u day%s; to renew it: ipop "
			    "request --renew %s",
			    days, days == 1 ? "" : "s", network);
}

static struct mono next_deadline(const struct world *w)
{
	struct mono next = mono_min(node_deadline(w->node), control_deadline(w->control));

	next = mono_min(next, reminder_deadline(&w->reminder));
	next = mono_min(next, pump_deadline(&w->pump));
	next = mono_min(next, monitor_deadline(&w->monitor));
	next = mono_min(next, reload_deadline(&w->reload));
	return w->stopping ? mono_min(next, w->stop_at) : next;
}

static int turn(struct world *w)
{
	const struct node_event time = { .kind = NODE_TIME };
	struct loop_event events[LOOP_EVENTS_MAX];
	const size_t count = loop_wait(&w->loop, w->now.mono, next_deadline(w), events);
	int err;

	w->now = clock_now();
	err = world_stir(w);
	remind(w);
	world_give_memory_back(w);
	mind_firewall(w);
	for (size_t i = 0; i < count && err == 0; i++)
		err = handle_event(w, &events[i]);
	serve_clients(w);
	world_mind_reload(w);
	look(w);
	say_goodbye(w);
	world_tell_node(w, &time);
	world_poll_node(w);
	pump_send(&w->pump, w->now.mono);
	pump_mind_tun(&w->pump);
	(void)publisher_sweep(&w->publisher);
	return err;
}

static bool has_ended(const struct world *w)
{
	return w->stopping && (mono_reached(w->now.mono, w->stop_at) ||
			       (w->said_goodbye && pump_is_empty(&w->pump)));
}

int world_run(struct world *world)
{
	int err = 0;

	while (err == 0 && !has_ended(world))
		err = turn(world);
	if (world->has_stop_token)
		control_reply_down(world->control, world->now, world->stop_token);
	return err;
}

/* --- begin and end --- */

/* For tables of what others name. */
static int seed_rng(struct rng *ret)
{
	uint32_t key[RNG_KEY_WORDS];

	if (seed_read((uint8_t *)key, sizeof(key)) < 0)
		return ERR_IO;
	rng_init(ret, key);
	return 0;
}

static int open_pump(struct world *w, const struct world_config *config, struct rng *rng)
{
	const struct pump_watch watch = { .loop = &w->loop,
					  .tun_kind = EVENT_TUN,
					  .udp_kind = EVENT_UDP };
	const struct pump_config pump = { .tun = config->tun,
					  .udp = config->udp,
					  .reads_tun = config->workers == 0,
					  .takes_partial = config->node->takes_partial };

	return pump_open(&w->pump, &pump, &watch, rng);
}

static int start_worker(struct world *w, const struct world_config *config, uint32_t number,
			struct rng *rng)
{
	struct worker_config worker = { .pump = { .tun = config->queues[number],
						  .takes_partial = config->node->takes_partial },
					.publisher = &w->publisher,
					.number = number,
					.rng = rng };
	int err = udp_open_more(&w->pump.udp, &worker.pump.udp);

	if (err == 0)
		err = worker_start(&worker, &w->workers[number]);
	if (err == 0)
		err = loop_add(&w->loop, worker_bell(w->workers[number]), LOOP_READ, EVENT_WORKER,
			       (struct handle){ .index = number });
	return err;
}

static int start_workers(struct world *w, const struct world_config *config, struct rng *rng)
{
	int err = 0;

	for (uint32_t i = 0; i < config->workers && err == 0; i++)
		err = start_worker(w, config, i, rng);
	if (err == 0 && config->workers > 0 && !udp_steer(&w->pump.udp, config->workers))
		log_info("this kernel does not let a socket be chosen by what comes");
	return err;
}

static int open_all(struct world *w, const struct world_config *config, struct now now)
{
	struct rng rng;
	int err = seed_rng(&rng);

	if (err == 0)
		err = loop_init(&w->loop);
	if (err == 0)
		err = open_pump(w, config, &rng);
	if (err == 0)
		err = control_new(&w->loop, EVENT_CLIENT, &w->control);
	w->monitor = (struct monitor){
		.control = w->control,
		.channel = config->channel,
		.steward_listens = config->running->on_peer.text[0] != '\0',
	};
	if (err == 0)
		err = node_new(config->node, config->entropy, now, &w->node);
	if (err == 0)
		err = loop_add(&w->loop, config->channel, LOOP_READ, EVENT_CHANNEL, HANDLE_NONE);
	return err < 0 ? err : start_workers(w, config, &rng);
}

int world_new(const struct world_config *config, struct now now, struct world **ret)
{
	struct world *w = calloc(1, sizeof(*w));
	int err;

	if (w == NULL)
		return ERR_NOMEM;
	CHECK(config->workers <= WORLD_WORKERS_MAX);
	w->config = *config;
	w->cipher = config->node->suites[0].packets->name;
	w->now = now;
	w->mix_at = mono_add_ms(now.mono, MIX_MS);
	w->pump.udp = config->udp;
	w->pump.tun = config->tun;
	publisher_init(&w->publisher, config->workers);
	reload_init(&w->reload, config->store, config->running);
	reminder_init(&w->reminder, config->node->certificate->not_after, config->node->built,
		      now.mono);
	err = open_all(w, config, now);
	if (err < 0) {
		world_del(w);
		return err;
	}
	if (config->node->lan)
		beacons_open(&w->beacons, &w->loop, EVENT_BEACON);
	*ret = w;
	return 0;
}

void world_del(struct world *world)
{
	if (world == NULL)
		return;
	for (uint32_t i = 0; i < world->config.workers; i++)
		worker_stop(world->workers[i]);
	node_del(world->node);
	publisher_close(&world->publisher);
	control_del(world->control);
	monitor_free(&world->monitor);
	beacons_close(&world->beacons);
	pump_close(&world->pump);
	loop_free(&world->loop);
	free(world);
}
