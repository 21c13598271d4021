/* fuzz_session.c - three members, and a network that does to their datagrams whatever the input
 * says: keep, lose, repeat, reorder, change or misdeliver them; and time, restarts, closes and
 * policy in between (F3).
 *
 * Oracles: keys fit at two ends or at none, no key is ever made twice, and each end knows the other
 * for who it is; an initiator has whom it dialled; one dial makes one session an end; no packet is
 * accepted twice, changed, or by somebody else; tables keep their bounds; and once the network
 * behaves, whoever dials is joined.
 */
#include "base/check.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/party.h"

#define PARTIES 3
#define SESSIONS_MAX 8
#define STEPS_MAX 96
#define WIRE_MAX 64 /* datagrams under way; what comes then is lost */
#define TURNS_MAX 512
#define ENDS_MAX 512
#define NOTES_ROOM 256 /* of the party's notes, for one step and the end */

struct flight {
	unsigned from, to;
	bool accepted;
	size_t len, sent_len;
	uint8_t bytes[DATAGRAM_BYTES_MAX], sent_bytes[DATAGRAM_BYTES_MAX];
};

/* One end of a key set, as it was handed out; kept when the party has long forgotten it. */
struct end {
	unsigned owner;
	struct id peer;
	uint8_t send_key[AEAD_KEY_BYTES], receive_key[AEAD_KEY_BYTES];
};

struct side {
	struct party *party;
	struct entropy entropy; /* as they were when the party was new */
	struct rng rng;
	uint32_t noted; /* notes that were judged */
	unsigned dials[PARTIES];
	unsigned sessions[PARTIES][2]; /* by peer; [1]: of those that it dialled */
	unsigned packets_sent[PARTIES], packets_taken[PARTIES];
};

static struct trial {
	struct party_group *group;
	struct side sides[PARTIES];
	struct flight wire[WIRE_MAX];
	size_t wire_count;
	struct end ends[ENDS_MAX];
	size_t end_count;
	uint64_t ms;
	int64_t calendar_s; /* how far it was set */
} trial;

static struct now now_of(uint64_t ms)
{
	struct now now = party_later_ms(ms);

	now.wall.us += trial.calendar_s * 1000000;
	return now;
}

static struct now time_now(void)
{
	return now_of(trial.ms);
}

static const struct id *id_of(unsigned side)
{
	return &trial.sides[side].party->certificate.id;
}

static unsigned side_of(const struct id *id)
{
	unsigned side = 0;

	while (side < PARTIES && !id_equal(id, id_of(side)))
		side++;
	CHECK(side < PARTIES); /* nobody else has a certificate */
	return side;
}

static bool key_equal(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, AEAD_KEY_BYTES) == 0;
}

/* True if somebody was handed the same keys the other way round. */
static bool has_mirror(const struct party_keyset *set)
{
	for (size_t i = 0; i < trial.end_count; i++) {
		if (key_equal(trial.ends[i].receive_key, set->send_key))
			return true;
	}
	return false;
}

/* Notes a key set, unless it is known; both of its keys are new in the world, or its mirror's. */
static void note_end(unsigned side, const struct party_keyset *set)
{
	const struct certificate *peer = party_peer(trial.sides[side].party, set->session);
	struct end *end = &trial.ends[trial.end_count];

	for (size_t i = 0; i < trial.end_count; i++) {
		if (key_equal(trial.ends[i].send_key, set->send_key)) {
			CHECK(trial.ends[i].owner == side);
			CHECK(key_equal(trial.ends[i].receive_key, set->receive_key));
			return;
		}
	}
	if (trial.end_count == ENDS_MAX || peer == NULL)
		return;
	CHECK(!key_equal(set->send_key, set->receive_key));
	end->owner = side;
	end->peer = peer->id;
	memcpy(end->send_key, set->send_key, AEAD_KEY_BYTES);
	memcpy(end->receive_key, set->receive_key, AEAD_KEY_BYTES);
	trial.end_count++;
	for (size_t i = 0; i + 1 < trial.end_count; i++) {
		const struct end *other = &trial.ends[i];
		const bool there = key_equal(other->receive_key, end->send_key);
		const bool back = key_equal(other->send_key, end->receive_key);

		CHECK(there == back && !key_equal(other->receive_key, end->receive_key));
		if (there)
			CHECK(id_equal(&other->peer, id_of(side)) &&
			      id_equal(&end->peer, id_of(other->owner)));
	}
}

