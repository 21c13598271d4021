/* channel.c - see channel.h. */
#include "prog/ipopd/channel.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "prog/ipopd/log.h"

#include <assert.h>
#include <string.h>

static_assert(CHANNEL_BYTES <= UNIX_MESSAGE_BYTES_MAX, "a message fits");
static_assert(CHANNEL_FDS + TUN_QUEUES_MAX <= UNIX_FDS_MAX, "and so do its descriptors");
static_assert(CONFIG_WORKERS_MAX <= TUN_QUEUES_MAX, "each worker has a queue");
static_assert(1 + NODE_NAME_MAX + 1 + 1 + 1 +
			      NODE_NEIGHBOURS_MAX * (ID_BYTES + ENDPOINT_WIRE_BYTES) <=
		      CHANNEL_BYTES,
	      "the longest one");
static_assert(1 + 2 + COMPLAINT_CHARS <= CHANNEL_BYTES, "and the longest sentence");

static void encode_neighbours(const struct channel_neighbours *neighbours, struct writer *w)
{
	CHECK(neighbours->count <= NODE_NEIGHBOURS_MAX);
	writer_u8(w, (uint8_t)neighbours->count);
	for (uint32_t i = 0; i < neighbours->count; i++) {
		writer_bytes(w, neighbours->list[i].id.bytes, ID_BYTES);
		endpoint_encode(&neighbours->list[i].endpoint, w);
	}
}

static void encode_start(const struct channel_message *message, struct writer *w)
{
	writer_bytes(w, (const uint8_t *)message->start.network, sizeof(message->start.network));
	writer_u8(w, message->start.log_style);
	writer_u8(w, message->start.workers);
	writer_u8(w, message->start.queues);
	writer_u8(w, message->start.has_config);
	encode_neighbours(&message->start.neighbours, w);
}

static void encode_host(const struct addresses *host, struct writer *w)
{
	CHECK(host->count <= NODE_HOST_ENDPOINTS_MAX);
	writer_u8(w, (uint8_t)host->count);
	for (uint32_t i = 0; i < host->count; i++) {
		writer_bytes(w, host->list[i].ip.bytes, sizeof(host->list[i].ip.bytes));
		writer_u32(w, host->list[i].interface);
	}
}

static void encode_configure(const struct node_addresses *a, struct writer *w)
{
	writer_bytes(w, a->ipv6.bytes, sizeof(a->ipv6.bytes));
	writer_u8(w, a->ipv6_prefix_len);
	writer_u8(w, a->has_ipv4);
	writer_bytes(w, a->ipv4, sizeof(a->ipv4));
	writer_u8(w, a->ipv4_prefix_len);
	writer_u16(w, a->mtu);
}

static void encode_lookup_done(const struct channel_message *message, struct writer *w)
{
	CHECK(message->lookup_done.count <= NODE_ENDPOINTS_MAX);
	writer_u32(w, message->lookup_done.bootstrap);
	writer_u8(w, (uint8_t)message->lookup_done.count);
	for (uint32_t i = 0; i < message->lookup_done.count; i++)
		endpoint_encode(&message->lookup_done.endpoints[i], w);
}

static void encode_failed(const struct complaint *failed, struct writer *w)
{
	const size_t len = strlen(failed->text);

	writer_u16(w, (uint16_t)len);
	writer_bytes(w, (const uint8_t *)failed->text, len);
}

static void encode_peer(const struct channel_message *message, struct writer *w)
{
	writer_bytes(w, message->peer.id.bytes, ID_BYTES);
	writer_bytes(w, (const uint8_t *)message->peer.name, sizeof(message->peer.name));
	writer_u8(w, message->peer.is_there);
}

void channel_add_start_fds(struct channel_message *start, const int files[CHANNEL_FDS],
			   const int *queues, uint32_t queue_count)
{
	start->start.queues = (uint8_t)queue_count;
	start->start.has_config = files[CHANNEL_FD_CONFIG] >= 0;
	for (int i = 0; i < CHANNEL_FDS; i++)
		if (files[i] >= 0)
			start->fds[start->fd_count++] = files[i];
	for (uint32_t i = 0; i < queue_count; i++)
		start->fds[start->fd_count++] = queues[i];
}

