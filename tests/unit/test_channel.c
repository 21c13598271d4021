/* test_channel.c - what steward and node tell each other arrives as it was said, and nothing else
 * is taken for it: the node may be an enemy. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipopd/channel.h"
#include "prog/ipopd/log.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct channel_message configure_message(void)
{
	return (struct channel_message){
		.kind = CHANNEL_CONFIGURE,
		.configure = { .ipv6 = { .bytes = { 0xfd, 1, 2, 3, 4, 5, 6, [15] = 7 } },
			       .ipv6_prefix_len = 48,
			       .has_ipv4 = true,
			       .ipv4 = { 10, 151, 0, 1 },
			       .ipv4_prefix_len = 16,
			       .mtu = 1360 },
	};
}

static struct channel_neighbours full_neighbours(void)
{
	struct channel_neighbours neighbours = { .count = NODE_NEIGHBOURS_MAX };

	for (uint8_t i = 0; i < NODE_NEIGHBOURS_MAX; i++) {
		memset(neighbours.list[i].id.bytes, i + 1, ID_BYTES);
		neighbours.list[i].endpoint = endpoint_v4((const uint8_t[]){ 203, 0, 113, i }, 1);
	}
	return neighbours;
}

/* One of each kind, with every field set. */
static struct channel_message sample(enum channel_kind kind)
{
	struct channel_message message = { .kind = kind };

	switch (kind) {
	case CHANNEL_START:
		message.start.log_style = LOG_JOURNAL;
		memcpy(message.start.network, "a23456789012345", NODE_NAME_MAX);
		message.start.neighbours = full_neighbours();
		message.start.workers = message.start.queues = CONFIG_WORKERS_MAX;
		message.start.has_config = true;
		message.fd_count = CHANNEL_FDS + CONFIG_WORKERS_MAX;
		break;
	case CHANNEL_LOOKUP_DONE:
		message.lookup_done.bootstrap = 0x01020304;
		message.lookup_done.count = NODE_ENDPOINTS_MAX;
		for (uint8_t i = 0; i < NODE_ENDPOINTS_MAX; i++)
			message.lookup_done.endpoints[i] =
				endpoint_v4((const uint8_t[]){ 192, 0, 2, i }, 4767);
		break;
	case CHANNEL_CLIENT:
		message.client.uid = 1000;
		message.client.may_change = true;
		message.fd_count = 1;
		break;
	case CHANNEL_HOST:
		message.host.count = NODE_HOST_ENDPOINTS_MAX;
		for (uint8_t i = 0; i < NODE_HOST_ENDPOINTS_MAX; i++)
			memset(&message.host.list[i], i + 1, sizeof(message.host.list[i]));
		break;
	case CHANNEL_CONFIGURE:
		return configure_message();
	case CHANNEL_LOOKUP:
		message.lookup = 15;
		break;
	case CHANNEL_KEEP:
		message.keep = full_neighbours();
		break;
	case CHANNEL_FAILED:
	case CHANNEL_NOT_RELOADED:
	case CHANNEL_TROUBLE:
		memset(message.failed.text, 'x', COMPLAINT_CHARS);
		break;
	case CHANNEL_RELOADED:
		message.reloaded.has_config = true;
		message.fd_count = 2;
		break;
	case CHANNEL_PEER:
		memset(message.peer.id.bytes, 7, ID_BYTES);
		memset(message.peer.name, 'x', CERTIFICATE_NAME_MAX);
		message.peer.is_there = true;
		break;
	case CHANNEL_CONFIGURED:
	case CHANNEL_STOP:
	case CHANNEL_COPIED:
	case CHANNEL_PEERS:
	case CHANNEL_RELOAD:
	case CHANNEL_PING:
	case CHANNEL_PONG:
		break;
	}
	return message;
}

