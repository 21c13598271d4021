/* answers.c - see answers.h. */
#include "prog/ipopd/answers.h"

#include "base/calendar.h"
#include "base/err.h"
#include "prog/config_json.h"
#include "prog/exit_code.h"
#include "prog/version.h"
#include "vnet/address.h"
#include "wire/overlay.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 1024

void answers_free(struct answers *answer)
{
	free(answer->data);
	*answer = (struct answers){ 0 };
}

/* 0, ERR_TOO_LONG or ERR_NOMEM. */
static int make_room(struct answers *answer, size_t len)
{
	size_t room = answer->room < ROOM_MIN ? ROOM_MIN : answer->room;
	char *data;

	if (len > ANSWERS_BYTES_MAX - answer->len)
		return ERR_TOO_LONG;
	while (room < answer->len + len)
		room *= 2;
	if (room == answer->room)
		return 0;
	data = realloc(answer->data, room);
	if (data == NULL)
		return ERR_NOMEM;
	answer->data = data;
	answer->room = room;
	return 0;
}

/* Also what json_dump_callback() wants: 0, or -1 to be called no more. */
static int append(const char *text, size_t len, void *argument)
{
	struct answers *answer = argument;

	if (answer->failed == 0)
		answer->failed = make_room(answer, len);
	if (answer->failed != 0)
		return -1;
	memcpy(answer->data + answer->len, text, len);
	answer->len += len;
	return 0;
}

static void append_text(struct answers *answer, const char *text)
{
	(void)append(text, strlen(text), answer); /* a failure is noted in the answer */
}

/* Takes the object over; NULL is what the library makes where memory is missing. */
static void append_json(struct answers *answer, json_t *json)
{
	if ((json == NULL || json_dump_callback(json, append, answer, JSON_COMPACT) < 0) &&
	    answer->failed == 0)
		answer->failed = ERR_NOMEM;
	json_decref(json);
}

static void append_line(struct answers *answer, json_t *json)
{
	append_json(answer, json);
	append_text(answer, "\n");
}

/* --- values --- */

