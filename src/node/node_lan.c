/* node_lan.c - see node_lan.h. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "crypto/hash.h"
#include "node/carrier.h"

#define LABEL "ipop beacon"

static bool is_on(const struct node *node)
{
	return node->lan.key_count > 0 && node->lan.port != 0 && !node->shutting_down;
}

/* -- keys ---------------------------------------------------------------------------------- */

static int add_key(struct lan *lan, const struct session_secret *secret)
{
	struct lan_key *key = &lan->keys[lan->key_count];
	uint8_t bytes[AEAD_KEY_BYTES];
	int err;

	hash_hkdf(span_of(NULL, 0), span_of(secret->bytes, sizeof(secret->bytes)), span_text(LABEL),
		  bytes, sizeof(bytes));
	key->epoch = secret->epoch;
	err = aead_init(&key->aead, &aead_aes_256_gcm, bytes);
	secret_wipe(bytes, sizeof(bytes));
	lan->key_count += err == 0;
	return err;
}

int lan_init(struct node *node, struct now now)
{
	struct lan *lan = &node->lan;

	lan->next = now.mono;
	lan->answer = MONO_NEVER;
	lan->draw = MONO_NEVER;
	lan->was_alone = true;
	return lan_renew(node, node->config.secrets);
}

void lan_free(struct node *node)
{
	for (uint32_t i = 0; i < node->lan.key_count; i++)
		aead_free(&node->lan.keys[i].aead);
	node->lan.key_count = 0;
}

int lan_renew(struct node *node, const struct session_secret secrets[SESSION_EPOCHS_MAX])
{
	int err = 0;

	lan_free(node);
	if (!node->config.lan || trust_is_open(node->config.trust))
		return 0;
	for (size_t i = 0; i < SESSION_EPOCHS_MAX && err == 0; i++)
		if (secrets[i].epoch != 0)
			err = add_key(&node->lan, &secrets[i]);
	return err;
}

/* -- speaking ------------------------------------------------------------------------------ */

/* Some 2^32 nonces may be drawn at random under one key (NIST SP 800-38D, 8.3): at a beacon in one
 * or two minutes a thousand members get there in eight to sixteen years, if the secret lives as
 * long. */
static int seal(struct node *node, struct now now)
{
	struct lan *lan = &node->lan;
	const struct beacon beacon = { .id = node->certificate.id,
				       .at = now.wall,
				       .port = lan->port,
				       .alone = node_is_alone(node) };
	struct writer w = writer_of(lan->bytes, sizeof(lan->bytes));
	uint8_t words[BEACON_WORDS_BYTES];
	uint8_t nonce[BEACON_NONCE_BYTES];
	struct writer inner = writer_of(words, sizeof(words));

	entropy_bytes(node->entropy, nonce, sizeof(nonce));
	beacon_envelope_encode(lan->keys[0].epoch, nonce, &w);
	beacon_encode(&beacon, &inner);
	CHECK(writer_ok(&inner) && inner.len == sizeof(words));
	return aead_seal(&lan->keys[0].aead, nonce, span_of(lan->bytes, BEACON_HEAD_BYTES),
			 span_of(words, sizeof(words)), lan->bytes + w.len);
}

/* Until the next one that nobody asks for. */
static uint64_t pause_ms(struct node *node)
{
	struct lan *lan = &node->lan;
	uint64_t ms = LAN_ALONE_MS;

	if (!node_is_alone(node))
		return LAN_LINKED_MS + rng_between(&node->rng, 0, LAN_LINKED_MS);
	for (uint32_t i = 0; i < lan->sent_alone && ms < LAN_ALONE_MAX_MS; i++)
		ms *= 2;
	lan->sent_alone++;
	return ms - rng_between(&node->rng, 0, ms / 10);
}

static struct mono due(const struct lan *lan)
{
	const struct mono wanted = mono_min(lan->next, lan->answer);

	return mono_reached(wanted, lan->pause) ? wanted : lan->pause;
}

