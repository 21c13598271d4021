/* test_hostile.c - what one member can do to the others when it says what no honest one does.
 *
 * It is an honest member in whose name the story speaks, from within its node. */
#include "base/check.h"
#include "base/err.h"
#include "node/node_internal.h"
#include "session/session_internal.h"
#include "sim/natbox.h"
#include "tests/lib/packet.h"
#include "tests/scenario/lab.h"

#define CROWD 24 /* members, so that nobody has met all the others */

/* A frame in the session of the two, along the ring. */
static void say_along_the_ring(unsigned from, unsigned to, uint8_t kind, struct span payload)
{
	const struct way ring = { .kind = WAY_RING };
	const struct sealing sealing = { .channel = channel_of(lab_node(from),
							       lab_inside(from, to)->session),
					 .kind = kind,
					 .way = &ring,
					 .payload = payload };

	SCENARIO_EXPECT(lab.world, send_frame(lab_node(from), lab_now(from), &sealing));
	world_wake(lab.world, lab.members[from].host);
}

/* A crowd that stands, all public. */
static void start_crowd(struct world *world)
{
	lab_start_star(world, CROWD);
	lab_run_ms(5000);
}

/* --- nobody is there ------------------------------------------------------------------------- */

/* That nobody is there whom `to` dials under this index. */
static void say_unreachable(unsigned from, unsigned to, uint32_t index)
{
	uint8_t bytes[sizeof(struct unreachable)];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct routed routed = { .kind = ROUTED_UNREACHABLE,
				 .target = { TARGET_EXACT, *lab_id(to) } };

	unreachable_encode(&(struct unreachable){ .sender = index }, &w);
	routed.payload = writer_span(&w);
	(void)overlay_send(lab_node(from), lab_now(from), &routed);
	world_wake(lab.world, lab.members[from].host);
}

static void nobody_can_deny_another(struct world *world)
{
	unsigned wanted;

	start_crowd(world);
	wanted = lab_stranger(1, 1);
	lab_send_number(1, wanted, 2);
	for (unsigned i = 0; i < 100; i++) {
		say_unreachable(wanted == 2 ? 3 : 2, 1, 1); /* the index is a guess */
		lab_run_ms(10);
	}
	SCENARIO_EXPECT(world, lab_arrived(1, wanted, 2, 3) == 1);
}

/* Of the ring's own wishes it shortens those whose M0 it names. */
static void a_guess_shortens_no_wish_of_the_ring(struct world *world)
{
	const struct wish wish = { .kind = WISH_ID, .id.bytes = { 0x55 }, .of_ring = true };
	unsigned found = 0;
	struct node *node;

	start_crowd(world);
	node = lab_node(1);
	SCENARIO_EXPECT(world, wish_for(node, lab_now(1), &wish) == 0);
	world_wake(world, lab.members[1].host);
	world_run_ms(world, 0);
	for (uint32_t i = 0; i < WISHES_MAX; i++) {
		const struct wish *its = wish_at(node, i);
		uint8_t bytes[sizeof(struct unreachable)];
		struct writer w = writer_of(bytes, sizeof(bytes));

		if (its == NULL || !id_equal(&its->id, &wish.id))
			continue;
		found++;
		SCENARIO_EXPECT(world, !handle_is_none(its->session));
		unreachable_encode(&(struct unreachable){ .sender = 1 }, &w);
		wish_unreachable(node, lab_now(1), &(struct routed){ .payload = writer_span(&w) });
		SCENARIO_EXPECT(world,
				mono_ms_between(lab_now(1).mono, its->expiry) == WISH_OF_RING_MS);
	}
	SCENARIO_EXPECT(world, found == 1);
}

/* `hostile`, which carried M0s, says of all that `i` dials that nobody is there. */
static void deny_all(unsigned hostile, unsigned i)
{
	const struct sessions *sessions = lab_node(i)->sessions;

	for (uint32_t k = 0; k < pool_end(&sessions->pool); k++) {
		struct handle handle;
		const struct session *session = pool_slot(&sessions->pool, k, &handle);

		if (session != NULL && session->state == STATE_DIALLING)
			say_unreachable(hostile, i, session->index);
	}
}

