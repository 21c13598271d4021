/* test_canary.c - bugs that were planted must be found: a checker that finds nothing proves nothing
 * until it has found something. Each bug is also played unplanted, and then nothing may be found.
 *
 * The machine takes numbered messages for its name, each once. One bug takes a duplicate; the other
 * answers messages for somebody else, who had its address before. */
#include "base/reader.h"
#include "base/writer.h"
#include "sim/phases.h"
#include "tests/scenario/scenario.h"

#define PORT 7
#define MESSAGES 200
#define MESSAGE_BYTES 2

enum bug { BUG_NONE, BUG_TAKES_TWICE, BUG_ANSWERS_FOR_OTHERS };

static struct canary {
	struct world *world;
	uint32_t sender, receiver;
	enum bug bug;
	uint8_t receiver_name;
	unsigned taken[MESSAGES];
	unsigned taken_count, taken_for_others, sent;
} canary;

static void receive(void *machine, struct now now, const struct net_datagram *datagram)
{
	struct canary *c = machine;
	struct reader r = reader_of(datagram->bytes);
	uint8_t name;
	uint8_t number;

	(void)now;
	if (!reader_u8(&r, &name) || !reader_u8(&r, &number) || number >= MESSAGES)
		return;
	if (name != c->receiver_name && c->bug != BUG_ANSWERS_FOR_OTHERS)
		return;
	if (c->taken[number] > 0 && c->bug != BUG_TAKES_TWICE)
		return;
	c->taken[number]++;
	c->taken_count++;
	c->taken_for_others += name != c->receiver_name ? 1 : 0;
}

static void send_one(void *machine, struct now now)
{
	struct canary *c = machine;
	struct net_datagram datagram = { .local = { .port = PORT } };
	uint8_t bytes[MESSAGE_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)now;
	if (c->sent == MESSAGES)
		return;
	writer_u8(&w, 'a'); /* always for a, whoever has that address by now */
	writer_u8(&w, (uint8_t)c->sent++);
	datagram.bytes = writer_span(&w);
	SCENARIO_EXPECT(c->world, endpoint_from_text("192.0.2.1:7", &datagram.remote) == 0);
	SCENARIO_EXPECT(c->world, world_send(c->world, c->sender, &datagram) == 0);
}

static void ignore(void *machine, struct now now, const struct net_datagram *datagram)
{
	(void)machine;
	(void)now;
	(void)datagram;
}

static void rest(void *machine, struct now now)
{
	(void)machine;
	(void)now;
}

static struct mono next_message(const void *machine)
{
	const struct canary *c = machine;

	return c->sent == MESSAGES ? MONO_NEVER : (struct mono){ .us = 10000UL * c->sent };
}

static struct mono never(const void *machine)
{
	(void)machine;
	return MONO_NEVER;
}

static const struct host_ops sender_ops = { .datagram = ignore,
					    .run = send_one,
					    .deadline = next_message };
static const struct host_ops receiver_ops = { .datagram = receive, .run = rest, .deadline = never };

static const char *check(void *context, uint32_t host)
{
	const struct canary *c = context;

	(void)host;
	if (c->taken_for_others > 0)
		return "took what was meant for another";
	for (unsigned i = 0; i < MESSAGES; i++)
		if (c->taken[i] > 1)
			return "took a message twice";
	return NULL;
}

/* Half of the messages come twice, and the address changes hands half-way. */
static void play(struct world *world, enum bug bug)
{
	struct net *net = world_net(world);

	canary = (struct canary){ .world = world, .bug = bug, .receiver_name = 'a' };
	canary.sender = net_add_host(net);
	canary.receiver = net_add_host(net);
	net_add_address(net, canary.sender, NET_INTERNET, "192.0.2.9");
	net_add_address(net, canary.receiver, NET_INTERNET, "192.0.2.1");
	net_realm(net, NET_INTERNET)->duplication = 500;
	world_attach(world, canary.sender, &sender_ops, &canary);
	world_attach(world, canary.receiver, &receiver_ops, &canary);
	world_add_checker(world, (struct world_checker){ .check = check, .context = &canary });
	world_run_ms(world, 1000);
	canary.receiver_name = 'b';
	world_run_ms(world, 2000);
	SCENARIO_EXPECT(world, canary.taken_count > MESSAGES / 3);
}

static void no_bug_is_found_where_none_is(struct world *world)
{
	play(world, BUG_NONE);
}

static void a_taker_of_duplicates_is_found(struct world *world)
{
	play(world, BUG_TAKES_TWICE);
}

static void a_taker_of_others_messages_is_found(struct world *world)
{
	play(world, BUG_ANSWERS_FOR_OTHERS);
}

static void spin(void *machine, struct now now)
{
	(void)machine;
	(void)now;
}

static struct mono always(const void *machine)
{
	(void)machine;
	return (struct mono){ 0 };
}

/* A deadline that never moves would hold the world at one instant for ever. */
static void a_machine_that_spins_is_found(struct world *world)
{
	static const struct host_ops ops = { .datagram = ignore, .run = spin, .deadline = always };
	const uint32_t host = net_add_host(world_net(world));

	world_attach(world, host, &ops, &canary);
	world_run_ms(world, 1);
}

/* What a forgotten static, an address or an uninitialised byte would do. */
static void a_play_that_differs_is_found(struct world *world)
{
	static unsigned plays;

	world_note(world, "play %u", ++plays);
}

static void do_nothing(void *context)
{
	(void)context;
}

static bool settles_never(void *context)
{
	(void)context;
	return false;
}

static void a_world_that_does_not_settle_is_found(struct world *world)
{
	const struct phases phases = {
		.faults_ms = 10,
		.period_ms = 3,
		.disturb = do_nothing,
		.mend = do_nothing,
		.calm_ms = 50,
		.settled = settles_never,
	};

	phases_run(world, &phases);
	SCENARIO_EXPECT(world, world_time(world).us == 60000);
}

static const struct scenario scenarios[] = {
	{ .name = "no_bug_is_found_where_none_is",
	  .play = no_bug_is_found_where_none_is,
	  .seeds = 10 },
	{ .name = "a_taker_of_duplicates_is_found",
	  .play = a_taker_of_duplicates_is_found,
	  .seeds = 10,
	  .finds = "took a message twice" },
	{ .name = "a_taker_of_others_messages_is_found",
	  .play = a_taker_of_others_messages_is_found,
	  .seeds = 10,
	  .finds = "took what was meant for another" },
	{ .name = "a_machine_that_spins_is_found",
	  .play = a_machine_that_spins_is_found,
	  .finds = "runs on and on" },
	{ .name = "a_play_that_differs_is_found",
	  .play = a_play_that_differs_is_found,
	  .finds = "another trace hash" },
	{ .name = "a_world_that_does_not_settle_is_found",
	  .play = a_world_that_does_not_settle_is_found,
	  .finds = "at 60000 us: not settled after 50 ms of calm" },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
