/* party.c - see party.h. */
#include "tests/lib/party.h"

#include "base/check.h"
#include "base/err.h"
#include "crypto/ca.h"
#include "session/session_internal.h"

#include <stdlib.h>

#define PACKET_BYTES 48

const struct now party_start = { .mono = { .us = UINT64_C(3600000000) },
				 .wall = { .us = INT64_C(1767225600000000) } }; /* 2026 */

struct now party_later_ms(uint64_t ms)
{
	return (struct now){ .mono = mono_add_ms(party_start.mono, ms),
			     .wall = { .us = party_start.wall.us + (int64_t)ms * 1000 } };
}

static void seed_of(uint64_t a, uint64_t b, uint8_t ret[ENTROPY_SEED_BYTES])
{
	memset(ret, 0, ENTROPY_SEED_BYTES);
	memcpy(ret, &a, sizeof(a));
	memcpy(ret + sizeof(a), &b, sizeof(b));
}

struct party_group *party_group_new(uint64_t seed, bool open)
{
	struct party_group *group = calloc(1, sizeof(*group));
	uint8_t bytes[ENTROPY_SEED_BYTES];
	uint8_t secret[KEY_SECRET_BYTES];

	CHECK(group != NULL);
	*group = (struct party_group){ .open = open,
				       .kind = KEY_ED25519,
				       .sessions_max = PARTY_SESSIONS_MAX,
				       .suites = suites_all,
				       .now = party_start.wall,
				       .days = 365 };
	seed_of(seed, 0, bytes);
	entropy_init(&group->entropy, bytes);
	entropy_bytes(&group->entropy, secret, sizeof(secret));
	group->secrets[0].epoch = 2;
	group->secrets[1].epoch = 1;
	for (size_t i = 0; i < SESSION_EPOCHS_MAX; i++)
		entropy_bytes(&group->entropy, group->secrets[i].bytes, SESSION_SECRET_BYTES);
	CHECK(key_new(KEY_ED25519, secret, &group->ca_key) == 0);
	if (open) {
		struct id network;

		entropy_bytes(&group->entropy, network.bytes, ID_BYTES);
		CHECK(trust_new_open(&network, &group->trust) == 0);
	} else {
		struct writer der = writer_of(group->ca_der, sizeof(group->ca_der));
		/* The CA is older than its members. */
		const struct wall born = { .us = group->now.us - 1000000 };

		CHECK(ca_new(group->ca_key, "group", born, &group->entropy, &der) == 0);
		group->ca_len = der.len;
		CHECK(trust_new_group(writer_span(&der), &group->trust) == 0);
	}
	return group;
}

void party_group_del(struct party_group *group)
{
	trust_free(group->trust);
	key_free(group->ca_key);
	free(group);
}

static void certify(struct party_group *group, struct party *party)
{
	uint8_t pem[CA_PEM_BYTES_MAX];
	uint8_t der[CERTIFICATE_BYTES_MAX];
	struct writer request_pem = writer_of(pem, sizeof(pem));
	struct writer w = writer_of(der, sizeof(der));
	char name[] = "host-a";
	struct ca_request request;
	struct ca_grant grant = { .request = &request, .now = group->now, .days = group->days };

	name[5] = (char)('a' + party->number % 26);
	if (group->open) {
		const struct ca_self self = { .name = name,
					      .network = trust_network(group->trust),
					      .now = group->now,
					      .days = group->days };

		CHECK(ca_sign_open(party->key, &self, &group->entropy, &w) == 0);
	} else {
		entropy_bytes(&group->entropy, grant.salt, sizeof(grant.salt));
		CHECK(ca_request(party->key, name, &request_pem) == 0);
		CHECK(ca_request_read(writer_span(&request_pem), &request) == 0);
		CHECK(ca_sign(group->ca_key, span_of(group->ca_der, group->ca_len), &grant,
			      &group->entropy, &w) == 0);
	}
	CHECK(certificate_verify(group->trust, writer_span(&w), group->now, &party->certificate) ==
	      0);
}

