/* aead_loaded.c - see aead_loaded.h. */
#include "crypto/aead_loaded.h"

#include "base/err.h"
#include "base/seccheck.h"
#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <stdlib.h>

/* A context's state: the schedule, at the first place in `room` that is aligned. */
struct expanded {
	void *schedule;
	uint8_t room[];
};

static const struct aead_functions *functions_of(const struct aead *aead)
{
	return &((const struct aead_loaded *)(const void *)aead->ops)->functions;
}

static size_t expanded_bytes(const struct aead_functions *functions)
{
	return sizeof(struct expanded) + functions->schedule_bytes + AEAD_SCHEDULE_ALIGNMENT - 1;
}

static int loaded_init(struct aead *aead, const uint8_t key[AEAD_KEY_BYTES])
{
	const struct aead_functions *functions = functions_of(aead);
	struct expanded *expanded = calloc(1, expanded_bytes(functions));

	if (expanded == NULL)
		return ERR_NOMEM;
	expanded->schedule =
		expanded->room + (-(uintptr_t)expanded->room & (AEAD_SCHEDULE_ALIGNMENT - 1));
	functions->expand(key, expanded->schedule);
	aead->state = expanded;
	return 0;
}

static void loaded_free(struct aead *aead)
{
	secret_wipe(aead->state, expanded_bytes(functions_of(aead)));
	free(aead->state);
}

static int loaded_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
		       struct span plain, uint8_t *ret)
{
	const struct expanded *expanded = aead->state;
	uint8_t *const tag = ret + plain.len;
	const struct aead_message message = {
		.nonce = nonce, .aad = aad, .in = plain, .out = ret, .tag = tag
	};

	functions_of(aead)->seal(expanded->schedule, &message);
	return 0;
}

static int loaded_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
		       struct span sealed, uint8_t *ret)
{
	const struct expanded *expanded = aead->state;
	const size_t len = sealed.len - AEAD_TAG_BYTES;
	uint8_t tag[AEAD_TAG_BYTES];
	const struct aead_message message = {
		.nonce = nonce, .aad = aad, .in = span_of(sealed.data, len), .out = ret, .tag = tag
	};

	functions_of(aead)->open(expanded->schedule, &message);
	if (SECCHECK(SEC_AEAD_LOADED_TAG,
		     CRYPTO_memcmp(tag, sealed.data + len, AEAD_TAG_BYTES) == 0))
		return 0;
	secret_wipe(ret, len);
	return ERR_AUTH;
}

void aead_loaded_init(struct aead_loaded *loaded, const struct aead_functions *functions)
{
	*loaded = (struct aead_loaded){
		.ops = { .name = functions->name,
			 .init = loaded_init,
			 .free = loaded_free,
			 .seal = loaded_seal,
			 .open = loaded_open },
		.functions = *functions,
	};
}