/* Its word is there before the answer, each time. */
static void deny_all_on_the_way(struct world *world, unsigned number)
{
	unsigned wanted;

	start_crowd(world);
	wanted = lab_stranger(1, 1);
	net_uplink(world_net(world), lab.members[wanted].host)->delay_us = 200000;
	lab_send_number(1, wanted, number);
	for (unsigned i = 0; i < 400; i++) {
		deny_all(wanted == 2 ? 3 : 2, 1);
		lab_run_ms(10);
	}
	SCENARIO_EXPECT(world, lab_arrived(1, wanted, number, number + 1) == 1);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
}

static void who_carries_a_dial_cannot_end_it(struct world *world)
{
	deny_all_on_the_way(world, 2);
}

static void who_carries_the_dial_of_a_claim_cannot_end_it(struct world *world)
{
	deny_all_on_the_way(world, 1); /* by its IPv4 address */
}

/* `i` forgets all its links but the one to `one`. */
static void blind(unsigned i, unsigned one)
{
	for (unsigned k = 0; k < lab.count; k++)
		if (k != one && k != i)
			ring_left(lab_node(i)->ring, lab_now(i), lab_id(k));
}

/* The link that would be taken knows nobody but us, and says so. */
static void another_link_leads_around_who_knows_nobody(struct world *world)
{
	struct routed routed = { .target = { .kind = TARGET_EXACT } };
	const struct id nobody = { 0 };
	unsigned first = 0;
	unsigned wanted;
	struct id link;

	start_crowd(world);
	wanted = lab_stranger(1, 1);
	routed.target.id = *lab_id(wanted);
	SCENARIO_EXPECT(world, ring_next(lab_node(1)->ring, &routed, &nobody, &link) == RING_ON);
	while (first < CROWD && !id_equal(lab_id(first), &link))
		first++;
	lab_send_number(1, wanted, 2);
	for (unsigned i = 0; i < 450; i++) {
		blind(first, 1);
		lab_run_ms(10);
	}
	SCENARIO_EXPECT(world, lab_arrived(1, wanted, 2, 3) == 1);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
}

/* --- false owners ---------------------------------------------------------------------------- */

/* What `i` asks all for; NULL: nothing. */
static const struct wish *question_of(unsigned i)
{
	for (uint32_t k = 0; k < WISHES_MAX; k++) {
		const struct wish *wish = wish_at(lab_node(i), k);

		if (wish != NULL && wish->token != 0)
			return wish;
	}
	return NULL;
}

/* `liar` says that it is whom `i` asks for: the broadcast showed it the token. The true owner is
 * far away. */
static void claim(unsigned liar, unsigned i, unsigned owner)
{
	uint8_t bytes[sizeof(struct found)];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct routed routed = { .kind = ROUTED_FOUND, .target = { TARGET_EXACT, *lab_id(i) } };
	const struct wish *wish;

	net_uplink(world_net(lab.world), lab.members[owner].host)->delay_us = 200000;
	lab_run_ms(10);
	wish = question_of(i);
	SCENARIO_EXPECT(lab.world, wish != NULL);
	if (wish == NULL)
		return;
	found_encode(&(struct found){ .token = wish->token }, &w);
	routed.payload = writer_span(&w);
	(void)overlay_send(lab_node(liar), lab_now(liar), &routed);
	world_wake(lab.world, lab.members[liar].host);
}

static void who_claims_an_address_does_not_keep_it_from_its_owner(struct world *world)
{
	unsigned liar, owner;

	start_crowd(world);
	liar = lab_stranger(1, 1);
	owner = lab_stranger(1, liar);
	lab_send_number(1, owner, 1);
	claim(liar, 1, owner);
	lab_run_ms(4000);
	SCENARIO_EXPECT(world, lab_has_met(1, liar)); /* it was asked to prove it */
	SCENARIO_EXPECT(world, lab_arrived(1, owner, 1, 2) == 1);
	SCENARIO_EXPECT(world, lab_arrived(1, liar, 1, 2) == 0);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
}