/* Takes both over. NULL where one of them is missing: no list is told that lacks an item. */
static json_t *with_item(json_t *list, json_t *item)
{
	if (json_array_append_new(list, item) == 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *ip_json(const struct ip_address *address)
{
	struct endpoint endpoint = { 0 };
	char text[ENDPOINT_TEXT_CHARS + 1];

	memcpy(endpoint.ip, address->bytes, sizeof(endpoint.ip));
	endpoint_ip_to_text(&endpoint, text);
	return json_string(text);
}

static json_t *ipv4_json(bool has, const uint8_t ip[4])
{
	const struct ip_address address = ip_v4(ip);

	return has ? ip_json(&address) : json_null();
}

static json_t *id_json(const struct id *id)
{
	char text[ID_TEXT_CHARS + 1];

	id_to_text(id, text);
	return json_string(text);
}

static json_t *instant_json(struct wall t)
{
	char text[CALENDAR_TEXT_CHARS + 1];

	if (t.us == 0)
		return json_null();
	calendar_to_text(t, text);
	return json_string(text);
}

static json_t *endpoint_json(const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_CHARS + 1];

	if (endpoint->port == 0)
		return json_null();
	endpoint_to_text(endpoint, text);
	return json_string(text);
}

static json_t *way_json(enum way_kind way)
{
	static const char *const names[] = {
		[WAY_NONE] = NULL,
		[WAY_RING] = "ring",
		[WAY_RELAY] = "relay",
		[WAY_DIRECT] = "direct",
	};

	return json_pack("s?", names[way]);
}

/* Of a peer it is what that peer said, and may be a kind of later versions. */
static json_t *nat_json(uint8_t nat)
{
	static const char *const names[] = {
		[NAT_UNKNOWN] = NULL,
		[NAT_NONE] = "none",
		[NAT_STABLE] = "stable",
		[NAT_CHANGING] = "changing",
	};

	return json_pack("s?", nat < sizeof(names) / sizeof(names[0]) ? names[nat] : NULL);
}

/* Through whom; a relay that has left meanwhile has no name any more. */
static json_t *relay_json(const struct node_peer *peer)
{
	const bool known = peer->way == WAY_RELAY && peer->relay[0] != '\0';

	return json_pack("s?", known ? peer->relay : NULL);
}

static const char *why(const struct node_peer *peer)
{
	return peer->why == NULL ? "" : peer->why;
}

static json_int_t seconds(struct mono from, struct mono to)
{
	return (json_int_t)(mono_ms_between(from, to) / 1000);
}

static json_t *number_json(bool has, uint64_t value)
{
	return has ? json_integer((json_int_t)value) : json_null();
}

/* To the nearest second. */
static json_t *clock_json(const struct node_status *status)
{
	const int64_t us = status->clock_offset_us;

	return status->has_clock_offset
		       ? json_integer((json_int_t)((us + (us < 0 ? -500000 : 500000)) / 1000000))
		       : json_null();
}

/* --- counters --- */

struct counter {
	const char *name;
	size_t offset;
	size_t bytes; /* 4 or 8 */
};

#define COUNTER(type, field)                                                            \
	{                                                                               \
#field, offsetof(struct type, field), sizeof(((struct type *)0)->field) \
	}
#define COUNTERS_END       \
	{                  \
		NULL, 0, 0 \
	}

static const struct counter forward_list[] = {
	COUNTER(forward_counters, sent),
	COUNTER(forward_counters, delivered),
	COUNTER(forward_counters, cut),
	COUNTER(forward_counters, joined),
	COUNTER(forward_counters, frames),
	COUNTER(forward_counters, handshakes),
	COUNTER(forward_counters, too_big),
	COUNTER(forward_counters, drop_malformed),
	COUNTER(forward_counters, drop_unknown_index),
	COUNTER(forward_counters, drop_replay),
	COUNTER(forward_counters, drop_forged),
	COUNTER(forward_counters, drop_expired),
	COUNTER(forward_counters, drop_kind),
	COUNTER(forward_counters, drop_source),
	COUNTER(forward_counters, drop_destination),
	COUNTER(forward_counters, drop_not_admitted),
	COUNTER(forward_counters, drop_ecn),
	COUNTER(forward_counters, drop_egress_full),
	COUNTER(forward_counters, drop_snapshot),
	COUNTER(forward_counters, drop_crypto),
	COUNTER(forward_counters, relayed),
	COUNTER(forward_counters, drop_relay_nested),
	COUNTER(forward_counters, drop_relay_unknown),
	COUNTER(forward_counters, drop_relay_rate),
	COUNTER(forward_counters, reports_lost),
	COUNTERS_END,
};

static const struct counter node_list[] = {
	COUNTER(node_counters, routed),
	COUNTER(node_counters, routed_refused),
	COUNTER(node_counters, departures_lost),
	COUNTER(node_counters, beacons_sent),
	COUNTER(node_counters, beacons_heard),
	COUNTER(node_counters, beacons_refused),
	COUNTERS_END,
};

static const struct counter level_list[] = {
	COUNTER(node_levels, keysets),
	COUNTER(node_levels, wishes),
	COUNTER(node_levels, timers),
	COUNTERS_END,
};

static const struct counter egress_list[] = {
	COUNTER(egress_counters, queued),    COUNTER(egress_counters, sent),
	COUNTER(egress_counters, dropped),   COUNTER(egress_counters, refused),
	COUNTER(egress_counters, displaced), COUNTER(egress_counters, late),
	COUNTER(egress_counters, marked),    COUNTERS_END,
};

static const struct counter udp_list[] = {
	COUNTER(udp_counters, received),          COUNTER(udp_counters, sent),
	COUNTER(udp_counters, messages_received), COUNTER(udp_counters, messages_sent),
	COUNTER(udp_counters, truncated),         COUNTER(udp_counters, too_long),
	COUNTER(udp_counters, unreachable),       COUNTER(udp_counters, forbidden),
	COUNTER(udp_counters, no_buffer),         COUNTER(udp_counters, blocked),
	COUNTER(udp_counters, separated),         COUNTERS_END,
};

static const struct counter tun_list[] = {
	COUNTER(tun_counters, reads),
	COUNTER(tun_counters, writes),
	COUNTER(tun_counters, pieces),
	COUNTER(tun_counters, refused),
	COUNTERS_END,
};

static const struct counter world_list[] = {
	COUNTER(world_counters, looped),
	COUNTER(world_counters, handover_lost),
	COUNTER(world_counters, heap_bytes),
	COUNTERS_END,
};

static const struct counter control_list[] = {
	COUNTER(control_counters, refused),
	COUNTER(control_counters, starved),
	COUNTERS_END,
};

static const struct counter session_list[] = {
	COUNTER(session_counters, m0_received),     COUNTER(session_counters, m0_bad_mac1),
	COUNTER(session_counters, m0_bad_form),     COUNTER(session_counters, m0_cookie_wanted),
	COUNTER(session_counters, m0_rate_limited), COUNTER(session_counters, m0_repeated),
	COUNTER(session_counters, m0_bad_version),  COUNTER(session_counters, m0_table_full),
	COUNTER(session_counters, m1_refused),      COUNTER(session_counters, m2_refused),
	COUNTER(session_counters, frames_refused),  COUNTER(session_counters, established),
	COUNTER(session_counters, closed),          COUNTER(session_counters, rekeys),
	COUNTER(session_counters, snapshots),       COUNTER(session_counters, half_open),
	COUNTER(session_counters, sessions),        COUNTERS_END,
};

static const struct counter vnet_list[] = {
	COUNTER(vnet_counters, queued),    COUNTER(vnet_counters, held),
	COUNTER(vnet_counters, released),  COUNTER(vnet_counters, queue_full),
	COUNTER(vnet_counters, timed_out), COUNTER(vnet_counters, unreachable),
	COUNTER(vnet_counters, too_big),   COUNTER(vnet_counters, malformed),
	COUNTER(vnet_counters, foreign),   COUNTER(vnet_counters, unanswered),
	COUNTER(vnet_counters, waiting),   COUNTERS_END,
};

static json_t *counters_json(const struct counter *list, const void *counters)
{
	json_t *json = json_object();

	for (; list->name != NULL; list++) {
		const uint8_t *at = (const uint8_t *)counters + list->offset;
		uint64_t large = 0;
		uint32_t small = 0;

		if (list->bytes == sizeof(small)) {
			memcpy(&small, at, sizeof(small));
			large = small;
		} else {
			memcpy(&large, at, sizeof(large));
		}
		if (json_object_set_new(json, list->name, json_integer((json_int_t)large)) < 0) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

static json_t *all_counters_json(const struct node_status *status,
				 const struct answers_world *world)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "node",
			 counters_json(node_list, &status->counters), "levels",
			 counters_json(level_list, &status->levels), "sessions",
			 counters_json(session_list, &status->sessions), "forward",
			 counters_json(forward_list, world->forward), "vnet",
			 counters_json(vnet_list, &status->vnet), "egress",
			 counters_json(egress_list, world->egress), "udp",
			 counters_json(udp_list, world->udp), "tun",
			 counters_json(tun_list, world->tun), "world",
			 counters_json(world_list, world->world), "control",
			 counters_json(control_list, world->control));
}

/* --- answers --- */

void answers_version(struct answers *answer)
{
	append_line(answer, json_pack("{s:s, s:s, s:i}", "schema", "ipop.version/1", "version",
				      version_text(), "protocol", HANDSHAKE_VERSION));
}

void answers_monitor(struct answers *answer)
{
	append_line(answer, json_pack("{s:s}", "schema", "ipop.monitor/1"));
}

/* What is of another kind of event is null. */
static json_t *event_json(struct now now, const struct happening *h)
{
	const bool has_number = h->kind == HAPPENING_HOST || h->kind == HAPPENING_CERTIFICATE ||
				h->kind == HAPPENING_LOST;

	return json_pack(
		"{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "schema",
		"ipop.event/1", "at", instant_json(now.wall), "event", happening_name(h->kind),
		"name", json_pack("s?", h->name[0] != '\0' ? h->name : NULL), "id",
		h->has_peer ? id_json(&h->id) : json_null(), "way",
		h->has_peer ? way_json(h->way) : json_null(), "remote",
		h->has_peer ? endpoint_json(&h->remote) : json_null(), "relay",
		json_pack("s?", h->way == WAY_RELAY && h->relay[0] != '\0' ? h->relay : NULL),
		"why", h->why, "nat", nat_json(h->nat), "settled",
		h->kind == HAPPENING_PLACE ? json_boolean(h->settled) : json_null(), "number",
		number_json(has_number, h->number));
}

void answers_event(struct answers *answer, struct now now, const struct happening *happening)
{
	append_line(answer, event_json(now, happening));
}

void answers_config(struct answers *answer, const struct config *running)
{
	json_t *options = json_array();

	for (enum config_option_id id = 0; id < CONFIG_OPTIONS; id++)
		options = with_item(options, json_pack("{s:s, s:o, s:b, s:b}", "name",
						       config_option(id)->name, "values",
						       config_values_json(running, id), "set",
						       running->is_set[id], "live",
						       config_option(id)->is_live));
	append_line(answer, json_pack("{s:s, s:o}", "schema", "ipop.config/1", "options", options));
}

void answers_reload(struct answers *answer, const struct config *running, const struct config *file)
{
	json_t *later = json_array();

	for (enum config_option_id id = 0; id < CONFIG_OPTIONS; id++)
		if (!config_same(running, file, id))
			later = with_item(later, json_string(config_option(id)->name));
	append_line(answer, json_pack("{s:s, s:o}", "schema", "ipop.reload/1", "later", later));
}

void answers_down(struct answers *answer)
{
	append_line(answer, json_pack("{s:s}", "schema", "ipop.down/1"));
}

/* What is malformed there is a request. */
static enum exit_code exit_code_of_answer(int err)
{
	return err == ERR_MALFORMED || err == ERR_TOO_LONG || err == ERR_UNSUPPORTED
		       ? EXIT_USAGE
		       : exit_code_of(err);
}

void answers_error(struct answers *answer, int err, const char *text)
{
	append_line(answer,
		    json_pack("{s:s, s:s, s:s, s:i}", "schema", "ipop.error/1", "code",
			      err_name(err), "text", text, "exit", (int)exit_code_of_answer(err)));
}

/* Who says that our key is another machine's, too; NULL without memory. */
static json_t *tellers_json(const struct node_status *status)
{
	json_t *const array = json_array();

	for (uint32_t i = 0; i < status->key_teller_count; i++)
		if (json_array_append_new(array, json_string(status->key_tellers[i].name)) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

void answers_status(struct answers *answer, struct now now, const struct node_status *status,
		    const struct answers_world *world)
{
	append_line(answer,
		    json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:b, s:s?, s:s, s:i, s:i, s:s, s:i, "
			      "s:o, s:i, "
			      "s:o, s:i, "
			      "s:I, s:o, s:b, s:o, s:i, s:i, s:o, s:o, s:b, s:i, s:o}",
			      "schema", "ipop.status/1", "version", version_text(), "network",
			      status->network, "network_id", id_json(&status->network_id), "name",
			      status->name, "id", id_json(&status->id), "ready", world->ready,
			      "trouble", world->trouble[0] == '\0' ? NULL : world->trouble,
			      "interface", status->network, "mtu", FORWARD_MTU, "port",
			      (int)world->port, "cipher", world->cipher, "workers",
			      (int)world->workers, "ipv6", ip_json(&status->ipv6),
			      "ipv6_prefix_len", ADDRESS_IPV6_PREFIX_LEN, "ipv4",
			      ipv4_json(status->has_ipv4, status->ipv4), "ipv4_prefix_len",
			      (int)status->ipv4_prefix_len, "uptime_s",
			      seconds(status->started, now.mono), "certificate_not_after",
			      instant_json(status->not_after), "key_is_twice",
			      status->key_teller_count > 0, "key_is_twice_by", tellers_json(status),
			      "peers_up", (int)status->peers_up, "peers_known",
			      (int)status->peers_known, "nat", nat_json(status->nat),
			      "clock_offset_s", clock_json(status), "settled", status->is_settled,
			      "relayed_pairs", (int)status->relayed_pairs, "counters",
			      all_counters_json(status, world)));
}

void answers_pong(struct answers *answer, const struct node_peer *peer, uint64_t rtt_us)
{
	append_line(answer,
		    json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:s}", "schema",
			      "ipop.ping/1", "name", peer->name, "id", id_json(&peer->id), "ipv6",
			      ip_json(&peer->ipv6), "ipv4", ipv4_json(peer->has_ipv4, peer->ipv4),
			      "way", way_json(peer->way), "remote", endpoint_json(&peer->remote),
			      "relay", relay_json(peer), "rtt_us", (json_int_t)rtt_us, "direct",
			      peer->way == WAY_DIRECT, "why", why(peer)));
}