bool lan_poll(struct node *node, struct now now, struct node_action *ret)
{
	struct lan *lan = &node->lan;

	if (!is_on(node) || !mono_reached(now.mono, due(lan)))
		return false;
	if (mono_reached(now.mono, lan->next))
		lan->next = mono_add_ms(now.mono, pause_ms(node));
	lan->answer = MONO_NEVER;
	lan->pause = mono_add_ms(now.mono, LAN_PAUSE_MS);
	if (seal(node, now) != 0)
		return false;
	node->counters.beacons_sent++;
	*ret = (struct node_action){ .kind = NODE_BEACON,
				     .beacon = span_of(lan->bytes, sizeof(lan->bytes)) };
	return true;
}

/* -- hearing ------------------------------------------------------------------------------- */

static struct lan_key *key_of(struct lan *lan, uint8_t epoch)
{
	for (uint32_t i = 0; i < lan->key_count; i++)
		if (lan->keys[i].epoch == epoch)
			return &lan->keys[i];
	return NULL;
}

/* Opens it: 0, or why nobody who has the secret said it. */
static int open_beacon(struct lan *lan, struct span bytes, struct beacon *ret)
{
	struct beacon_envelope envelope;
	uint8_t words[BEACON_WORDS_BYTES];
	struct lan_key *key;
	int err = beacon_envelope_decode(bytes, &envelope);

	if (err != 0)
		return err;
	key = key_of(lan, envelope.epoch);
	if (key == NULL)
		return ERR_NOT_FOUND;
	err = aead_open(&key->aead, envelope.nonce.data, envelope.head, envelope.sealed, words);
	return err != 0 ? err : beacon_decode(span_of(words, sizeof(words)), ret);
}

/* Who is alone hears from three of us that it is not. */
static void answer(struct node *node, struct now now, const struct beacon *beacon)
{
	struct lan *lan = &node->lan;

	if (!beacon->alone) {
		if (++lan->answers >= LAN_ANSWERS_ENOUGH)
			lan->answer = MONO_NEVER;
	} else if (lan->answer.us == MONO_NEVER.us && !node_is_alone(node)) {
		lan->answers = 0;
		lan->answer = mono_add_ms(now.mono, rng_between(&node->rng, 0, LAN_ANSWER_MS));
	}
}

int lan_hear(struct node *node, struct now now, const struct node_event *event)
{
	struct endpoint remote = event->beacon.remote;
	struct beacon beacon;
	struct heard_sender *sender = NULL;
	int err;

	if (!is_on(node))
		return ERR_DENIED;
	err = open_beacon(&node->lan, event->beacon.bytes, &beacon);
	if (err == 0 && id_equal(&beacon.id, &node->certificate.id))
		return 0; /* the group has us as well */
	if (err == 0) {
		remote.port = beacon.port;
		err = heard_take(
			&node->lan.heard, now.wall,
			&(struct heard_sender){
				.id = beacon.id,
				.from = remote,
				.is_far = !endpoint_is_v4(&remote) &&
					  !candidates_is_beside(&node->candidates, &remote),
				.at = beacon.at,
				.waits = MONO_NEVER },
			&sender);
	}
	if (err != 0) {
		node->counters.beacons_refused++;
		return err;
	}
	node->counters.beacons_heard++;
	answer(node, now, &beacon);
	lan_dial(node, now, sender);
	return 0;
}

/* -- time ---------------------------------------------------------------------------------- */

void lan_host_changed(struct node *node, struct now now, const struct node_event *event)
{
	struct lan *lan = &node->lan;

	lan->port = event->host.count > 0 ? event->host.endpoints[0].port : 0;
	lan->sent_alone = 0;
	lan->next = now.mono;
}

void lan_tick(struct node *node, struct now now)
{
	struct lan *lan = &node->lan;
	const bool alone = node_is_alone(node);

	lan_dials_tick(node, now);
	if (alone && !lan->was_alone) {
		lan->sent_alone = 0;
		lan->next = now.mono;
	}
	lan->was_alone = alone;
}

struct mono lan_deadline(const struct node *node)
{
	return mono_min(is_on(node) ? due(&node->lan) : MONO_NEVER, lan_dials_deadline(node));
}