static void start(struct party_group *group, struct party *party)
{
	const struct session_config config = { .key = party->key,
					       .certificate = &party->certificate,
					       .trust = group->trust,
					       .secrets = { group->secrets[0], group->secrets[1] },
					       .suites = group->suites,
					       .capabilities = party->number,
					       .sessions_max = group->sessions_max };

	CHECK(sessions_new(&config, &party->entropy, &party->rng, &party->trace,
			   &party->sessions) == 0);
}

static struct party *begin(struct party_group *group, uint8_t number)
{
	struct party *party = calloc(1, sizeof(*party));
	uint8_t seed[ENTROPY_SEED_BYTES];

	CHECK(party != NULL);
	party->number = number;
	party->trust = group->trust;
	party->address = (struct carrier){ .name = { number }, .source = { number } };
	entropy_bytes(&group->entropy, seed, sizeof(seed));
	entropy_init(&party->entropy, seed);
	rng_init_seed(&party->rng, seed[0] | (uint64_t)seed[1] << 8 | (uint64_t)number << 16);
	trace_init(&party->trace);
	return party;
}

struct party *party_new(struct party_group *group, uint8_t number)
{
	struct party *party = begin(group, number);
	uint8_t secret[KEY_SECRET_BYTES];

	entropy_bytes(&party->entropy, secret, sizeof(secret));
	CHECK(key_new(group->kind, secret, &party->key) == 0);
	certify(group, party);
	start(group, party);
	return party;
}

struct party *party_new_as(struct party_group *group, uint8_t number, const struct party *other)
{
	struct party *party = begin(group, number);
	uint8_t pem[KEY_PEM_BYTES_MAX];
	size_t len;

	CHECK(key_to_pem(other->key, span_of(NULL, 0), &group->entropy, pem, &len) == 0);
	CHECK(key_from_pem(span_of(pem, len), span_of(NULL, 0), &party->key) == 0);
	party->certificate = other->certificate;
	start(group, party);
	return party;
}

static void forget_keysets(struct party *party)
{
	for (size_t i = 0; i < PARTY_KEYSETS_MAX; i++) {
		keyset_unref(party->keysets[i].keyset);
		party->keysets[i] = (struct party_keyset){ 0 };
	}
}

void party_del(struct party *party)
{
	if (party == NULL)
		return;
	forget_keysets(party);
	sessions_del(party->sessions);
	key_free(party->key);
	free(party);
}

void party_restart(struct party_group *group, struct party *party)
{
	forget_keysets(party);
	sessions_del(party->sessions);
	memset(party->links, 0, sizeof(party->links));
	party->out_head = party->out_tail = 0;
	party->note_count = 0;
	start(group, party);
}

struct target party_target(const struct party *party)
{
	return (struct target){ TARGET_EXACT, party->certificate.id };
}

static struct party_out *push_out(struct party *party, const struct carrier *to)
{
	struct party_out *out;

	CHECK(party->out_tail - party->out_head < PARTY_OUTS_MAX);
	out = &party->outs[party->out_tail++ % PARTY_OUTS_MAX];
	out->to = *to;
	return out;
}

const struct party_out *party_next(struct party *party)
{
	if (party->out_head == party->out_tail)
		return NULL;
	return &party->outs[party->out_head++ % PARTY_OUTS_MAX];
}

static struct party_keyset *keyset_at(struct party *party, uint32_t local_index)
{
	for (size_t i = 0; i < PARTY_KEYSETS_MAX; i++) {
		if (party->keysets[i].keyset != NULL &&
		    party->keysets[i].local_index == local_index)
			return &party->keysets[i];
	}
	return NULL;
}

static void add_keyset(struct party *party, const struct session_output *output)
{
	struct party_keyset *place = NULL;
	const struct keyset_config config = { .local_index = output->keys.local_index,
					      .remote_index = output->keys.remote_index,
					      .send_key = output->keys.send_key,
					      .receive_key = output->keys.receive_key,
					      .suite = output->keys.suite,
					      .stop = output->keys.stop };

	CHECK(keyset_at(party, config.local_index) == NULL);
	for (size_t i = 0; i < PARTY_KEYSETS_MAX && place == NULL; i++) {
		if (party->keysets[i].keyset == NULL)
			place = &party->keysets[i];
	}
	CHECK(place != NULL);
	place->session = output->session;
	place->local_index = config.local_index;
	memcpy(place->send_key, output->keys.send_key, AEAD_KEY_BYTES);
	memcpy(place->receive_key, output->keys.receive_key, AEAD_KEY_BYTES);
	CHECK(keyset_new(&config, &place->keyset) == 0);
}