void channel_encode(const struct channel_message *message, struct unix_message *ret)
{
	struct writer w = writer_of(ret->bytes, CHANNEL_BYTES);

	CHECK(message->fd_count <= UNIX_FDS_MAX);
	writer_u8(&w, (uint8_t)message->kind);
	switch (message->kind) {
	case CHANNEL_START:
		encode_start(message, &w);
		break;
	case CHANNEL_LOOKUP_DONE:
		encode_lookup_done(message, &w);
		break;
	case CHANNEL_CLIENT:
		writer_u32(&w, message->client.uid);
		writer_u8(&w, message->client.may_change);
		break;
	case CHANNEL_HOST:
		encode_host(&message->host, &w);
		break;
	case CHANNEL_CONFIGURE:
		encode_configure(&message->configure, &w);
		break;
	case CHANNEL_LOOKUP:
		writer_u32(&w, message->lookup);
		break;
	case CHANNEL_KEEP:
		encode_neighbours(&message->keep, &w);
		break;
	case CHANNEL_FAILED:
	case CHANNEL_NOT_RELOADED:
	case CHANNEL_TROUBLE:
		encode_failed(&message->failed, &w);
		break;
	case CHANNEL_RELOADED:
		writer_u8(&w, message->reloaded.has_config);
		break;
	case CHANNEL_PEER:
		encode_peer(message, &w);
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
	writer_zero(&w, CHANNEL_BYTES - w.len);
	CHECK(writer_ok(&w));
	ret->len = CHANNEL_BYTES;
	memcpy(ret->fds, message->fds, sizeof(ret->fds));
	ret->fd_count = message->fd_count;
}

/* --- decoding: each takes its fields and says whether they are in range --- */

static bool read_bool(struct reader *r, bool *ret)
{
	uint8_t value;

	if (!reader_u8(r, &value) || value > 1)
		return false;
	*ret = value == 1;
	return true;
}

bool channel_may_name(const struct endpoint *endpoint)
{
	return endpoint->port != 0 && !endpoint_ip_is_zero(endpoint);
}

static bool decode_neighbours(struct reader *r, struct channel_neighbours *ret)
{
	uint8_t count;

	if (!reader_u8(r, &count) || count > NODE_NEIGHBOURS_MAX)
		return false;
	ret->count = count;
	for (uint8_t i = 0; i < count; i++) {
		struct node_neighbour *const neighbour = &ret->list[i];

		if (!reader_bytes(r, neighbour->id.bytes, ID_BYTES) ||
		    !endpoint_decode(r, &neighbour->endpoint) ||
		    !channel_may_name(&neighbour->endpoint))
			return false;
	}
	return true;
}

static bool decode_start(struct reader *r, struct channel_message *ret)
{
	char *network = ret->start.network;

	return reader_bytes(r, (uint8_t *)network, sizeof(ret->start.network)) &&
	       reader_u8(r, &ret->start.log_style) && reader_u8(r, &ret->start.workers) &&
	       reader_u8(r, &ret->start.queues) && read_bool(r, &ret->start.has_config) &&
	       network[0] != 0 && network[NODE_NAME_MAX] == 0 &&
	       ret->start.log_style < LOG_STYLES && ret->start.workers <= CONFIG_WORKERS_MAX &&
	       ret->start.queues == (ret->start.workers == 0 ? 1 : ret->start.workers) &&
	       decode_neighbours(r, &ret->start.neighbours);
}

static bool decode_lookup_done(struct reader *r, struct channel_message *ret)
{
	uint8_t count;

	if (!reader_u32(r, &ret->lookup_done.bootstrap) || !reader_u8(r, &count) ||
	    count > NODE_ENDPOINTS_MAX)
		return false;
	ret->lookup_done.count = count;
	for (uint8_t i = 0; i < count; i++) {
		if (!endpoint_decode(r, &ret->lookup_done.endpoints[i]))
			return false;
	}
	return true;
}

static bool decode_client(struct reader *r, struct channel_message *ret)
{
	return reader_u32(r, &ret->client.uid) && read_bool(r, &ret->client.may_change);
}

static bool decode_host(struct reader *r, struct addresses *ret)
{
	uint8_t count;

	if (!reader_u8(r, &count) || count > NODE_HOST_ENDPOINTS_MAX)
		return false;
	ret->count = count;
	for (uint8_t i = 0; i < count; i++) {
		if (!reader_bytes(r, ret->list[i].ip.bytes, sizeof(ret->list[i].ip.bytes)) ||
		    !reader_u32(r, &ret->list[i].interface))
			return false;
	}
	return true;
}

static bool decode_configure(struct reader *r, struct channel_message *ret)
{
	struct node_addresses *a = &ret->configure;

	return reader_bytes(r, a->ipv6.bytes, sizeof(a->ipv6.bytes)) &&
	       reader_u8(r, &a->ipv6_prefix_len) && read_bool(r, &a->has_ipv4) &&
	       reader_bytes(r, a->ipv4, sizeof(a->ipv4)) && reader_u8(r, &a->ipv4_prefix_len) &&
	       reader_u16(r, &a->mtu) && a->ipv6_prefix_len <= 128 && a->ipv4_prefix_len <= 32;
}

static bool decode_failed(struct reader *r, struct complaint *ret)
{
	uint16_t len;

	if (!reader_u16(r, &len) || len > COMPLAINT_CHARS)
		return false;
	ret->text[len] = '\0';
	return reader_bytes(r, (uint8_t *)ret->text, len) && strlen(ret->text) == len;
}

/* The name goes into the environment of a program: it must be one. */
static bool decode_peer(struct reader *r, struct channel_message *ret)
{
	char *const name = ret->peer.name;

	return reader_bytes(r, ret->peer.id.bytes, ID_BYTES) &&
	       reader_bytes(r, (uint8_t *)name, sizeof(ret->peer.name)) &&
	       read_bool(r, &ret->peer.is_there) && name[CERTIFICATE_NAME_MAX] == '\0' &&
	       SECCHECK(SEC_CHANNEL_NAME, certificate_name_is_valid(name));
}

static bool descriptors_match(const struct channel_message *message, size_t count)
{
	switch (message->kind) {
	case CHANNEL_START:
		return count == CHANNEL_FD_CONFIG + (message->start.has_config ? 1U : 0U) +
					message->start.queues;
	case CHANNEL_CLIENT:
		return count == 1;
	case CHANNEL_RELOADED:
		return count == (message->reloaded.has_config ? 2U : 1U);
	case CHANNEL_CONFIGURED:
	case CHANNEL_LOOKUP_DONE:
	case CHANNEL_STOP:
	case CHANNEL_HOST:
	case CHANNEL_COPIED:
	case CHANNEL_PEERS:
	case CHANNEL_CONFIGURE:
	case CHANNEL_LOOKUP:
	case CHANNEL_KEEP:
	case CHANNEL_FAILED:
	case CHANNEL_NOT_RELOADED:
	case CHANNEL_TROUBLE:
	case CHANNEL_RELOAD:
	case CHANNEL_PING:
	case CHANNEL_PONG:
	case CHANNEL_PEER:
		break;
	}
	return count == 0;
}

/* The fields behind the kind, which is not trusted yet. */
static bool decode_fields(struct reader *r, uint8_t kind, struct channel_message *ret)
{
	switch (kind) {
	case CHANNEL_START:
		return decode_start(r, ret);
	case CHANNEL_LOOKUP_DONE:
		return decode_lookup_done(r, ret);
	case CHANNEL_CLIENT:
		return decode_client(r, ret);
	case CHANNEL_HOST:
		return decode_host(r, &ret->host);
	case CHANNEL_CONFIGURE:
		return decode_configure(r, ret);
	case CHANNEL_LOOKUP:
		return reader_u32(r, &ret->lookup);
	case CHANNEL_KEEP:
		return decode_neighbours(r, &ret->keep);
	case CHANNEL_FAILED:
	case CHANNEL_NOT_RELOADED:
	case CHANNEL_TROUBLE:
		return decode_failed(r, &ret->failed);
	case CHANNEL_RELOADED:
		return read_bool(r, &ret->reloaded.has_config);
	case CHANNEL_PEER:
		return decode_peer(r, ret);
	case CHANNEL_CONFIGURED:
	case CHANNEL_STOP:
	case CHANNEL_COPIED:
	case CHANNEL_PEERS:
	case CHANNEL_RELOAD:
	case CHANNEL_PING:
	case CHANNEL_PONG:
		return true;
	default:
		return false;
	}
}

int channel_decode(const struct unix_message *raw, bool from_steward, struct channel_message *ret)
{
	struct reader r = reader_of(span_of(raw->bytes, raw->len));
	struct channel_message message = { 0 };
	uint8_t kind;

	if (raw->len != CHANNEL_BYTES || !reader_u8(&r, &kind) ||
	    !SECCHECK(SEC_CHANNEL_SENDER, from_steward == (kind < CHANNEL_CONFIGURE)) ||
	    !decode_fields(&r, kind, &message) || !reader_zero(&r, reader_left(&r)))
		return ERR_MALFORMED;
	message.kind = (enum channel_kind)kind;
	if (!SECCHECK(SEC_CHANNEL_FDS, descriptors_match(&message, raw->fd_count)))
		return ERR_MALFORMED;
	memcpy(message.fds, raw->fds, sizeof(message.fds));
	message.fd_count = raw->fd_count;
	*ret = message;
	return 0;
}

int channel_send(int fd, const struct channel_message *message)
{
	struct unix_message raw;

	channel_encode(message, &raw);
	return unix_send(fd, &raw);
}

int channel_receive(int fd, bool from_steward, struct channel_message *ret)
{
	struct unix_message raw;
	int err = unix_receive(fd, &raw);

	if (err == ERR_FULL && raw.bytes[0] == CHANNEL_CLIENT)
		return err; /* its end is closed: nothing else is lost */
	if (err == ERR_FULL)
		return ERR_NOMEM;
	if (err < 0)
		return err == ERR_TOO_LONG ? ERR_MALFORMED : err;
	err = channel_decode(&raw, from_steward, ret);
	if (err < 0)
		unix_drop_fds(&raw);
	return err;
}
