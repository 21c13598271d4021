/* forger.c - see forger.h. */
#include "tests/lib/forger.h"

#include "base/check.h"

#define SIGNED_BYTES (10 + 1 + HASH_BYTES)
#define M0_HEAD_BYTES 8

void forger_init(struct forger *forger, const struct party_group *group, const struct party *party)
{
	uint8_t seed[ENTROPY_SEED_BYTES] = { 0xf0, party->number };
	uint8_t secret[NOISE_KEY_BYTES];

	*forger = (struct forger){ .key = party->key, .index = 0xf0f0f0f0 };
	entropy_init(&forger->entropy, seed);
	entropy_bytes(&forger->entropy, secret, sizeof(secret));
	forger->self.key = party->key;
	forger->self.trust = group->trust;
	forger->self.certificate = party->certificate;
	CHECK(noise_keypair(secret, &forger->self.noise_static) == 0);
	forger_set_certificate(forger, span_of(party->certificate.der, party->certificate.der_len));
	CHECK(network_init(&forger->network, group->trust, &party->certificate.id,
			   group->secrets) == 0);
}

void forger_free(struct forger *forger)
{
	network_free(&forger->network);
}

void forger_set_certificate(struct forger *forger, struct span der)
{
	CHECK(der.len <= sizeof(forger->certificate));
	memcpy(forger->certificate, der.data, der.len);
	forger->certificate_len = der.len;
}

void forger_mend(const struct forger *forger, uint8_t *bytes, size_t len, struct span answered)
{
	struct handshake_macs macs;

	CHECK(handshake_macs_find(span_of(bytes, len), &macs) == 0);
	const struct span parts[] = { macs.covered_by_mac1, answered };
	uint8_t *const mac1 = bytes + macs.covered_by_mac1.len;

	CHECK(mac_once(forger->mac1_key, parts, 2, mac1) == 0);
}

static void start(struct forger *forger, const struct id *target, const struct id *responder,
		  bool initiator)
{
	const struct network_epoch *epoch = &forger->network.epochs[0];

	network_mac1_key(&forger->network, epoch, responder, forger->mac1_key);
	run_init(&forger->run, &forger->self,
		 &(struct run_terms){ .initiator = initiator,
				      .suite = &suites_all[0],
				      .epoch = epoch->number,
				      .psk = epoch->psk,
				      .target = { TARGET_EXACT, *target } });
	if (forger->lie == FORGER_STATIC_OF_SMALL_ORDER)
		memset(forger->run.noise.local_static.public, 0, NOISE_KEY_BYTES);
}

/* What is signed, with its lie. */
static void make_message(const struct forger *forger, uint8_t ret[SIGNED_BYTES])
{
	const bool initiator = forger->run.noise.initiator;
	struct writer w = writer_of(ret, SIGNED_BYTES);

	writer_span_of(&w, span_text("ipop-hs-v1"));
	writer_u8(&w, initiator ? 1 : 2);
	writer_bytes(&w, forger->run.noise.hash, HASH_BYTES);
	CHECK(writer_ok(&w) && w.len == SIGNED_BYTES);
	if (forger->lie == FORGER_SIGNS_OTHER_LABEL)
		ret[9] = '2';
	if (forger->lie == FORGER_SIGNS_OTHER_ROLE)
		ret[10] ^= 3;
	if (forger->lie == FORGER_SIGNS_OTHER_HASH)
		ret[11] ^= 1;
}

static void write_payload(struct forger *forger, struct writer *w)
{
	uint8_t message[SIGNED_BYTES];
	uint8_t signature[KEY_SIGNATURE_BYTES_MAX];
	uint8_t plain[HANDSHAKE_PAYLOAD_BYTES];
	struct writer payload = writer_of(plain, sizeof(plain));
	struct key *other = NULL;
	size_t len;

	make_message(forger, message);
	CHECK(key_new(KEY_ED25519, (const uint8_t[KEY_SECRET_BYTES]){ 7 }, &other) == 0);
	CHECK(key_sign(forger->lie == FORGER_SIGNS_OTHER_KEY ? other : forger->key,
		       span_of(message, sizeof(message)), signature, &len) == 0);
	key_free(other);
	if (forger->lie == FORGER_SIGNS_NOTHING)
		len = 0;
	handshake_payload_encode(
		&(struct handshake_payload){
			.certificate = span_of(forger->certificate, forger->certificate_len),
			.signature = span_of(signature, len) },
		&payload);
	CHECK(writer_ok(&payload));
	CHECK(noise_write_payload(&forger->run.noise, writer_span(&payload), w) == 0);
}

