/* aead_trial.c - see aead_trial.h. */
#include "crypto/aead_trial.h"

#include "base/err.h"

#define AAD_BYTES 16 /* as a datagram has it */
/* Every length up to this one, so every way in which a loop over the widest registers can end. */
#define LENGTHS_EACH 320
#define LENGTH_STEP 37 /* from there on */

/* McGrew and Viega, The Galois/Counter Mode of Operation (GCM), appendix B: test cases 13, 14, 16.
 */
struct published {
	const char *key, *nonce, *aad, *plain, *sealed;
	size_t aad_len, plain_len;
};

static const struct published answers[] = {
	{ .key = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	  .nonce = "\0\0\0\0\0\0\0\0\0\0\0",
	  .aad = "",
	  .plain = "",
	  .sealed = "\x53\x0f\x8a\xfb\xc7\x45\x36\xb9\xa9\x63\xb4\xf1\xc4\xcb\x73\x8b" },
	{ .key = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	  .nonce = "\0\0\0\0\0\0\0\0\0\0\0",
	  .aad = "",
	  .plain = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	  .plain_len = 16,
	  .sealed = "\xce\xa7\x40\x3d\x4d\x60\x6b\x6e\x07\x4e\xc5\xd3\xba\xf3\x9d\x18"
		    "\xd0\xd1\xc8\xa7\x99\x99\x6b\xf0\x26\x5b\x98\xb5\xd4\x8a\xb9\x19" },
	{ .key = "\xfe\xff\xe9\x92\x86\x65\x73\x1c\x6d\x6a\x8f\x94\x67\x30\x83\x08"
		 "\xfe\xff\xe9\x92\x86\x65\x73\x1c\x6d\x6a\x8f\x94\x67\x30\x83\x08",
	  .nonce = "\xca\xfe\xba\xbe\xfa\xce\xdb\xad\xde\xca\xf8\x88",
	  .aad = "\xfe\xed\xfa\xce\xde\xad\xbe\xef\xfe\xed\xfa\xce\xde\xad\xbe\xef"
		 "\xab\xad\xda\xd2",
	  .aad_len = 20,
	  .plain = "\xd9\x31\x32\x25\xf8\x84\x06\xe5\xa5\x59\x09\xc5\xaf\xf5\x26\x9a"
		   "\x86\xa7\xa9\x53\x15\x34\xf7\xda\x2e\x4c\x30\x3d\x8a\x31\x8a\x72"
		   "\x1c\x3c\x0c\x95\x95\x68\x09\x53\x2f\xcf\x0e\x24\x49\xa6\xb5\x25"
		   "\xb1\x6a\xed\xf5\xaa\x0d\xe6\x57\xba\x63\x7b\x39",
	  .plain_len = 60,
	  .sealed = "\x52\x2d\xc1\xf0\x99\x56\x7d\x07\xf4\x7f\x37\xa3\x2a\x84\x42\x7d"
		    "\x64\x3a\x8c\xdc\xbf\xe5\xc0\xc9\x75\x98\xa2\xbd\x25\x55\xd1\xaa"
		    "\x8c\xb0\x8e\x48\x59\x0d\xbb\x3d\xa7\xb0\x8b\x10\x56\x82\x88\x38"
		    "\xc5\xf6\x1e\x63\x93\xba\x7a\x0a\xbc\xc9\xf6\x62"
		    "\x76\xfc\x6e\xce\x0f\x4e\x17\x68\xcd\xdf\x88\x53\xbb\x2d\x55\x1b" },
};

static bool gives_published(const struct aead_ops *ops, const struct published *answer)
{
	const struct span aad = span_of(answer->aad, answer->aad_len);
	const struct span plain = span_of(answer->plain, answer->plain_len);
	uint8_t sealed[64 + AEAD_TAG_BYTES];
	struct aead aead;
	bool ok;

	if (aead_init(&aead, ops, (const uint8_t *)answer->key) != 0)
		return false;
	ok = aead_seal(&aead, (const uint8_t *)answer->nonce, aad, plain, sealed) == 0 &&
	     memcmp(sealed, answer->sealed, plain.len + AEAD_TAG_BYTES) == 0;
	aead_free(&aead);
	return ok;
}