static const enum channel_kind kinds[] = {
	CHANNEL_START,  CHANNEL_CONFIGURED, CHANNEL_LOOKUP_DONE,  CHANNEL_CLIENT, CHANNEL_STOP,
	CHANNEL_HOST,   CHANNEL_COPIED,     CHANNEL_CONFIGURE,    CHANNEL_LOOKUP, CHANNEL_KEEP,
	CHANNEL_FAILED, CHANNEL_RELOADED,   CHANNEL_NOT_RELOADED, CHANNEL_RELOAD, CHANNEL_PING,
	CHANNEL_PONG,   CHANNEL_PEER,       CHANNEL_TROUBLE,      CHANNEL_PEERS,
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool is_of_steward(enum channel_kind kind)
{
	return kind < CHANNEL_CONFIGURE;
}

static void every_message_arrives_as_it_was_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		const struct channel_message message = sample(kinds[i]);
		struct channel_message got;
		struct unix_message raw;
		struct unix_message again;

		channel_encode(&message, &raw);
		assert_int_equal(raw.len, CHANNEL_BYTES);
		assert_int_equal(channel_decode(&raw, is_of_steward(kinds[i]), &got), 0);
		assert_int_equal(got.kind, kinds[i]);
		assert_int_equal(got.fd_count, message.fd_count);
		channel_encode(&got, &again);
		assert_memory_equal(raw.bytes, again.bytes, CHANNEL_BYTES);
	}
}

static void expect_neighbour(const struct channel_neighbours *got, uint32_t at)
{
	const struct channel_neighbours want = full_neighbours();

	assert_true(id_equal(&got->list[at].id, &want.list[at].id));
	assert_true(endpoint_equal(&got->list[at].endpoint, &want.list[at].endpoint));
}

static void fields_arrive(void **state)
{
	struct channel_message message = sample(CHANNEL_LOOKUP_DONE);
	const struct node_addresses *addresses = &message.configure;
	struct unix_message raw;
	struct channel_message got;

	(void)state;
	channel_encode(&message, &raw);
	assert_int_equal(channel_decode(&raw, true, &got), 0);
	assert_int_equal(got.lookup_done.bootstrap, 0x01020304);
	assert_int_equal(got.lookup_done.count, NODE_ENDPOINTS_MAX);
	assert_true(
		endpoint_equal(&got.lookup_done.endpoints[3], &message.lookup_done.endpoints[3]));

	message = configure_message();
	channel_encode(&message, &raw);
	assert_int_equal(channel_decode(&raw, false, &got), 0);
	assert_true(ip_equal(&got.configure.ipv6, &addresses->ipv6));
	assert_int_equal(got.configure.ipv6_prefix_len, 48);
	assert_true(got.configure.has_ipv4);
	assert_memory_equal(got.configure.ipv4, addresses->ipv4, 4);
	assert_int_equal(got.configure.ipv4_prefix_len, 16);
	assert_int_equal(got.configure.mtu, 1360);

	message = sample(CHANNEL_CLIENT);
	channel_encode(&message, &raw);
	assert_int_equal(channel_decode(&raw, true, &got), 0);
	assert_int_equal(got.client.uid, 1000);
	assert_true(got.client.may_change);

	message = sample(CHANNEL_START);
	channel_encode(&message, &raw);
	assert_int_equal(channel_decode(&raw, true, &got), 0);
	assert_string_equal(got.start.network, "a23456789012345");
	assert_int_equal(got.start.log_style, LOG_JOURNAL);
	assert_int_equal(got.start.neighbours.count, NODE_NEIGHBOURS_MAX);
	expect_neighbour(&got.start.neighbours, NODE_NEIGHBOURS_MAX - 1);

	message = sample(CHANNEL_KEEP);
	channel_encode(&message, &raw);
	assert_int_equal(channel_decode(&raw, false, &got), 0);
	assert_int_equal(got.keep.count, NODE_NEIGHBOURS_MAX);
	expect_neighbour(&got.keep, 0);

	message = sample(CHANNEL_HOST);
	channel_encode(&message, &raw);
	assert_int_equal(channel_decode(&raw, true, &got), 0);
	assert_true(addresses_equal(&got.host, &message.host));
}

static void nobody_says_what_is_the_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		const struct channel_message message = sample(kinds[i]);
		struct channel_message got;
		struct unix_message raw;

		channel_encode(&message, &raw);
		assert_int_equal(channel_decode(&raw, !is_of_steward(kinds[i]), &got),
				 ERR_MALFORMED);
	}
}

static void lengths_and_descriptors_are_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		const struct channel_message message = sample(kinds[i]);
		const bool of_steward = is_of_steward(kinds[i]);
		struct channel_message got;
		struct unix_message raw;

		channel_encode(&message, &raw);
		for (size_t len = 0; len <= UNIX_MESSAGE_BYTES_MAX; len++) {
			raw.len = len;
			assert_int_equal(channel_decode(&raw, of_steward, &got),
					 len == CHANNEL_BYTES ? 0 : ERR_MALFORMED);
		}
		raw.len = CHANNEL_BYTES;
		for (size_t count = 0; count <= UNIX_FDS_MAX; count++) {
			raw.fd_count = count;
			assert_int_equal(channel_decode(&raw, of_steward, &got),
					 count == message.fd_count ? 0 : ERR_MALFORMED);
		}
	}
}