/* What became established. */
static void judge_session(unsigned side, const struct party_note *note)
{
	struct side *own = &trial.sides[side];
	const unsigned peer = side_of(&note->peer_id);
	const bool dialled = note->peer.initiator;
	const unsigned dials = dialled ? own->dials[peer] : trial.sides[peer].dials[side];

	CHECK(peer != side);
	CHECK(!dialled || id_equal(&note->peer.target.id, &note->peer_id));
	CHECK(++own->sessions[peer][dialled] <= dials);
	for (size_t i = 0; i < PARTY_KEYSETS_MAX && !dialled; i++) {
		const struct party_keyset *set = &own->party->keysets[i];

		/* who answers has heard from an initiator that has the keys */
		if (set->keyset != NULL && handle_equal(set->session, note->session))
			CHECK(has_mirror(set));
	}
}

/* After anything that a party did: its new keys, its notes, its bounds, its datagrams. */
static void gather(unsigned side)
{
	struct side *own = &trial.sides[side];
	const struct session_counters counters = sessions_counters(own->party->sessions);
	const struct party_out *out;

	CHECK(counters.sessions <= SESSIONS_MAX && counters.half_open <= SESSION_HALF_OPEN_MAX);
	for (size_t i = 0; i < PARTY_KEYSETS_MAX; i++) {
		if (own->party->keysets[i].keyset != NULL)
			note_end(side, &own->party->keysets[i]);
	}
	for (; own->noted < own->party->note_count; own->noted++) {
		if (own->party->notes[own->noted].kind == SESSION_ESTABLISHED)
			judge_session(side, &own->party->notes[own->noted]);
	}
	while ((out = party_next(own->party)) != NULL) {
		struct flight *flight = &trial.wire[trial.wire_count];
		unsigned to = 0;

		if (trial.wire_count == WIRE_MAX)
			continue;
		while (to + 1 < PARTIES && memcmp(&trial.sides[to].party->address.name,
						  &out->to.name, sizeof(out->to.name)) != 0)
			to++;
		*flight = (struct flight){
			.from = side, .to = to, .len = out->len, .sent_len = out->len
		};
		memcpy(flight->bytes, out->bytes, out->len);
		memcpy(flight->sent_bytes, out->bytes, out->len);
		trial.wire_count++;
	}
}

/* Two changes may undo each other. */
static bool is_changed(const struct flight *flight)
{
	return !span_equal(span_of(flight->bytes, flight->len),
			   span_of(flight->sent_bytes, flight->sent_len));
}

static void deliver(struct flight *flight, unsigned to)
{
	struct party *party = trial.sides[to].party;
	const struct span bytes = span_of(flight->bytes, flight->len);
	const struct carrier from = trial.sides[flight->from].party->address;
	const uint64_t packets = party->packets;
	const int err = party_receive(party, time_now(), &from, bytes);

	if (datagram_type(bytes) != DATAGRAM_DATA)
		CHECK(party->packets == packets);
	else if (err == 0)
		CHECK(!is_changed(flight) && !flight->accepted && to == flight->to);
	if (datagram_type(bytes) == DATAGRAM_DATA && err == 0)
		flight->accepted = true;
	if (party->packets > packets) {
		trial.sides[to].packets_taken[flight->from]++;
		CHECK(trial.sides[to].packets_taken[flight->from] <=
		      trial.sides[flight->from].packets_sent[to]);
	}
}