/* The tag of M0 as it stands: all that its key is made of stands before it. */
void forger_seal_m0(struct forger *forger, uint8_t *m0, const struct id *responder)
{
	struct noise *noise = &forger->run.noise;
	struct writer w = writer_of(m0 + M0_HEAD_BYTES + NOISE_KEY_BYTES, AEAD_TAG_BYTES);
	struct span rest = span_of(m0 + M0_HEAD_BYTES, NOISE_KEY_BYTES);

	start(forger, responder, responder, false);
	CHECK(noise_bind(noise, span_of(m0, M0_HEAD_BYTES)) == 0);
	CHECK(noise_read_keys(noise, &rest) == 0);
	noise->initiator = true;
	CHECK(noise_write_payload(noise, span_of(NULL, 0), &w) == 0);
	forger_mend(forger, m0, HANDSHAKE_M0_BYTES, span_of(NULL, 0));
}

struct span forger_m0(struct forger *forger, const struct id *target, const struct id *responder)
{
	struct writer w = writer_of(forger->bytes, sizeof(forger->bytes));

	start(forger, target, responder, true);
	handshake_m0_head_encode(
		&(struct handshake_m0){ .version = HANDSHAKE_VERSION,
					.suite = (uint8_t)forger->run.noise.suite->id,
					.epoch = forger->network.epochs[0].number,
					.sender = forger->index },
		HANDSHAKE_RAW, &w);
	CHECK(run_write_m0(&forger->run, &forger->entropy, &w) == 0);
	writer_zero(&w, HANDSHAKE_M0_BYTES - w.len);
	if (forger->lie == FORGER_EPHEMERAL_OF_SMALL_ORDER) {
		memset(forger->bytes + M0_HEAD_BYTES, 0, NOISE_KEY_BYTES);
		forger_seal_m0(forger, forger->bytes, target);
	}
	network_mac1_key(&forger->network, &forger->network.epochs[0], responder, forger->mac1_key);
	forger_mend(forger, forger->bytes, HANDSHAKE_M0_BYTES, span_of(NULL, 0));
	return writer_span(&w);
}

int forger_take_m1(struct forger *forger, struct wall now, struct span m1)
{
	struct handshake_m1 decoded;
	struct run_peer peer;
	const int err = handshake_m1_decode(m1, HANDSHAKE_RAW, &decoded);

	if (err != 0)
		return err;
	forger->remote_index = decoded.sender;
	return run_read_answer(&forger->run, &forger->self, now, &decoded.words, &peer);
}

struct span forger_m2(struct forger *forger)
{
	struct writer w = writer_of(forger->bytes, sizeof(forger->bytes));

	handshake_m2_head_encode(forger->remote_index, &w);
	CHECK(noise_bind(&forger->run.noise, writer_span(&w)) == 0);
	CHECK(noise_write_keys(&forger->run.noise, NULL, &w) == 0);
	write_payload(forger, &w);
	writer_zero(&w, HANDSHAKE_MAC_BYTES);
	forger_mend(forger, forger->bytes, w.len, run_responder_ephemeral(&forger->run));
	return writer_span(&w);
}

struct span forger_m1(struct forger *forger, struct span m0, const struct id *responder)
{
	struct writer w = writer_of(forger->bytes, sizeof(forger->bytes));
	uint8_t secret[NOISE_KEY_BYTES];
	struct handshake_m0 decoded;

	start(forger, responder, responder, false);
	CHECK(handshake_m0_decode(m0, HANDSHAKE_RAW, &decoded) == 0);
	CHECK(run_read_m0(&forger->run, &decoded.words) == 0);
	handshake_m1_head_encode(decoded.sender, forger->index, &w);
	entropy_bytes(&forger->entropy, secret, sizeof(secret));
	CHECK(noise_bind(&forger->run.noise, writer_span(&w)) == 0);
	CHECK(noise_write_keys(&forger->run.noise, secret, &w) == 0);
	write_payload(forger, &w);
	if (forger->lie == FORGER_EPHEMERAL_OF_SMALL_ORDER)
		memset(forger->bytes + 12, 0, NOISE_KEY_BYTES);
	writer_zero(&w, HANDSHAKE_MAC_BYTES);
	forger_mend(forger, forger->bytes, w.len, run_initiator_ephemeral(&forger->run));
	return writer_span(&w);
}