static void who_claims_a_name_does_not_keep_it_from_its_owner(struct world *world)
{
	struct node_reply reply;
	unsigned liar, owner;
	unsigned pongs = 0;

	start_crowd(world);
	liar = lab_stranger(1, 1);
	owner = lab_stranger(1, liar);
	node_host_request(lab.members[1].node, NODE_PING,
			  lab.members[owner].identity.certificate.name);
	claim(liar, 1, owner);
	lab_run_ms(3900);
	SCENARIO_EXPECT(world, lab_has_met(1, liar));
	while (node_host_reply(lab.members[1].node, &reply))
		pongs += reply.kind == NODE_REPLY_PONG &&
			 id_equal(&reply.pong.peer.id, lab_id(owner));
	SCENARIO_EXPECT(world, pongs == 1);
}

/* A link of `i` answers its question in the name of a member that nobody has met. */
static void claim_as_somebody(unsigned liar, unsigned i, uint64_t token, unsigned number)
{
	uint8_t bytes[sizeof(struct found)], whole[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct routed routed = { .kind = ROUTED_FOUND,
				 .hops = 8,
				 .target = { TARGET_EXACT, *lab_id(i) },
				 .from = { { (uint8_t)(number * 7), (uint8_t)number, 0x55 } } };

	found_encode(&(struct found){ .token = token }, &w);
	routed.payload = writer_span(&w);
	w = writer_of(whole, sizeof(whole));
	routed_encode(&routed, &w);
	lab_say(liar, i, FRAME_ROUTED, writer_span(&w));
}

static unsigned claims_by(const struct wish *wish, const struct id *link)
{
	unsigned count = 0;

	for (size_t i = 0; i < WISH_CLAIMS_MAX; i++)
		count += !handle_is_none(wish->claims[i].session) &&
			 id_equal(&wish->claims[i].link, link);
	return count;
}

/* The first after `from` that is a link of `i`. */
static unsigned link_of(unsigned i, unsigned from)
{
	unsigned other = from + 1;

	while (other < lab.count &&
	       (other == i || !lab_has_met(i, other) || !peer_is_linked(lab_inside(i, other))))
		other++;
	SCENARIO_EXPECT(lab.world, other < lab.count);
	return other < lab.count ? other : from;
}

static void many_claims_by_one_link_do_not_keep_an_address_from_its_owner(struct world *world)
{
	unsigned most = 0;
	unsigned liar, owner;

	start_crowd(world);
	liar = link_of(1, 1);
	owner = lab_stranger(1, liar);
	lab_send_number(1, owner, 1);
	for (unsigned ms = 0; ms < 4000; ms += 10) {
		const struct wish *wish;

		lab_run_ms(10);
		wish = question_of(1);
		if (wish == NULL)
			continue;
		claim_as_somebody(liar, 1, wish->token, ms / 10);
		if (claims_by(wish, lab_id(liar)) > most)
			most = claims_by(wish, lab_id(liar));
	}
	SCENARIO_EXPECT(world, most == WISH_CLAIMS_OF_LINK);
	SCENARIO_EXPECT(world, lab_arrived(1, owner, 1, 2) == 1);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
}

/* Its token is for those alone who were asked. */
static void an_answer_names_the_question(struct world *world)
{
	const struct wish *wish;

	lab_start_star(world, 3);
	lab_run_ms(2000);
	node_host_request(lab.members[1].node, NODE_PING, "nobody");
	lab_run_ms(10);
	wish = question_of(1);
	SCENARIO_EXPECT(world, wish != NULL);
	if (wish == NULL)
		return;
	claim_as_somebody(2, 1, wish->token ^ 2, 1);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, claims_by(wish, lab_id(2)) == 0);
	claim_as_somebody(2, 1, wish->token, 1);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, claims_by(wish, lab_id(2)) == 1);
}

