/* test_who.c - who stands on the way to a member: hop by hop, and never more than that. */
#include "base/err.h"
#include "node/node_internal.h"
#include "node/node_look.h"
#include "tests/scenario/lab.h"

#define CROWD 30
#define SETTLE_MS 20000
#define PATIENCE_MS (NODE_PING_MS + 200)

static void ask(unsigned i, const char *peer, const struct node_route *route)
{
	struct node_event event = { .kind = NODE_REQUEST,
				    .request = { .token = 77, .verb = NODE_WHO, .route = *route } };

	memcpy(event.request.peer, peer, strlen(peer) + 1);
	(void)node_input(lab_node(i), lab_now(i), &event);
	world_wake(lab.world, lab.members[i].host);
}

/* What a user of `i` is answered. */
static struct node_reply asked_text(unsigned i, const char *peer, const struct node_route *route)
{
	struct node_reply reply = { .kind = NODE_REPLY_END };

	ask(i, peer, route);
	for (unsigned ms = 0; ms < PATIENCE_MS; ms += 10) {
		lab_run_ms(10);
		if (node_host_reply(lab.members[i].node, &reply))
			break;
	}
	return reply;
}

static struct node_reply asked(unsigned i, const struct id *of, const struct node_route *route)
{
	char text[ID_TEXT_CHARS + 1];

	id_to_text(of, text);
	return asked_text(i, text, route);
}

/* Of an answer; of none, one that says nothing. */
static const struct node_who *who_of(const struct node_reply *reply)
{
	static const struct node_who nothing = { .end = IAM_PASSED };

	return reply->kind == NODE_REPLY_WHO ? reply->who : &nothing;
}

static unsigned index_of(const struct id *id)
{
	for (unsigned i = 0; i < lab.count; i++)
		if (id_equal(lab_id(i), id))
			return i;
	return CROWD;
}

/* Each hop is the member to which the one before passes it on, and says so. */
static void the_way_is_seen_hop_by_hop(struct world *world)
{
	struct node_step step = { .detours = NODE_DETOURS };
	struct node_link next;
	unsigned to, at = 1, hops = 0;

	to = lab_stranger(1, 1);
	step.to = *lab_id(to);
	step.from = *lab_id(1);
	while (at != to) {
		const struct node_route route = { .hops = (uint8_t)++hops };
		const struct node_reply reply = asked(1, lab_id(to), &route);

		SCENARIO_EXPECT(world, node_next(lab_node(at), &step, &next) &&
					       reply.kind == NODE_REPLY_WHO);
		if (reply.kind != NODE_REPLY_WHO)
			return; /* it has failed */
		SCENARIO_EXPECT(world, id_equal(&who_of(&reply)->before.id, lab_id(at)));
		SCENARIO_EXPECT(world, id_equal(&who_of(&reply)->member.id, &next.id));
		SCENARIO_EXPECT(world,
				!who_of(&reply)->is_relay && who_of(&reply)->link_count == 0);
		SCENARIO_EXPECT(world, who_of(&reply)->step_us >= 2UL * NET_CORE_DELAY_US);
		SCENARIO_EXPECT(world,
				who_of(&reply)->rtt_us >= hops * 2UL * NET_CORE_DELAY_US / 2);
		step.came_from = *lab_id(at);
		at = index_of(&next.id);
		SCENARIO_EXPECT(world, strcmp(who_of(&reply)->member.name,
					      lab.members[at].identity.certificate.name) == 0);
		SCENARIO_EXPECT(world, who_of(&reply)->is_met || !lab_has_met(1, at));
		SCENARIO_EXPECT(world, (who_of(&reply)->end == IAM_TARGET) == (at == to));
	}
	SCENARIO_EXPECT(world, hops >= 2);
}

/* A link is one hop; beside it there is a longer way. */
static void there_is_a_way_aside(struct world *world)
{
	const struct node_route straight = { .hops = ROUTED_HOPS_MAX };
	const struct node_route aside = { .hops = ROUTED_HOPS_MAX, .is_aside = true };
	struct node_link near[NODE_NEAR_MAX];
	struct node_reply reply;

	SCENARIO_EXPECT(world, node_near(lab_node(1), near) == NODE_NEAR_MAX);
	reply = asked(1, &near[0].id, &straight);
	SCENARIO_EXPECT(world, who_of(&reply)->end == IAM_TARGET);
	SCENARIO_EXPECT(world, id_equal(&who_of(&reply)->before.id, lab_id(1)));
	reply = asked(1, &near[0].id, &aside);
	SCENARIO_EXPECT(world, who_of(&reply)->end == IAM_TARGET);
	SCENARIO_EXPECT(world, !id_equal(&who_of(&reply)->before.id, lab_id(1)));
	reply = asked_text(1, lab.members[1].identity.certificate.name, &straight);
	SCENARIO_EXPECT(world, reply.kind == NODE_REPLY_ERROR);
	SCENARIO_EXPECT(world, reply.error.err == ERR_UNSUPPORTED);
}

/* Nobody has this id: who stands beside its place says so. */
static void who_is_not_there_is_not_reached(struct world *world)
{
	const struct node_route route = { .hops = ROUTED_HOPS_MAX };
	struct id nobody = *lab_id(lab_stranger(1, 1));
	struct node_reply reply;

	nobody.bytes[ID_BYTES - 1] ^= 1;
	reply = asked(1, &nobody, &route);
	SCENARIO_EXPECT(world, who_of(&reply)->end == IAM_STUCK);
	reply = asked_text(1, "nobody", &route);
	SCENARIO_EXPECT(world, reply.kind == NODE_REPLY_ERROR);
	SCENARIO_EXPECT(world, reply.error.err == ERR_NOT_FOUND);
}