/* "beta", null. */
static json_t *name_json(const struct node_named *named)
{
	return json_pack("s?", named->name[0] != '\0' ? named->name : NULL);
}

static json_t *links_json(const struct node_who *who)
{
	json_t *links = json_array();

	for (uint32_t i = 0; i < who->link_count; i++)
		links = with_item(links, json_pack("{s:o, s:o, s:b, s:s}", "name",
						   name_json(&who->links[i]), "id",
						   id_json(&who->links[i].id), "near",
						   who->link_is_near[i], "way",
						   who->link_is_relay[i] ? "relay" : "direct"));
	return links;
}

void answers_who(struct answers *answer, const struct node_who *who)
{
	static const char *const ends[] = {
		[IAM_PASSED] = "passed", [IAM_TARGET] = "target", [IAM_STUCK] = "stuck"
	};
	const bool knows_relay = who->is_relay && !id_is_zero(&who->relay.id);

	append_line(answer,
		    json_pack("{s:s, s:o, s:o, s:b, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:o}",
			      "schema", "ipop.who/1", "name", name_json(&who->member), "id",
			      id_json(&who->member.id), "met", who->is_met, "end", ends[who->end],
			      "before", name_json(&who->before), "before_id",
			      id_json(&who->before.id), "way", who->is_relay ? "relay" : "direct",
			      "relay", name_json(&who->relay), "relay_id",
			      knows_relay ? id_json(&who->relay.id) : json_null(), "step_us",
			      number_json(who->step_us > 0, who->step_us), "rtt_us",
			      (json_int_t)who->rtt_us, "links", links_json(who)));
}