static void take_off(size_t at)
{
	trial.wire_count--;
	memmove(&trial.wire[at], &trial.wire[at + 1],
		(trial.wire_count - at) * sizeof(trial.wire[0]));
}

/* To its end, or to a third party; it stays under way, or not. Delivered to oneself is fine too. */
static void arrive(size_t at, unsigned to, bool stays)
{
	static struct flight flight;

	flight = trial.wire[at];
	deliver(&flight, to);
	trial.wire[at].accepted = flight.accepted;
	if (!stays)
		take_off(at);
	gather(to);
}

static void change(struct flight *flight, struct script *script)
{
	const size_t at = (size_t)script_u8(script) << 8 | script_u8(script);
	const uint8_t with = script_u8(script);

	if (with == 0) /* cut instead */
		flight->len = at % (flight->len + 1);
	else if (flight->len > 0)
		flight->bytes[at % flight->len] ^= with;
}

/* From deadline to deadline, each party for itself. */
static void pass_time(uint64_t ms)
{
	const uint64_t before = trial.ms;

	trial.ms += ms;
	for (unsigned i = 0; i < PARTIES; i++) {
		struct party *party = trial.sides[i].party;

		for (unsigned turns = 0; turns < TURNS_MAX; turns++) {
			const struct mono next = sessions_deadline(party->sessions);
			const uint64_t at = mono_ms_between(party_start.mono, next) + 1;

			if (at >= trial.ms) /* also: never */
				break;
			party_drain(party, now_of(at < before ? before : at));
			gather(i);
		}
		party_drain(party, time_now());
		gather(i);
	}
}

static void dial(unsigned from, unsigned to)
{
	struct side *side = &trial.sides[from];

	if (from == to || sessions_counters(side->party->sessions).sessions == SESSIONS_MAX)
		return;
	side->dials[to]++;
	(void)party_dial(side->party, time_now(), trial.sides[to].party);
	gather(from);
}

/* A session out of the party's notes, perhaps long gone: handles may be stale. */
static struct handle pick_session(const struct party *party, uint8_t choice)
{
	if (choice == 0 || party->note_count == 0)
		return party_session(party);
	return party->notes[choice % party->note_count].session;
}

static void send_packet(unsigned side, uint8_t choice)
{
	struct party *party = trial.sides[side].party;
	const struct handle session = pick_session(party, choice);
	const struct certificate *peer = party_peer(party, session);

	if (peer == NULL)
		return;
	trial.sides[side].packets_sent[side_of(&peer->id)]++;
	(void)party_send(party, time_now(), session, choice % 2 == 0 ? FRAME_IP : FRAME_EMPTY);
	gather(side);
}

static void restart(unsigned side)
{
	party_restart(trial.group, trial.sides[side].party);
	trial.sides[side].noted = 0;
}

/* What the network does. */
static void step_wire(struct script *script, unsigned kind)
{
	const uint8_t choice = script_u8(script);
	const size_t at = trial.wire_count == 0 ? 0 : choice % trial.wire_count;

	if (trial.wire_count == 0)
		return;
	switch (kind) {
	case 0: /* in order */
	case 1:
		arrive(0, trial.wire[0].to, false);
		break;
	case 2:
		arrive(at, trial.wire[at].to, choice % 2 == 1);
		break;
	case 3:
		arrive(at, script_u8(script) % PARTIES, true);
		break;
	case 4:
		take_off(at);
		break;
	default:
		change(&trial.wire[at], script);
		break;
	}
}