/* A node without workers has one queue, others one for each; the configuration may be missing. */
static void a_start_has_the_descriptors_that_it_says(void **state)
{
	static const struct {
		uint8_t workers, queues;
		bool has_config;
		size_t fd_count;
		int err;
	} cases[] = {
		{ 0, 1, true, CHANNEL_FDS + 1, 0 },
		{ 0, 1, false, CHANNEL_FDS, 0 },
		{ 1, 1, false, CHANNEL_FDS, 0 },
		{ 1, 1, false, CHANNEL_FDS + 1, ERR_MALFORMED },
		{ 2, 2, true, CHANNEL_FDS + 2, 0 },
		{ 2, 1, true, CHANNEL_FDS + 1, ERR_MALFORMED },
		{ 0, 0, true, CHANNEL_FDS, ERR_MALFORMED },
		{ CONFIG_WORKERS_MAX + 1, CONFIG_WORKERS_MAX + 1, false,
		  CHANNEL_FDS + CONFIG_WORKERS_MAX, ERR_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct channel_message message = sample(CHANNEL_START);
		struct channel_message got;
		struct unix_message raw;

		message.start.workers = cases[i].workers;
		message.start.queues = cases[i].queues;
		message.start.has_config = cases[i].has_config;
		message.fd_count = cases[i].fd_count;
		channel_encode(&message, &raw);
		assert_int_equal(channel_decode(&raw, true, &got), cases[i].err);
	}
}

/* Each byte takes each value: what is accepted encodes to the very same bytes, so nothing is read
 * that is not understood. */
static void what_is_accepted_is_canonical(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		const struct channel_message message = sample(kinds[i]);
		struct unix_message raw;

		channel_encode(&message, &raw);
		for (size_t at = 1; at < CHANNEL_BYTES; at++) {
			const uint8_t was = raw.bytes[at];

			for (unsigned value = 0; value <= UINT8_MAX; value++) {
				struct channel_message got = { .kind = kinds[i] };
				struct unix_message again;

				raw.bytes[at] = (uint8_t)value;
				if (channel_decode(&raw, is_of_steward(kinds[i]), &got) < 0)
					continue;
				channel_encode(&got, &again);
				assert_memory_equal(raw.bytes, again.bytes, CHANNEL_BYTES);
			}
			raw.bytes[at] = was;
		}
	}
}

static void expect_refused(struct unix_message *raw, size_t at, uint8_t value, bool of_steward)
{
	struct channel_message got;
	const uint8_t was = raw->bytes[at];

	raw->bytes[at] = value;
	assert_int_equal(channel_decode(raw, of_steward, &got), ERR_MALFORMED);
	raw->bytes[at] = was;
	assert_int_equal(channel_decode(raw, of_steward, &got), 0);
}