static void forget_keyset(struct party *party, uint32_t local_index)
{
	struct party_keyset *place = keyset_at(party, local_index);

	CHECK(place != NULL);
	keyset_unref(place->keyset);
	*place = (struct party_keyset){ 0 };
}

static void report(struct party *party, struct now now, struct party_keyset *place)
{
	const uint32_t local_index = place->local_index;
	const unsigned milestones = keyset_take_milestones(place->keyset);

	if ((milestones & KEYSET_OPENED) != 0)
		sessions_used(party->sessions, now, local_index, SESSION_USE_OPENED, 1);
	if ((milestones & KEYSET_IP) != 0)
		sessions_used(party->sessions, now, local_index, SESSION_USE_IP, 1);
}

/* One frame under a key set; false if that key set is at its end. */
static bool seal(struct party *party, struct now now, struct party_keyset *place,
		 const struct frame_header *header, struct span payload)
{
	const uint32_t place_in_links = place->session.index % PARTY_SESSIONS_MAX;
	struct party_out *out = push_out(party, &party->links[place_in_links].to);

	if (keyset_seal(place->keyset, now.mono, header, payload, out->bytes) != 0) {
		party->out_tail--;
		return false;
	}
	out->len = payload.len + KEYSET_OVERHEAD;
	report(party, now, place);
	return true;
}

static void note(struct party *party, const struct session_output *output)
{
	struct party_note *n;

	CHECK(party->note_count < PARTY_NOTES_MAX);
	n = &party->notes[party->note_count++];
	*n = (struct party_note){ .kind = output->kind, .session = output->session };
	switch (output->kind) {
	case SESSION_ASK:
	case SESSION_ESTABLISHED:
		n->peer = output->peer;
		n->peer.certificate = NULL;
		n->peer_id = output->peer.certificate->id;
		break;
	case SESSION_SEND_WITH:
	case SESSION_FORGET:
		n->local_index = output->local_index;
		break;
	case SESSION_KEYS:
		n->local_index = output->keys.local_index;
		break;
	case SESSION_REPLACED:
		n->by = output->by;
		break;
	case SESSION_CLOSED:
		n->reason = output->reason;
		break;
	case SESSION_SEND_FRAME:
	case SESSION_SEND_HANDSHAKE:
		break;
	}
}

static void take_output(struct party *party, struct now now, const struct session_output *output)
{
	const uint32_t link = output->session.index % PARTY_SESSIONS_MAX;
	struct party_out *out;

	switch (output->kind) {
	case SESSION_SEND_HANDSHAKE:
		out = push_out(party, &output->handshake.carrier);
		memcpy(out->bytes, output->handshake.bytes.data, output->handshake.bytes.len);
		out->len = output->handshake.bytes.len;
		party->m0_sent += datagram_type(output->handshake.bytes) == DATAGRAM_M0;
		break;
	case SESSION_SEND_FRAME: {
		struct party_keyset *place = keyset_at(party, output->frame.local_index);

		CHECK(place != NULL && output->frame.payload.len <= sizeof(party->frame.payload));
		party->frame.session = output->session;
		party->frame.kind = output->frame.kind;
		party->frame.len = (uint8_t)output->frame.payload.len;
		memcpy(party->frame.payload, output->frame.payload.data, party->frame.len);
		(void)seal(party, now, place, &(struct frame_header){ .kind = output->frame.kind },
			   output->frame.payload);
		break;
	}
	case SESSION_KEYS:
		add_keyset(party, output);
		break;
	case SESSION_SEND_WITH:
		party->links[link].local_index = output->local_index;
		party->links[link].session = output->session;
		break;
	case SESSION_FORGET:
		forget_keyset(party, output->local_index);
		break;
	case SESSION_ASK:
		party->links[link].to = output->peer.carrier;
		if (party->policy != PARTY_IS_SILENT)
			sessions_answer(party->sessions, now, output->session,
					party->policy == PARTY_ALLOWS);
		break;
	case SESSION_ESTABLISHED:
	case SESSION_REPLACED:
		break;
	case SESSION_CLOSED:
		party->links[link].local_index = 0;
		break;
	}
}

