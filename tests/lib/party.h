/* party.h - members of one group with their sessions, for tests: each has an address, a policy, the
 * key sets it was handed, and a note of all that came out. Frames and packets are really sealed.
 *
 * Nothing is lost here and nothing takes time; who wants that puts something between party_next()
 * and party_receive(). What goes wrong in the test itself stops the process.
 */
#ifndef TESTS_PARTY_H
#define TESTS_PARTY_H

#include "forward/keyset.h"
#include "session/session.h"

#define PARTY_OUTS_MAX 1024
#define PARTY_NOTES_MAX 1024
#define PARTY_KEYSETS_MAX 64
#define PARTY_NUMBERS_MAX 4096
#define PARTY_SESSIONS_MAX 64 /* of a party's machine, unless the group says otherwise */

/* A group, or an open network, and what its members are made with. */
struct party_group {
	bool open;
	enum key_kind kind; /* of members' keys; KEY_ED25519 at first */
	uint32_t sessions_max;
	const struct suite *suites;
	struct session_secret secrets[SESSION_EPOCHS_MAX];
	struct wall now; /* when certificates are signed */
	unsigned days;   /* how long they are good for */
	struct trust *trust;
	struct key *ca_key;
	uint8_t ca_der[1024];
	size_t ca_len;
	struct entropy entropy;
};

/* Different seeds make groups that know nothing of each other. */
struct party_group *party_group_new(uint64_t seed, bool open);
void party_group_del(struct party_group *group);

/* Bytes on their way. */
struct party_out {
	struct carrier to;
	size_t len;
	uint8_t bytes[DATAGRAM_BYTES_MAX];
};

/* An output that was no bytes. */
struct party_note {
	enum session_output_kind kind;
	struct handle session;
	struct handle by;
	struct session_peer peer; /* certificate: not borrowed on */
	struct id peer_id;
	uint32_t local_index;
	struct session_reason reason;
};

struct party_keyset {
	struct handle session;
	uint32_t local_index;
	struct keyset *keyset; /* owned; NULL: free place */
	uint8_t send_key[AEAD_KEY_BYTES], receive_key[AEAD_KEY_BYTES];
};

enum party_policy { PARTY_ALLOWS, PARTY_DENIES, PARTY_IS_SILENT };

struct party {
	uint8_t number; /* in its address */
	struct key *key;
	struct certificate certificate;
	struct trust *trust; /* borrowed from the group */
	struct entropy entropy;
	struct rng rng;
	struct trace trace;
	struct sessions *sessions;
	struct carrier address; /* where others send to */
	enum party_policy policy;
	struct party_keyset keysets[PARTY_KEYSETS_MAX];
	struct {
		struct handle session;
		uint32_t local_index; /* sends; 0: none */
		struct carrier to;
	} links[PARTY_SESSIONS_MAX];
	struct party_out outs[PARTY_OUTS_MAX]; /* ring */
	uint32_t out_head, out_tail;
	struct party_note notes[PARTY_NOTES_MAX];
	uint32_t note_count;
	struct {
		struct handle session;
		uint8_t kind, len;
		uint8_t payload[64];
	} frame;          /* the last one of the machine's, before it was sealed */
	uint64_t packets; /* of IP that were opened */
	uint64_t packets_sent, packets_doubled; /* each has a number; doubled: came again */
	uint8_t numbers[PARTY_NUMBERS_MAX];     /* how often each came */
	uint64_t m0_sent;
};

extern const struct now party_start;
struct now party_later_ms(uint64_t ms);

/* A member with a certificate of its own, and its machine. */
struct party *party_new(struct party_group *group, uint8_t number);
/* The same, with the key and the certificate of another (who was robbed). */
struct party *party_new_as(struct party_group *group, uint8_t number, const struct party *other);
void party_del(struct party *party);

/* The machine starts anew, as after a crash: nothing is left of what it had. */
void party_restart(struct party_group *group, struct party *party);

struct target party_target(const struct party *party);

/* Dials and drains. */
struct handle party_dial(struct party *party, struct now now, const struct party *other);

/* Polls all there is. */
void party_drain(struct party *party, struct now now);

/* The oldest bytes that wait to leave, or NULL; valid until the party is drained 1,024 times. */
const struct party_out *party_next(struct party *party);

/* Bytes arrive from an address: what the machine, or opening, says; then drained. */
int party_receive(struct party *party, struct now now, const struct carrier *from,
		  struct span bytes);

/* Delivers what each has for the other until both are silent. */
void party_exchange(struct party *a, struct party *b, struct now now);

/* Dials and exchanges: a session at both ends. */
void party_connect(struct party *a, struct party *b, struct now now);

/* The certificate that the peer of a session has shown; NULL: not yet, or the handle is stale. */
const struct certificate *party_peer(const struct party *party, struct handle session);

/* One IP packet (or an empty frame) in that session; false if there are no keys to send with. */
bool party_send(struct party *party, struct now now, struct handle session, enum frame_kind kind);

/* Notes of that kind; the last of them, or NULL. */
uint32_t party_count(const struct party *party, enum session_output_kind kind);
const struct party_note *party_last(const struct party *party, enum session_output_kind kind);

/* The session that was told as established last and neither replaced nor closed since. */
struct handle party_session(const struct party *party);

/* Two members, as most tests want them; for cmocka's set-up and tear-down. */
struct party_pair {
	struct party_group *group;
	struct party *a, *b;
};
int party_pair_set_up(void **state);
int party_pair_set_up_open(void **state);
int party_pair_tear_down(void **state);

/* The oldest bytes that wait arrive at the other: what it says. There must be some. */
int party_pass(struct party *from, struct party *to, struct now now);

/* All that waits is lost. */
void party_lose(struct party *party);

/* The type of the oldest bytes that wait, which are lost; 0: none. */
uint8_t party_next_type(struct party *party);

/* Lets time pass for one, from deadline to deadline, up to that instant. */
void party_run(struct party *party, uint64_t until_ms);

/* True if both would send to each other under keys that fit, now. */
bool party_is_joined(const struct party *a, const struct party *b);

#endif
