/* watch.c - see watch.h: what datagrams are sent for.
 *
 * When a frame is sealed, its kind is known, and 16 bytes of the datagram that comes of it are in
 * clear: by these it is found again when it leaves. What is sealed twice, for a relay or along the
 * ring, counts as what it carries.
 */
#include "prog/ipop-sim/watch_internal.h"

#include "forward/seal.h"
#include "wire/datagram.h"

#define SEALED_MAX 65536 /* remembered, by a hash of their headers */
#define CLEAR_BYTES 16   /* type, index, counter */
#define UDP_IPV4_BYTES 28
#define PAYLOAD_BYTES_MAX 2048
#define ROUTED_FROM_AT 44 /* in a ROUTED payload: behind four bytes, target and via */

struct sealed {
	uint8_t clear[CLEAR_BYTES];
	const struct member *by;
	enum purpose purpose;
};

static struct watch {
	struct play *play;
	enum plant plant;
	struct purposes sum;
	struct sealed sealed[SEALED_MAX];
	uint8_t clear[PAYLOAD_BYTES_MAX]; /* what is to be disclosed */
} watch;

const char *purpose_name(enum purpose purpose)
{
	static const char *const names[PURPOSES] = {
#define PURPOSE_NAME(name, text, help) [name] = (text),
		PURPOSE_LIST(PURPOSE_NAME)
#undef PURPOSE_NAME
	};

	return names[purpose];
}

void watch_begin(struct play *play, enum plant which)
{
	watch = (struct watch){ .play = play, .plant = which };
	if (play != NULL) {
		hostile_begin(play);
		known_begin(play);
		plant_begin(play);
	}
}

struct purposes watch_purposes(void)
{
	return watch.sum;
}

struct play *watched_play(void)
{
	return watch.play;
}

enum plant watched_plant(void)
{
	return watch.play == NULL ? PLANT_NONE : watch.plant;
}

const struct member *watched_member(void)
{
	uint32_t host = watch.play == NULL ? 0 : world_running(watch.play->world);
	const uint32_t i = host == 0 ? CROWD_NOBODY : watch.play->crowd.by_host[host];

	return i == CROWD_NOBODY ? NULL : &watch.play->crowd.members[i];
}

static struct sealed *slot_of(const uint8_t clear[CLEAR_BYTES])
{
	uint32_t hash = 2166136261; /* FNV-1a */

	for (unsigned i = 0; i < CLEAR_BYTES; i++)
		hash = (hash ^ clear[i]) * 16777619;
	return &watch.sealed[hash % SEALED_MAX];
}

static const struct sealed *sealed_find(const uint8_t clear[CLEAR_BYTES])
{
	const struct sealed *slot = slot_of(clear);

	return memcmp(slot->clear, clear, CLEAR_BYTES) == 0 ? slot : NULL;
}

/* A message along the ring: whose it is. */
static enum purpose routed_purpose(const struct member *self, struct span payload)
{
	const struct id *own = &self->identity.certificate.id;

	return payload.len >= ROUTED_FROM_AT + ID_BYTES &&
			       memcmp(payload.data + ROUTED_FROM_AT, own->bytes, ID_BYTES) == 0
		       ? PURPOSE_ROUTED
		       : PURPOSE_CARRIED;
}

static enum purpose relay_purpose(const struct member *self, struct span payload)
{
	const struct sealed *inner = NULL;

	if (payload.len >= RELAY_HEADER_BYTES + CLEAR_BYTES)
		inner = sealed_find(payload.data + RELAY_HEADER_BYTES);
	return inner != NULL && inner->by == self ? inner->purpose : PURPOSE_RELAYED;
}

static enum purpose purpose_of(uint8_t kind, struct span payload)
{
	const struct member *self = watched_member();