void party_drain(struct party *party, struct now now)
{
	struct session_output output;

	while (sessions_poll(party->sessions, now, &output)) {
		if (output.kind != SESSION_SEND_HANDSHAKE && output.kind != SESSION_SEND_FRAME)
			note(party, &output);
		take_output(party, now, &output);
	}
}

struct handle party_dial(struct party *party, struct now now, const struct party *other)
{
	const struct target target = party_target(other);
	struct handle session;

	CHECK(sessions_dial(party->sessions, now, &target, &other->address, &session) == 0);
	party_drain(party, now);
	return session;
}

/* Packets carry a number of their sender's; who counts doubled ones has one sender only. */
static void count_packet(struct party *party, const uint8_t *packet, size_t len)
{
	struct reader r = reader_of(span_of(packet, len));
	struct span header;
	uint64_t number;

	party->packets++;
	if (reader_span(&r, PACKET_BYTES - sizeof(number), &header) && reader_u64(&r, &number))
		party->packets_doubled += party->numbers[number % PARTY_NUMBERS_MAX]++ > 0;
}

static int receive_data(struct party *party, struct now now, struct span bytes)
{
	uint8_t copy[DATAGRAM_BYTES_MAX];
	struct datagram_header header;
	struct keyset_opened opened;
	struct party_keyset *place;
	int err = datagram_header_decode(bytes, &header);

	if (err != 0)
		return err;
	place = keyset_at(party, header.receiver);
	if (place == NULL)
		return ERR_NOT_FOUND;
	memcpy(copy, bytes.data, bytes.len);
	err = keyset_open(place->keyset, now.mono, copy, bytes.len, &opened);
	if (err != 0)
		return err;
	const struct handle session = place->session;

	report(party, now, place);
	switch (opened.frame.kind) {
	case FRAME_IP:
		count_packet(party, opened.payload, opened.frame.payload_len);
		return 0;
	case FRAME_EMPTY:
		return 0;
	default:
		return sessions_frame(party->sessions, now, session, opened.frame.kind,
				      span_of(opened.payload, opened.frame.payload_len));
	}
}

int party_receive(struct party *party, struct now now, const struct carrier *from,
		  struct span bytes)
{
	const int err = datagram_type(bytes) == DATAGRAM_DATA
				? receive_data(party, now, bytes)
				: sessions_handshake(party->sessions, now, from, bytes);

	party_drain(party, now);
	return err;
}

void party_exchange(struct party *a, struct party *b, struct now now)
{
	bool any = true;

	party_drain(a, now);
	party_drain(b, now);
	while (any) {
		const struct party_out *out = party_next(a);

		any = out != NULL;
		if (out != NULL)
			(void)party_receive(b, now, &a->address, span_of(out->bytes, out->len));
		out = party_next(b);
		any = any || out != NULL;
		if (out != NULL)
			(void)party_receive(a, now, &b->address, span_of(out->bytes, out->len));
	}
}

const struct certificate *party_peer(const struct party *party, struct handle session)
{
	const struct session *own = pool_at(&party->sessions->pool, session);

	return own == NULL || !own->has_peer ? NULL : &own->peer.certificate;
}

bool party_send(struct party *party, struct now now, struct handle session, enum frame_kind kind)
{
	const uint32_t link = session.index % PARTY_SESSIONS_MAX;
	struct party_keyset *place = keyset_at(party, party->links[link].local_index);
	uint8_t packet[PACKET_BYTES] = { 0x60 };
	struct writer w = writer_of(packet + PACKET_BYTES - sizeof(uint64_t), sizeof(uint64_t));

	if (place == NULL || !handle_equal(party->links[link].session, session))
		return false;
	writer_u64(&w, party->packets_sent);
	party->packets_sent += kind == FRAME_IP;
	const bool sent = seal(party, now, place, &(struct frame_header){ .kind = (uint8_t)kind },
			       span_of(packet, kind == FRAME_IP ? sizeof(packet) : 0));

	party_drain(party, now);
	return sent;
}

uint32_t party_count(const struct party *party, enum session_output_kind kind)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < party->note_count; i++)
		count += party->notes[i].kind == kind;
	return count;
}