/* --- too many wishes ------------------------------------------------------------------------- */

static unsigned wishes_of(unsigned i)
{
	unsigned count = 0;

	for (uint32_t k = 0; k < WISHES_MAX; k++) {
		const struct wish *wish = wish_at(lab_node(i), k);

		count += wish != NULL && !wish->of_ring;
	}
	return count;
}

static void scan(unsigned from, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const uint8_t nobody[4] = { 10, 130, 7, (uint8_t)i };
		uint8_t packet[LAB_PACKET_LEN];

		(void)packet_v4(packet, sizeof(packet), lab.members[from].identity.certificate.ipv4,
				nobody);
		SCENARIO_EXPECT(lab.world, node_host_send(lab.members[from].node,
							  span_of(packet, sizeof(packet))));
	}
}

/* Whoever looks for too many at once looks for the last ones later, and the ring has places. */
static void a_scan_leaves_places_for_the_ring(struct world *world)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	unsigned wanted;

	start_crowd(world);
	wanted = lab_stranger(1, 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		node_host_request(lab.members[1].node, NODE_PING, names[i]);
	scan(1, VNET_WAITING_MAX - 1);
	lab_run_ms(10);
	SCENARIO_EXPECT(world, wishes_of(1) == WISHES_MAX - WISHES_OF_RING);
	lab_send_number(1, wanted, 2);
	lab_run_ms(2900);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(1, wanted, 2, 3) == 1);
}

/* Two behind NATs that let nobody through, between two who do not relay. */
static void start_pair_on_the_ring(struct world *world)
{
	lab_set_up(world, 4);
	for (unsigned i = 0; i < 4; i++) {
		lab.members[i].config.relay_bytes_s = 0;
		if (i < 2)
			lab_place_public(i);
		else
			lab_place_behind(i, &natbox_symmetric);
	}
	for (unsigned i = 1; i < 4; i++)
		lab_add_line(i, 0);
	lab_add_line(2, 1);
	lab_add_line(3, 1);
	for (unsigned i = 0; i < 4; i++)
		lab_start(i);
	lab_run_ms(5000);
	SCENARIO_EXPECT(world, lab_has_met(2, 3) && peer_way(lab_inside(2, 3)).kind == WAY_RING);
}

/* CANDIDATES with ids that nobody has, and addresses. */
static void say_candidates(unsigned from, unsigned to, unsigned number)
{
	struct candidates_message message = { .candidate_count = CANDIDATES_MAX,
					      .relay_count = CANDIDATE_RELAYS_MAX };
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	for (unsigned i = 0; i < CANDIDATES_MAX; i++) {
		struct candidate *candidate = &message.candidates[i];

		CHECK(endpoint_ip_from_text("203.0.113.0", &candidate->endpoint) == 0);
		candidate->kind = CANDIDATE_HOST;
		candidate->endpoint.ip[ENDPOINT_IP_BYTES - 1] =
			(uint8_t)(number * CANDIDATES_MAX + i);
		candidate->endpoint.port = 9;
	}
	for (unsigned i = 0; i < CANDIDATE_RELAYS_MAX; i++) {
		message.relays[i].bytes[0] = (uint8_t)(i * 40);
		message.relays[i].bytes[1] = (uint8_t)(number + 1);
	}
	candidates_encode(&message, &w);
	CHECK(writer_ok(&w));
	lab_say(from, to, FRAME_CANDIDATES, writer_span(&w));
}

static void relays_that_a_peer_invents_are_not_all_looked_for(struct world *world)
{
	unsigned most = 0;

	start_pair_on_the_ring(world);
	for (unsigned i = 0; i < 100; i++) {
		say_candidates(2, 3, i);
		lab_run_ms(20);
		if (wishes_of(3) > most)
			most = wishes_of(3);
	}
	SCENARIO_EXPECT(world, most > 0 && most <= PEER_RELAYS_MAX);
}

