/* network.c - see network.h. */
#include "session/network.h"

#include "base/err.h"
#include "base/seccheck.h"
#include "base/writer.h"

#define MAC1_LABEL "ipop mac1"
#define PSK_LABEL "ipop psk"

void network_mac1_key(const struct network *network, const struct network_epoch *epoch,
		      const struct id *responder, uint8_t ret[MAC_KEY_BYTES])
{
	uint8_t info[sizeof(MAC1_LABEL) - 1 + ID_BYTES];
	struct writer w = writer_of(info, sizeof(info));
	const struct span parts[] = { span_text(MAC1_LABEL), span_of(network->id.bytes, ID_BYTES),
				      span_of(responder->bytes, ID_BYTES) };

	if (network->open) {
		hash_sha256(parts, sizeof(parts) / sizeof(parts[0]), ret);
		return;
	}
	writer_span_of(&w, parts[0]);
	writer_span_of(&w, parts[2]);
	hash_hkdf(span_of(NULL, 0), span_of(epoch->secret, sizeof(epoch->secret)), writer_span(&w),
		  ret, MAC_KEY_BYTES);
}

static int add_epoch(struct network *network, const struct session_secret *secret,
		     const struct id *own)
{
	struct network_epoch *epoch = &network->epochs[network->count];

	if (!network->open) {
		epoch->number = secret->epoch;
		memcpy(epoch->secret, secret->bytes, sizeof(epoch->secret));
		hash_hkdf(span_of(NULL, 0), span_of(epoch->secret, sizeof(epoch->secret)),
			  span_text(PSK_LABEL), epoch->psk, sizeof(epoch->psk));
	}
	network_mac1_key(network, epoch, own, epoch->own_mac1_key);
	network->count++; /* from here on network_free() knows of it */
	return mac_init(&epoch->own_mac1, epoch->own_mac1_key);
}

int network_init(struct network *network, const struct trust *trust, const struct id *own,
		 const struct session_secret secrets[SESSION_EPOCHS_MAX])
{
	static const struct session_secret none;

	*network = (struct network){ .id = *trust_network(trust), .open = trust_is_open(trust) };
	if (network->open)
		return add_epoch(network, &none, own);
	for (size_t i = 0; i < SESSION_EPOCHS_MAX; i++) {
		const int err = secrets[i].epoch == 0 ? 0 : add_epoch(network, &secrets[i], own);

		if (err != 0)
			return err;
	}
	return network->count == 0 ? ERR_UNSUPPORTED : 0;
}

void network_free(struct network *network)
{
	for (uint32_t i = 0; i < network->count; i++)
		mac_free(&network->epochs[i].own_mac1);
	secret_wipe(network, sizeof(*network));
}

const struct network_epoch *network_epoch(const struct network *network, uint8_t number)
{
	for (uint32_t i = 0; i < network->count; i++) {
		if (SECCHECK(SEC_EPOCH, network->epochs[i].number == number))
			return &network->epochs[i];
	}
	return NULL;
}