const struct party_note *party_last(const struct party *party, enum session_output_kind kind)
{
	for (uint32_t i = party->note_count; i-- > 0;) {
		if (party->notes[i].kind == kind)
			return &party->notes[i];
	}
	return NULL;
}

/* Whether the session sends, by what was said of it and of others since it was established. */
static bool sends_still(const struct party *party, uint32_t established)
{
	const struct handle session = party->notes[established].session;
	bool sends = true;

	for (uint32_t k = established + 1; k < party->note_count; k++) {
		const struct party_note *note = &party->notes[k];

		if (note->kind == SESSION_REPLACED && handle_equal(note->by, session))
			sends = true;
		else if (handle_equal(note->session, session) &&
			 (note->kind == SESSION_REPLACED || note->kind == SESSION_CLOSED))
			sends = false;
	}
	return sends;
}

struct handle party_session(const struct party *party)
{
	for (uint32_t i = party->note_count; i-- > 0;)
		if (party->notes[i].kind == SESSION_ESTABLISHED && sends_still(party, i))
			return party->notes[i].session;
	return HANDLE_NONE;
}

/* The key set under which the party would send. */
static const struct party_keyset *sends_with(const struct party *party)
{
	const struct handle session = party_session(party);

	if (handle_is_none(session))
		return NULL;
	const uint32_t local_index = party->links[session.index % PARTY_SESSIONS_MAX].local_index;

	for (size_t i = 0; i < PARTY_KEYSETS_MAX; i++) {
		if (party->keysets[i].keyset != NULL &&
		    party->keysets[i].local_index == local_index)
			return &party->keysets[i];
	}
	return NULL;
}

static bool can_open(const struct party *party, const struct party_keyset *sent)
{
	for (size_t i = 0; i < PARTY_KEYSETS_MAX; i++) {
		const struct party_keyset *own = &party->keysets[i];

		if (own->keyset != NULL &&
		    memcmp(own->receive_key, sent->send_key, AEAD_KEY_BYTES) == 0)
			return true;
	}
	return false;
}

bool party_is_joined(const struct party *a, const struct party *b)
{
	const struct party_keyset *from_a = sends_with(a);
	const struct party_keyset *from_b = sends_with(b);

	return from_a != NULL && from_b != NULL && can_open(b, from_a) && can_open(a, from_b);
}

void party_connect(struct party *a, struct party *b, struct now now)
{
	(void)party_dial(a, now, b);
	party_exchange(a, b, now);
	CHECK(party_is_joined(a, b));
}

static int set_up_pair(void **state, bool open)
{
	struct party_pair *pair = calloc(1, sizeof(*pair));

	CHECK(pair != NULL);
	pair->group = party_group_new(1, open);
	pair->a = party_new(pair->group, 1);
	pair->b = party_new(pair->group, 2);
	*state = pair;
	return 0;
}

int party_pair_set_up(void **state)
{
	return set_up_pair(state, false);
}

int party_pair_set_up_open(void **state)
{
	return set_up_pair(state, true);
}

int party_pair_tear_down(void **state)
{
	struct party_pair *pair = *state;

	party_del(pair->a);
	party_del(pair->b);
	party_group_del(pair->group);
	free(pair);
	return 0;
}

int party_pass(struct party *from, struct party *to, struct now now)
{
	const struct party_out *out = party_next(from);

	CHECK(out != NULL);
	return party_receive(to, now, &from->address, span_of(out->bytes, out->len));
}

void party_lose(struct party *party)
{
	party->out_head = party->out_tail;
}

uint8_t party_next_type(struct party *party)
{
	const struct party_out *out = party_next(party);

	return out == NULL ? 0 : out->bytes[0];
}

void party_run(struct party *party, uint64_t until_ms)
{
	const struct now until = party_later_ms(until_ms);

	for (;;) {
		const struct mono deadline = sessions_deadline(party->sessions);
		const uint64_t us = deadline.us > party_start.mono.us
					    ? deadline.us - party_start.mono.us
					    : 0; /* long since */

		if (deadline.us > until.mono.us)
			break;
		party_drain(party, party_later_ms((us + 999) / 1000));
	}
	party_drain(party, until);
}