/* --- messages of links ----------------------------------------------------------------------- */

/* One of each kind that links carry: asked for nothing else than to be passed on. */
static void say_as_a_link(unsigned from, unsigned to,
			  void (*say)(unsigned from, unsigned to, uint8_t kind,
				      struct span payload))
{
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	static const uint8_t piece[PIECE_BYTES];

	routed_encode(&(struct routed){ .kind = ROUTED_DATAGRAM,
					.hops = 8,
					.target = { TARGET_EXACT, *lab_id(0) },
					.from = *lab_id(from) },
		      &w);
	say(from, to, FRAME_ROUTED, writer_span(&w));
	w = writer_of(bytes, sizeof(bytes));
	broadcast_encode(&(struct broadcast){ .kind = BROADCAST_FIND_IPV4,
					      .hops = 8,
					      .until = *lab_id(from),
					      .from = *lab_id(from),
					      .token = 1,
					      .key = span_of(piece, 4) },
			 &w);
	say(from, to, FRAME_BROADCAST, writer_span(&w));
	w = writer_of(bytes, sizeof(bytes));
	part_encode(&(struct part){ .sequence = 1,
				    .count = 2,
				    .kind = FRAME_ROUTED,
				    .piece = span_of(piece, sizeof(piece)) },
		    &w);
	say(from, to, FRAME_PART, writer_span(&w));
}

/* How many of the three `to` took. */
static unsigned taken(unsigned from, unsigned to)
{
	const struct peer *peer = lab_inside(to, from);
	unsigned count = 0;

	count += peer->routed.spent > 0;
	count += peer->broadcasts.spent > 0;
	for (size_t i = 0; i < WHOLES_MAX; i++) {
		const struct peer *of = pool_at(&lab_node(to)->peers, lab_node(to)->wholes[i].peer);

		count += of == peer;
	}
	return count;
}

static void only_links_have_messages_passed_on(struct world *world)
{
	start_pair_on_the_ring(world);
	lab_inside(3, 2)->routed.spent = 0;
	lab_inside(3, 2)->broadcasts.spent = 0;
	say_as_a_link(2, 3, say_along_the_ring);
	lab_run_ms(200);
	SCENARIO_EXPECT(world, taken(2, 3) == 0);
	say_as_a_link(1, 3, lab_say);
	lab_run_ms(200);
	SCENARIO_EXPECT(world, taken(1, 3) == 3); /* by a link the same is taken */
}

static void say_last_piece(unsigned from, unsigned to, uint16_t sequence, size_t len)
{
	static const uint8_t piece[PIECE_BYTES + 1];
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	part_encode(&(struct part){ .sequence = sequence,
				    .which = PARTS_MAX - 1,
				    .count = PARTS_MAX,
				    .kind = FRAME_ROUTED,
				    .piece = span_of(piece, len) },
		    &w);
	CHECK(writer_ok(&w));
	lab_say(from, to, FRAME_PART, writer_span(&w));
	lab_run_ms(200);
}

/* The last piece ends where the room for the message ends. */
static void no_piece_is_longer_than_its_place(struct world *world)
{
	start_pair_on_the_ring(world);
	say_last_piece(1, 3, 1, PIECE_BYTES);
	SCENARIO_EXPECT(world, lab_node(3)->wholes[0].sequence == 1);
	say_last_piece(1, 3, 2, PIECE_BYTES + 1);
	SCENARIO_EXPECT(world, lab_node(3)->wholes[0].sequence == 1);
}

/* --- much of what is allowed ----------------------------------------------------------------- */

/* Tells `to` so many times at one moment under which addresses `from` is: what it took is the
 * number of the last port that it heard. */