static void fields_have_their_range(void **state)
{
	struct channel_message message = configure_message();
	struct unix_message raw;

	(void)state;
	channel_encode(&message, &raw);
	expect_refused(&raw, 17, 129, false); /* length of an IPv6 prefix */
	expect_refused(&raw, 18, 2, false);   /* a truth value */
	expect_refused(&raw, 23, 33, false);  /* length of an IPv4 prefix */
	expect_refused(&raw, 26, 1, false);   /* behind the last field */
	expect_refused(&raw, CHANNEL_BYTES - 1, 1, false);
	message = sample(CHANNEL_START);
	channel_encode(&message, &raw);
	expect_refused(&raw, 1, 0, true);           /* no name */
	expect_refused(&raw, 16, 'x', true);        /* a name without an end */
	expect_refused(&raw, 17, LOG_STYLES, true); /* no such style */
	expect_refused(&raw, 18, NODE_NEIGHBOURS_MAX + 1, true);
	message = sample(CHANNEL_KEEP);
	channel_encode(&message, &raw);
	expect_refused(&raw, 1, NODE_NEIGHBOURS_MAX + 1, false);
	expect_refused(&raw, 2 + ID_BYTES + ENDPOINT_WIRE_BYTES - 1, 0, false); /* no port */
	message.keep.list[1].endpoint = (struct endpoint){ .ip = { [15] = 1 }, .port = 1 };
	channel_encode(&message, &raw);
	expect_refused(&raw, 2 + 2 * ID_BYTES + ENDPOINT_WIRE_BYTES + 15, 0, false); /* nowhere */
	message = sample(CHANNEL_FAILED);
	channel_encode(&message, &raw);
	expect_refused(&raw, 1, 2, false); /* longer than a sentence may be */
	expect_refused(&raw, 3, 0, false); /* an end before its end */
	message = sample(CHANNEL_PEER);
	channel_encode(&message, &raw);
	expect_refused(&raw, 1 + ID_BYTES, 0, false);   /* no name */
	expect_refused(&raw, 1 + ID_BYTES, '-', false); /* none that a member has */
	expect_refused(&raw, 1 + ID_BYTES + CERTIFICATE_NAME_MAX, 'x', false); /* without an end */
	expect_refused(&raw, 1 + ID_BYTES + CERTIFICATE_NAME_MAX + 1, 2, false); /* a truth value */
	message = sample(CHANNEL_HOST);
	channel_encode(&message, &raw);
	expect_refused(&raw, 1, NODE_HOST_ENDPOINTS_MAX + 1, true);
	message = sample(CHANNEL_LOOKUP_DONE);
	channel_encode(&message, &raw);
	expect_refused(&raw, 5, NODE_ENDPOINTS_MAX + 1, true);
	message = sample(CHANNEL_CLIENT);
	channel_encode(&message, &raw);
	expect_refused(&raw, 5, 2, true);
	for (unsigned kind = 0; kind <= UINT8_MAX; kind++) {
		bool known = false;

		for (size_t i = 0; i < KINDS; i++)
			known = known || kinds[i] == kind;
		if (!known)
			expect_refused(&raw, 0, (uint8_t)kind, true);
	}
}

static void a_malformed_message_loses_its_descriptors(void **state)
{
	struct unix_message raw = { .len = CHANNEL_BYTES, .fd_count = 1 };
	struct channel_message got;
	int pair[2];
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(unix_pair(pair), 0);
	assert_int_equal(pipe(fds), 0);
	raw.bytes[0] = CHANNEL_STOP; /* which carries none */
	raw.fds[0] = fds[1];
	assert_int_equal(unix_send(pair[0], &raw), 0);
	(void)close(fds[1]);
	assert_int_equal(channel_receive(pair[1], true, &got), ERR_MALFORMED);
	assert_int_equal(read(fds[0], &byte, 1), 0); /* the last writer was closed */
	assert_int_equal(channel_receive(pair[1], true, &got), ERR_AGAIN);
	raw.len = CHANNEL_BYTES + 1;
	raw.fd_count = 0;
	assert_int_equal(unix_send(pair[0], &raw), 0);
	assert_int_equal(channel_receive(pair[1], true, &got), ERR_MALFORMED);
	(void)close(pair[0]);
	assert_int_equal(channel_receive(pair[1], true, &got), ERR_NOT_FOUND);
	(void)close(pair[1]);
	(void)close(fds[0]);
}

/* A client that is lost is no harm; files that are lost are, for the steward goes by them. */
static void what_no_descriptor_is_free_for_is_told_apart(void **state)
{
	struct channel_message client = sample(CHANNEL_CLIENT);
	struct channel_message files = sample(CHANNEL_RELOADED);
	struct channel_message got;
	struct rlimit kept;
	struct rlimit few;
	int pair[2];

	(void)state;
	assert_int_equal(unix_pair(pair), 0);
	client.fds[0] = files.fds[0] = files.fds[1] = pair[0];
	assert_int_equal(channel_send(pair[0], &client), 0);
	assert_int_equal(channel_send(pair[0], &files), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &kept), 0);
	few = kept;
	few.rlim_cur = (rlim_t)pair[1] + 1; /* unix_pair() took the lowest that were free */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(channel_receive(pair[1], true, &got), ERR_FULL);
	assert_int_equal(channel_receive(pair[1], true, &got), ERR_NOMEM);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &kept), 0);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_arrives_as_it_was_said),
		cmocka_unit_test(fields_arrive),
		cmocka_unit_test(nobody_says_what_is_the_others),
		cmocka_unit_test(lengths_and_descriptors_are_exact),
		cmocka_unit_test(a_start_has_the_descriptors_that_it_says),
		cmocka_unit_test(what_is_accepted_is_canonical),
		cmocka_unit_test(fields_have_their_range),
		cmocka_unit_test(a_malformed_message_loses_its_descriptors),
		cmocka_unit_test(what_no_descriptor_is_free_for_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