/* The links that the ring wants, and none that a member has for its own traffic. */
static void links_are_those_of_the_ring(struct world *world)
{
	const struct node_route route = { .hops = ROUTED_HOPS_MAX, .wants_links = true };
	struct node_link near[NODE_NEAR_MAX];
	struct node_reply reply;
	unsigned to, friend, found = 0;

	to = lab_stranger(1, 1);
	friend = lab_stranger(to, 1);
	lab_send_number(to, friend, 1);
	lab_run_ms(5000);
	SCENARIO_EXPECT(world, lab_has_met(to, friend));
	reply = asked(1, lab_id(to), &route);
	SCENARIO_EXPECT(world, reply.kind == NODE_REPLY_WHO);
	if (reply.kind != NODE_REPLY_WHO)
		return;
	SCENARIO_EXPECT(world, node_near(lab_node(to), near) == NODE_NEAR_MAX);
	for (uint32_t i = 0; i < who_of(&reply)->link_count; i++) {
		const struct id *id = &who_of(&reply)->links[i].id;

		SCENARIO_EXPECT(world, ring_uses(lab_node(to)->ring, id));
		SCENARIO_EXPECT(world, !id_equal(id, lab_id(friend)));
		SCENARIO_EXPECT(world, !who_of(&reply)->link_is_relay[i]);
		for (unsigned n = 0; n < NODE_NEAR_MAX; n++)
			found += who_of(&reply)->link_is_near[i] && id_equal(&near[n].id, id);
	}
	SCENARIO_EXPECT(world, found == NODE_NEAR_MAX);
	SCENARIO_EXPECT(world, who_of(&reply)->link_count > NODE_NEAR_MAX);
}

/* One crowd for all of them: it takes the time. */
static void members_say_who_they_are(struct world *world)
{
	lab_start_star(world, CROWD);
	lab_run_ms(SETTLE_MS);
	the_way_is_seen_hop_by_hop(world);
	there_is_a_way_aside(world);
	who_is_not_there_is_not_reached(world);
	links_are_those_of_the_ring(world);
}

/* -- who asks too often, and who lies ------------------------------------------------------- */

static void say_routed(unsigned from, unsigned to, uint8_t kind, struct span payload)
{
	const struct routed routed = { .kind = kind,
				       .hops = 8,
				       .target = { TARGET_EXACT, *lab_id(to) },
				       .from = *lab_id(from),
				       .payload = payload };
	uint8_t whole[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(whole, sizeof(whole));

	routed_encode(&routed, &w);
	lab_say(from, to, FRAME_ROUTED, writer_span(&w));
}

static void a_link_asks_no_more_than_it_may(struct world *world)
{
	const struct node_route route = { .hops = ROUTED_HOPS_MAX };
	uint8_t bytes[WHO_BYTES_MIN];
	struct writer w = writer_of(bytes, sizeof(bytes));

	lab_start_star(world, 3);
	lab_run_ms(5000);
	who_encode(&(struct who){ .token = 5, .bytes = sizeof(bytes) }, &w);
	for (unsigned n = 0; n < LINK_WHOS; n++)
		say_routed(1, 0, ROUTED_WHO, writer_span(&w));
	SCENARIO_EXPECT(world, asked(1, lab_id(0), &route).kind == NODE_REPLY_ERROR);
	SCENARIO_EXPECT(world, asked(2, lab_id(0), &route).kind == NODE_REPLY_WHO);
	SCENARIO_EXPECT(world, asked(1, lab_id(0), &route).kind == NODE_REPLY_WHO);
}

/* `liar`, a link, says that it is this one, and answers the question of `i` with this token. */
static void claim_to_be(unsigned liar, unsigned i, uint64_t token, uint8_t end)
{
	const struct iam iam = { .token = token, .end = end, .name = span_text("liar") };
	uint8_t bytes[WHO_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	iam_encode(&iam, &w);
	say_routed(liar, i, ROUTED_IAM, writer_span(&w));
}

static void who_was_not_asked_is_not_heard(struct world *world)
{
	const struct node_route route = { .hops = ROUTED_HOPS_MAX };
	struct node_reply reply = { .kind = NODE_REPLY_END };
	char text[ID_TEXT_CHARS + 1];
	uint64_t token;

	lab_start_star(world, 3);
	lab_run_ms(5000);
	id_to_text(lab_id(2), text);
	ask(1, text, &route);
	lab_run_ms(1);
	token = lab_node(1)->asked[0].ping_token;
	lab_crash(2);
	SCENARIO_EXPECT(world, token != 0);
	claim_to_be(0, 1, token + 2, IAM_PASSED);
	claim_to_be(0, 1, token, IAM_TARGET); /* its id is another one */
	lab_run_ms(500);
	SCENARIO_EXPECT(world, !node_host_reply(lab.members[1].node, &reply));
	claim_to_be(0, 1, token, IAM_PASSED); /* that is what it may claim */
	lab_run_ms(500);
	SCENARIO_EXPECT(world, node_host_reply(lab.members[1].node, &reply));
	SCENARIO_EXPECT(world, reply.kind == NODE_REPLY_WHO);
	SCENARIO_EXPECT(world, id_equal(&who_of(&reply)->member.id, lab_id(0)));
	SCENARIO_EXPECT(world,
			strcmp(who_of(&reply)->member.name, "member-0") == 0); /* not "liar" */
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "who", .play = members_say_who_they_are },
		{ .name = "who-often", .play = a_link_asks_no_more_than_it_may },
		{ .name = "who-lies", .play = who_was_not_asked_is_not_heard },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