static unsigned candidates_heard(unsigned to, unsigned from, unsigned told)
{
	struct candidates_message message = { .candidate_count = 1 };

	for (unsigned n = 1; n <= told; n++) {
		uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
		struct writer w = writer_of(bytes, sizeof(bytes));

		message.candidates[0] = (struct candidate){ .kind = CANDIDATE_HOST };
		CHECK(endpoint_ip_from_text("203.0.113.9", &message.candidates[0].endpoint) == 0);
		message.candidates[0].endpoint.port = (uint16_t)n;
		candidates_encode(&message, &w);
		CHECK(writer_ok(&w));
		lab_say(from, to, FRAME_CANDIDATES, writer_span(&w));
	}
	lab_run_ms(100);
	return lab_inside(to, from)->candidates.candidates[0].endpoint.port;
}

/* Each makes the reader look at all whom it knows. */
static void candidates_are_heard_in_measure(struct world *world)
{
	lab_start_star(world, 3);
	lab_run_ms(20000);
	SCENARIO_EXPECT(world, candidates_heard(1, 2, 2 * MEMBER_CANDIDATES) == MEMBER_CANDIDATES);
	lab_run_ms(MEMBER_CANDIDATES_REFILL_MS);
	SCENARIO_EXPECT(world, candidates_heard(1, 2, 1) == 1);
}

/* How many of so many lists, told at one moment, `i` hears. */
static unsigned lists_heard(unsigned i, unsigned of, unsigned told)
{
	const struct neighbours list = { .count = 0 };
	uint8_t bytes[sizeof(struct neighbours)];
	struct writer w = writer_of(bytes, sizeof(bytes));
	unsigned heard = 0;

	neighbours_encode(&list, &w);
	for (unsigned n = 0; n < told; n++)
		heard += neighbour_list(lab_node(i), lab_now(i), lab_inside(i, of),
					writer_span(&w)) == 0;
	return heard;
}

static void lists_of_neighbours_are_heard_in_measure(struct world *world)
{
	lab_start_star(world, 3);
	lab_run_ms(10000); /* their own ones are told */
	SCENARIO_EXPECT(world, lists_heard(1, 2, MEMBER_LISTS) == MEMBER_LISTS);
	SCENARIO_EXPECT(world, lists_heard(1, 2, 1) == 0);
	SCENARIO_EXPECT(world, lists_heard(1, 0, 1) == 1); /* others are heard all the same */
	world_run_ms(world, MEMBER_LISTS_REFILL_MS - 1);
	SCENARIO_EXPECT(world, lists_heard(1, 2, 1) == 0);
	world_run_ms(world, 1);
	SCENARIO_EXPECT(world, lists_heard(1, 2, 2) == 1);
}

