/* fuzz_channel.c - messages between steward and node, from an enemy on either side.
 *
 * The first byte says who sends and how many descriptors ride along. Oracle: what is accepted was
 * of a kind that the sender may use, has its fields in range, and encodes to the very bytes that
 * came.
 */
#include "base/check.h"
#include "prog/ipopd/channel.h"
#include "prog/ipopd/log.h"
#include "tests/fuzz/fuzz.h"

static void check_neighbours(const struct channel_neighbours *neighbours)
{
	CHECK(neighbours->count <= NODE_NEIGHBOURS_MAX);
	for (uint32_t i = 0; i < neighbours->count; i++)
		CHECK(channel_may_name(&neighbours->list[i].endpoint));
}

static void check_start(const struct channel_message *message)
{
	CHECK(message->start.network[0] != 0);
	CHECK(memchr(message->start.network, 0, sizeof(message->start.network)) != NULL);
	CHECK(message->start.log_style < LOG_STYLES);
	CHECK(message->start.workers <= CONFIG_WORKERS_MAX);
	CHECK(message->fd_count ==
	      CHANNEL_FD_CONFIG + (message->start.has_config ? 1U : 0U) + message->start.queues);
	check_neighbours(&message->start.neighbours);
}

static void check_fields(const struct channel_message *message)
{
	switch (message->kind) {
	case CHANNEL_START:
		check_start(message);
		return;
	case CHANNEL_CLIENT:
		CHECK(message->fd_count == 1);
		return;
	case CHANNEL_LOOKUP_DONE:
		CHECK(message->lookup_done.count <= NODE_ENDPOINTS_MAX);
		break;
	case CHANNEL_CONFIGURE:
		CHECK(message->configure.ipv6_prefix_len <= 128);
		CHECK(message->configure.ipv4_prefix_len <= 32);
		break;
	case CHANNEL_HOST:
		CHECK(message->host.count <= NODE_HOST_ENDPOINTS_MAX);
		break;
	case CHANNEL_KEEP:
		check_neighbours(&message->keep);
		break;
	case CHANNEL_RELOADED:
		CHECK(message->fd_count == (message->reloaded.has_config ? 2U : 1U));
		return;
	case CHANNEL_FAILED:
	case CHANNEL_NOT_RELOADED:
	case CHANNEL_TROUBLE:
		CHECK(strlen(message->failed.text) <= COMPLAINT_CHARS);
		break;
	case CHANNEL_PEER:
		CHECK(certificate_name_is_valid(message->peer.name));
		break;
	case CHANNEL_CONFIGURED:
	case CHANNEL_STOP:
	case CHANNEL_COPIED:
	case CHANNEL_PEERS:
	case CHANNEL_RELOAD:
	case CHANNEL_PING:
	case CHANNEL_PONG:
	case CHANNEL_LOOKUP:
		break;
	}
	CHECK(message->fd_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = script_of(data, size);
	const uint8_t way = script_u8(&script);
	struct unix_message raw = { .fd_count = (way >> 1) % (UNIX_FDS_MAX + 1) };
	const bool from_steward = (way & 1) != 0;
	struct channel_message message;
	struct unix_message again;

	while (script.left > 0 && raw.len < UNIX_MESSAGE_BYTES_MAX)
		raw.bytes[raw.len++] = script_u8(&script);
	if (channel_decode(&raw, from_steward, &message) < 0)
		return 0;
	CHECK(from_steward == (message.kind < CHANNEL_CONFIGURE));
	check_fields(&message);
	channel_encode(&message, &again);
	CHECK(again.len == raw.len && again.fd_count == raw.fd_count);
	CHECK(memcmp(again.bytes, raw.bytes, raw.len) == 0);
	return 0;
}