/* "vpn.example.org:4767", "[2001:db8::1]:4767", null. */
static json_t *line_json(const struct node_bootstrap *line)
{
	if (line == NULL)
		return json_null();
	return json_sprintf(strchr(line->host, ':') != NULL ? "[%s]:%u" : "%s:%u", line->host,
			    line->port);
}

void answers_peers_begin(struct answers *answer)
{
	answer->peers = 0;
	append_text(answer, "{\"schema\":\"ipop.peers/1\",\"peers\":[");
}

/* The two figures may be a packet apart: keyset_counters(). */
static json_int_t lost(const struct keyset_counters *counters)
{
	return counters->expected > counters->packets_received
		       ? (json_int_t)(counters->expected - counters->packets_received)
		       : 0;
}

static json_t *peer_json(struct now now, const struct node_peer *peer)
{
	static const char *const states[] = { [NODE_PEER_CONNECTING] = "connecting",
					      [NODE_PEER_UP] = "up",
					      [NODE_PEER_STALE] = "stale",
					      [NODE_PEER_GONE] = "gone" };
	const bool stands = peer->state == NODE_PEER_UP || peer->state == NODE_PEER_STALE;

	return json_pack(
		"{s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:o, "
		"s:s, s:I, s:I, "
		"s:I, s:I, s:I, s:I, s:I}",
		"name", peer->name, "id", id_json(&peer->id), "line", line_json(peer->line),
		"state", states[peer->state], "ipv6", ip_json(&peer->ipv6), "ipv4",
		ipv4_json(peer->has_ipv4, peer->ipv4), "way", way_json(peer->way), "remote",
		endpoint_json(&peer->remote), "relay", relay_json(peer), "mtu",
		number_json(peer->mtu > 0, peer->mtu), "nat", nat_json(peer->nat), "near",
		peer->is_near, "shortcut", peer->is_shortcut, "rtt_us",
		number_json(peer->has_rtt, peer->rtt_us), "session_s",
		number_json(stands, (uint64_t)seconds(peer->since, now.mono)),
		"certificate_not_after", instant_json(peer->not_after), "why", why(peer),
		"packets_sent", (json_int_t)peer->counters.packets_sent, "bytes_sent",
		(json_int_t)peer->counters.bytes_sent, "packets_received",
		(json_int_t)peer->counters.packets_received, "bytes_received",
		(json_int_t)peer->counters.bytes_received, "packets_lost", lost(&peer->counters),
		"replayed", (json_int_t)peer->counters.replayed, "forged",
		(json_int_t)peer->counters.forged);
}

void answers_peer(struct answers *answer, struct now now, const struct node_peer *peer)
{
	if (answer->peers++ > 0)
		append_text(answer, ",");
	append_json(answer, peer_json(now, peer));
}

void answers_peers_end(struct answers *answer)
{
	append_text(answer, "]}\n");
}