/* One message, by the candidate and by the one that is trusted. */
struct trial {
	struct aead candidate, trusted;
	uint8_t nonce[AEAD_NONCE_BYTES], aad[AAD_BYTES];
	uint8_t plain[AEAD_TRIAL_BYTES_MAX];
	uint8_t sealed[AEAD_TRIAL_BYTES_MAX + AEAD_TAG_BYTES];
	uint8_t work[AEAD_TRIAL_BYTES_MAX + AEAD_TAG_BYTES];
};

static bool seals_alike(struct trial *t, size_t len)
{
	const struct span aad = span_of(t->aad, AAD_BYTES);

	memcpy(t->work, t->plain, len);
	return aead_seal(&t->trusted, t->nonce, aad, span_of(t->plain, len), t->sealed) == 0 &&
	       aead_seal(&t->candidate, t->nonce, aad, span_of(t->work, len), t->work) == 0 &&
	       memcmp(t->work, t->sealed, len + AEAD_TAG_BYTES) == 0 &&
	       aead_seal(&t->candidate, t->nonce, aad, span_of(t->plain, len), t->work) == 0 &&
	       memcmp(t->work, t->sealed, len + AEAD_TAG_BYTES) == 0;
}

static bool opens_alike(struct trial *t, size_t len)
{
	const struct span aad = span_of(t->aad, AAD_BYTES);
	const struct span work = span_of(t->work, len + AEAD_TAG_BYTES);

	return aead_open(&t->trusted, t->nonce, aad, work, t->work) == 0 &&
	       memcmp(t->work, t->plain, len) == 0 &&
	       aead_open(&t->candidate, t->nonce, aad, span_of(t->sealed, len + AEAD_TAG_BYTES),
			 t->work) == 0 &&
	       memcmp(t->work, t->plain, len) == 0;
}

/* One bit of it is another: nothing comes out. */
static bool refuses(struct trial *t, size_t len, uint8_t *place)
{
	int err;

	*place ^= 0x10;
	memcpy(t->work, t->sealed, len + AEAD_TAG_BYTES);
	err = aead_open(&t->candidate, t->nonce, span_of(t->aad, AAD_BYTES),
			span_of(t->work, len + AEAD_TAG_BYTES), t->work);
	*place ^= 0x10;
	return err == ERR_AUTH && span_is_zero(span_of(t->work, len));
}

static bool agrees(struct trial *t, size_t len)
{
	for (size_t i = 0; i < sizeof(t->nonce); i++)
		t->nonce[i] = (uint8_t)(len * (i + 1) + i);
	return seals_alike(t, len) && opens_alike(t, len) && refuses(t, len, &t->nonce[4]) &&
	       refuses(t, len, &t->aad[len % AAD_BYTES]) && refuses(t, len, &t->sealed[len / 2]) &&
	       refuses(t, len, &t->sealed[len + AEAD_TAG_BYTES - 1]);
}

static bool agrees_at_all_lengths(const struct aead_ops *ops)
{
	uint8_t key[AEAD_KEY_BYTES];
	struct trial t = { .candidate.ops = NULL };
	bool ok;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 73 + 5);
	for (size_t i = 0; i < sizeof(t.plain); i++)
		t.plain[i] = (uint8_t)(i * 167 + (i >> 8) + 13);
	ok = aead_init(&t.trusted, &aead_aes_256_gcm, key) == 0 &&
	     aead_init(&t.candidate, ops, key) == 0;
	for (size_t len = 0; ok && len <= AEAD_TRIAL_BYTES_MAX;
	     len += len < LENGTHS_EACH ? 1 : LENGTH_STEP)
		ok = agrees(&t, len);
	aead_free(&t.candidate);
	aead_free(&t.trusted);
	return ok;
}

bool aead_trial_is_aes_256_gcm(const struct aead_ops *ops)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (!gives_published(ops, &answers[i]))
			return false;
	return agrees_at_all_lengths(ops);
}