/* Has `i` pass on a message of so many bytes for `of`, which stands in nobody's place. */
static int pass_on_bytes(unsigned i, unsigned of, size_t len)
{
	static const uint8_t payload[ROUTED_PAYLOAD_BYTES_MAX];
	uint8_t bytes[ROUTED_HEADER_BYTES + ROUTED_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	const struct routed routed = { .kind = ROUTED_DATAGRAM,
				       .hops = 8,
				       .target = { TARGET_EXACT, { { 1, 2, 3 } } },
				       .from = *lab_id(of),
				       .payload = span_of(payload, len - ROUTED_HEADER_BYTES) };

	routed_encode(&routed, &w);
	CHECK(writer_ok(&w) && w.len == len);
	return overlay_routed(lab_node(i), lab_now(i), lab_inside(i, of), writer_span(&w));
}

static void a_link_has_so_many_bytes_passed_on(struct world *world)
{
	const uint32_t sixteenth = LINK_ROUTED_BYTES / 16;

	lab_start_star(world, 3);
	lab_run_ms(20000);
	for (uint32_t left = LINK_ROUTED_BYTES; left > 0; left -= 1024)
		SCENARIO_EXPECT(world, pass_on_bytes(1, 2, 1024) != ERR_DENIED);
	SCENARIO_EXPECT(world, pass_on_bytes(1, 2, ROUTED_HEADER_BYTES) == ERR_DENIED);
	SCENARIO_EXPECT(world, pass_on_bytes(1, 0, 1024) != ERR_DENIED); /* others have their own */
	world_run_ms(world, LINK_ROUTED_REFILL_MS);
	for (uint32_t left = sixteenth; left > 0; left -= 1024)
		SCENARIO_EXPECT(world, pass_on_bytes(1, 2, 1024) != ERR_DENIED);
	SCENARIO_EXPECT(world, pass_on_bytes(1, 2, 1024) == ERR_DENIED);
}

/* Counts what leaves for 203.0.113.0/24. */
static bool count_invented(void *context, struct mono at, uint32_t from,
			   const struct net_datagram *datagram)
{
	static const uint8_t invented[] = { 203, 0, 113 };
	unsigned *count = context;

	(void)at;
	(void)from;
	*count += memcmp(datagram->remote.ip + 12, invented, sizeof(invented)) == 0;
	return true;
}

static void say_candidate(unsigned from, unsigned to, const char *ip, uint16_t port)
{
	struct candidates_message message = { .candidate_count = 1 };
	struct candidate *candidate = &message.candidates[0];
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	candidate->kind = CANDIDATE_SEEN;
	CHECK(endpoint_ip_from_text(ip, &candidate->endpoint) == 0);
	candidate->endpoint.port = port;
	candidates_encode(&message, &w);
	CHECK(writer_ok(&w));
	lab_say(from, to, FRAME_CANDIDATES, writer_span(&w));
}

/* All members name one victim to one of them, each with other ports: what that one sends there is
 * bounded in all, not for each who names it. */
static void many_who_name_a_victim_get_it_few_probes(struct world *world)
{
	static unsigned probes;
	unsigned total = 0, most = 0;

	lab_start_star(world, 7); /* all are near each other */
	lab_run_ms(2000);
	net_set_tap(world_net(world),
		    (struct net_tap){ .pass = count_invented, .context = &probes });
	for (unsigned second = 0; second < 5; second++) {
		probes = 0;
		for (unsigned i = 1; i < 7; i++)
			say_candidate(i, 0, "203.0.113.9", (uint16_t)(1000 + 20 * second + i));
		lab_run_ms(1000);
		total += probes;
		most = probes > most ? probes : most;
	}
	SCENARIO_EXPECT(world, total > 0);
	/* No more in any second; these five may begin in the middle of one. */
	SCENARIO_EXPECT(world, most <= 2 * PROBE_TARGET_S && total <= 6 * PROBE_TARGET_S);
}

static bool count_nonsense(void *context, struct mono at, uint32_t from,
			   const struct net_datagram *datagram)
{
	unsigned *count = context;

	(void)at;
	(void)from;
	*count += datagram->remote.port == 7;
	return true;
}

/* Whether the first member sends anything to where the other says that it is. */
static bool is_probed(const char *ip)
{
	static unsigned probes;

	probes = 0;
	net_set_tap(world_net(lab.world),
		    (struct net_tap){ .pass = count_nonsense, .context = &probes });
	say_candidate(1, 0, ip, 7);
	lab_run_ms(3000);
	return probes > 0;
}

/* The same with an address of the tunnel, of which one bit is another. */
static bool is_probed_but(struct endpoint inside, unsigned byte, uint8_t bit)
{
	char text[ENDPOINT_TEXT_CHARS + 1];

	inside.ip[byte] ^= bit;
	endpoint_ip_to_text(&inside, text);
	return is_probed(text);
}

/* Two hosts with both families. */
static void start_dual_pair(struct world *world)
{
	lab_set_up(world, 2);
	lab_place_all_public();
	net_add_address(world_net(world), lab.members[0].host, 0, "2001:db8:1::1");
	net_add_address(world_net(world), lab.members[1].host, 0, "2001:db8:1::2");
	lab_add_line(1, 0);
	lab_start(0);
	lab_start(1);
	lab_run_ms(2000);
}

/* Loopback, multicast, and nobody. */
static void what_makes_no_sense_is_not_probed(struct world *world)
{
	static const char *const nonsense[] = { "127.0.0.1",       "224.0.0.1", "0.0.0.1",
						"255.255.255.255", "ff02::1",   "::1",
						"fe80::1" };

	start_dual_pair(world);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
		SCENARIO_EXPECT(world, !is_probed(nonsense[i]));
	SCENARIO_EXPECT(world, is_probed("203.0.113.9")); /* what makes sense is */
	SCENARIO_EXPECT(world, is_probed("2001:db8::1"));
}

/* It would lead through us: 10.130.0.0/16 and the network's /48, from the first bit to the last. */
static void the_tunnel_is_not_probed(struct world *world)
{
	struct endpoint v4, v6;

	start_dual_pair(world);
	v4 = endpoint_v4(lab.members[1].identity.certificate.ipv4, 0);
	v6 = endpoint_v6(lab_ipv6(1).bytes, 0);
	SCENARIO_EXPECT(world, !is_probed_but(v4, 0, 0) && !is_probed_but(v6, 0, 0));
	SCENARIO_EXPECT(world, !is_probed_but(v4, 14, 0x80) && !is_probed_but(v6, 6, 0x80));
	SCENARIO_EXPECT(world, is_probed_but(v4, 13, 1) && is_probed_but(v6, 5, 1));
}

/* Whoever begins a new life has not more probes sent for it than in the old one. */
static void a_new_session_brings_no_more_probes(struct world *world)
{
	static unsigned probes;

	probes = 0;
	net_set_tap(world_net(world),
		    (struct net_tap){ .pass = count_invented, .context = &probes });
	lab_start_star(world, 2);
	for (unsigned life = 0; life < 20; life++) {
		lab_crash(1);
		lab_start(1);
		lab_run_ms(500);
		say_candidates(1, 0, life);
		lab_run_ms(2400);
	}
	SCENARIO_EXPECT(world, probes > PROBE_PEER_MIN / 2); /* they are asked at all */
	SCENARIO_EXPECT(world, probes <= PROBE_PEER_MIN);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "denied", .seeds = 1, .play = nobody_can_deny_another },
		{ .name = "guessed", .play = a_guess_shortens_no_wish_of_the_ring },
		{ .name = "denied-by-carrier",
		  .seeds = 1,
		  .play = who_carries_a_dial_cannot_end_it },
		{ .name = "claim-denied-by-carrier",
		  .seeds = 1,
		  .play = who_carries_the_dial_of_a_claim_cannot_end_it },
		{ .name = "blind-link",
		  .seeds = 1,
		  .play = another_link_leads_around_who_knows_nobody },
		{ .name = "false-address",
		  .seeds = 1,
		  .play = who_claims_an_address_does_not_keep_it_from_its_owner },
		{ .name = "false-name",
		  .seeds = 1,
		  .play = who_claims_a_name_does_not_keep_it_from_its_owner },
		{ .name = "false-addresses",
		  .seeds = 1,
		  .play = many_claims_by_one_link_do_not_keep_an_address_from_its_owner },
		{ .name = "question", .play = an_answer_names_the_question },
		{ .name = "scan", .play = a_scan_leaves_places_for_the_ring },
		{ .name = "relays", .play = relays_that_a_peer_invents_are_not_all_looked_for },
		{ .name = "links", .play = only_links_have_messages_passed_on },
		{ .name = "long-piece", .play = no_piece_is_longer_than_its_place },
		{ .name = "bytes", .play = a_link_has_so_many_bytes_passed_on },
		{ .name = "candidates", .play = candidates_are_heard_in_measure },
		{ .name = "lists", .play = lists_of_neighbours_are_heard_in_measure },
		{ .name = "victim", .play = many_who_name_a_victim_get_it_few_probes },
		{ .name = "nonsense", .play = what_makes_no_sense_is_not_probed },
		{ .name = "tunnel", .play = the_tunnel_is_not_probed },
		{ .name = "new-lives", .play = a_new_session_brings_no_more_probes },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