	if (self == NULL)
		return PURPOSE_OTHER;
	switch ((enum frame_kind)kind) {
	case FRAME_IP:
		return PURPOSE_DATA;
	case FRAME_EMPTY:
	case FRAME_PROBE:
	case FRAME_PROBE_ACK:
		return PURPOSE_PROBES;
	case FRAME_REKEY:
	case FRAME_REKEY_ACK:
	case FRAME_REKEY_WANTED:
	case FRAME_CLOSE:
	case FRAME_RELEASE:
	case FRAME_HOLD:
		return PURPOSE_KEYS;
	case FRAME_NEIGHBOURS:
		return PURPOSE_NEIGHBOURS;
	case FRAME_CANDIDATES:
	case FRAME_RELAY_ASK:
	case FRAME_RELAY_GRANT:
	case FRAME_RELAY_END:
		return PURPOSE_PATHS;
	case FRAME_ROUTED:
	case FRAME_BROADCAST:
		return routed_purpose(self, payload);
	case FRAME_PART:
	case FRAME_DATAGRAM:
		return PURPOSE_CARRIED;
	case FRAME_RELAY:
		return relay_purpose(self, payload);
	case FRAME_CLOCK:
		return PURPOSE_OTHER;
	}
	return PURPOSE_OTHER;
}

static void remember(const uint8_t datagram[CLEAR_BYTES], enum purpose purpose)
{
	struct sealed *slot = slot_of(datagram);

	memcpy(slot->clear, datagram, CLEAR_BYTES);
	slot->by = watched_member();
	slot->purpose = purpose;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_keyset_seal(struct keyset *keyset, struct mono now, const struct frame_header *frame,
		       struct span payload, uint8_t *ret);
int __wrap_keyset_seal(struct keyset *keyset, struct mono now, const struct frame_header *frame,
		       struct span payload, uint8_t *ret);

int __wrap_keyset_seal(struct keyset *keyset, struct mono now, const struct frame_header *frame,
		       struct span payload, uint8_t *ret)
{
	/* The payload may be sealed in place. */
	const enum purpose purpose = purpose_of(frame->kind, payload);
	const int err = __real_keyset_seal(keyset, now, frame, payload, ret);

	if (err == 0)
		remember(ret, purpose);
	return err;
}

int __real_keyset_run_seal(struct keyset_run *run, const struct frame_header *frame,
			   struct span payload, uint8_t *ret);
int __wrap_keyset_run_seal(struct keyset_run *run, const struct frame_header *frame,
			   struct span payload, uint8_t *ret);

int __wrap_keyset_run_seal(struct keyset_run *run, const struct frame_header *frame,
			   struct span payload, uint8_t *ret)
{
	const enum purpose purpose = purpose_of(frame->kind, payload);
	const bool disclosed = payload.len <= sizeof(watch.clear) && plant_discloses(frame->kind);
	int err;

	if (disclosed)
		memcpy(watch.clear, payload.data, payload.len);
	err = __real_keyset_run_seal(run, frame, payload, ret);
	if (err == 0)
		remember(ret, purpose);
	if (err == 0 && disclosed)
		memcpy(ret + CLEAR_BYTES, watch.clear, payload.len);
	return err;
}

int __real_world_send(struct world *world, uint32_t host, const struct net_datagram *datagram);
int __wrap_world_send(struct world *world, uint32_t host, const struct net_datagram *datagram);

int __wrap_world_send(struct world *world, uint32_t host, const struct net_datagram *datagram)
{
	enum purpose purpose = PURPOSE_HANDSHAKES;

	if (datagram->bytes.len >= CLEAR_BYTES && datagram->bytes.data[0] == DATAGRAM_DATA) {
		const struct sealed *sealed = sealed_find(datagram->bytes.data);

		purpose = sealed == NULL ? PURPOSE_OTHER : sealed->purpose;
	}
	watch.sum.bytes[purpose] += datagram->bytes.len + UDP_IPV4_BYTES;
	return __real_world_send(world, host, datagram);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