/* What the parties, their hosts and time do. */
static void step_party(struct script *script, unsigned kind)
{
	const uint8_t choice = script_u8(script);
	const unsigned side = choice % PARTIES;
	struct party *party = trial.sides[side].party;

	switch (kind) {
	case 6:
	case 7:
		dial(side, choice / PARTIES % PARTIES);
		return;
	case 8:
		send_packet(side, script_u8(script));
		return;
	case 9:
		pass_time(choice);
		return;
	case 10:
		pass_time((uint64_t)choice * 1000);
		return;
	case 11:
		pass_time((uint64_t)choice * 30000);
		return;
	case 12:
		sessions_close(party->sessions, time_now(), pick_session(party, script_u8(script)),
			       choice % 2 == 0 ? FRAME_CLOSE_SHUTDOWN : FRAME_CLOSE_DENIED);
		break;
	case 13:
		party->policy = (enum party_policy)(choice / PARTIES % 3);
		break;
	case 14:
		sessions_answer(party->sessions, time_now(), pick_session(party, script_u8(script)),
				choice % 2 == 0);
		break;
	default:
		if (choice % 8 == 7)
			trial.calendar_s += choice;
		else if (choice % 2 == 0)
			restart(side);
		else
			sessions_set_crl_number(party->sessions, choice);
		break;
	}
	party_drain(party, time_now());
	gather(side);
}

/* Delivers all there is, and what comes of it. */
static void exchange(void)
{
	for (unsigned turns = 0; turns < TURNS_MAX && trial.wire_count > 0; turns++)
		arrive(0, trial.wire[0].to, false);
	CHECK(trial.wire_count == 0);
}

/* Nothing goes wrong from now on: who dials is joined, also when both do at once, and stays so when
 * the sessions that were replaced are gone. */
static void settle(void)
{
	struct party *a = trial.sides[0].party;
	struct party *b = trial.sides[1].party;

	trial.wire_count = 0;
	for (unsigned i = 0; i < PARTIES; i++)
		trial.sides[i].party->policy = PARTY_ALLOWS;
	pass_time(60000);
	exchange();
	if (a->note_count > PARTY_NOTES_MAX - NOTES_ROOM / 2 ||
	    b->note_count > PARTY_NOTES_MAX - NOTES_ROOM / 2)
		return;
	dial(0, 1);
	if (trial.ms % 2 == 1)
		dial(1, 0);
	exchange();
	CHECK(party_is_joined(a, b));
	pass_time(SESSION_REPLACED_LIFETIME_MS + 1);
	exchange();
	CHECK(party_is_joined(a, b));
	CHECK(id_equal(&party_peer(a, party_session(a))->id, id_of(1)));
}

static void start(void)
{
	if (trial.group == NULL) {
		trial.group = party_group_new(1, false);
		trial.group->sessions_max = SESSIONS_MAX;
		for (unsigned i = 0; i < PARTIES; i++) {
			struct side *side = &trial.sides[i];

			side->party = party_new(trial.group, (uint8_t)(i + 1));
			side->entropy = side->party->entropy;
			side->rng = side->party->rng;
		}
	}
	for (unsigned i = 0; i < PARTIES; i++) {
		struct side *side = &trial.sides[i];

		*side = (struct side){ .party = side->party,
				       .entropy = side->entropy,
				       .rng = side->rng };
		side->party->entropy = side->entropy;
		side->party->rng = side->rng;
		side->party->policy = PARTY_ALLOWS;
		party_restart(trial.group, side->party);
	}
	trial.wire_count = 0;
	trial.end_count = 0;
	trial.ms = 0;
	trial.calendar_s = 0;
}

static bool has_room(void)
{
	for (unsigned i = 0; i < PARTIES; i++) {
		if (trial.sides[i].party->note_count > PARTY_NOTES_MAX - NOTES_ROOM)
			return false;
	}
	return trial.end_count < ENDS_MAX / 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = script_of(data, size);

	start();
	for (unsigned steps = 0; steps < STEPS_MAX && script.left > 0 && has_room(); steps++) {
		const unsigned kind = script_u8(&script) % 16;

		if (kind < 6)
			step_wire(&script, kind);
		else
			step_party(&script, kind);
	}
	settle();
	return 0;
}
