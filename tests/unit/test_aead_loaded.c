/* test_aead_loaded.c - a cipher made of loaded functions: right ones are found right, and every way
 * of being wrong is found wrong. The "library" here is libcrypto, with a fault in it. */
#include "base/err.h"
#include "crypto/aead_loaded.h"
#include "crypto/aead_trial.h"
#include "tests/lib/cmocka.h"

#include <string.h>

enum fault {
	FAULT_NONE,
	FAULT_KEY,       /* another key */
	FAULT_AAD,       /* the associated data is not looked at */
	FAULT_NONCE,     /* nor the first byte of the counter */
	FAULT_LONG,      /* wrong from 1,001 bytes on */
	FAULT_TAG,       /* half a tag */
	FAULT_OPEN_TAG,  /* opens everything */
	FAULT_OPEN_TEXT, /* opens to something else */
	FAULTS
};

static enum fault fault;
static bool is_aligned;

/* The schedule is the key. */
static void expand(const uint8_t key[AEAD_KEY_BYTES], void *ret_schedule)
{
	uint8_t *schedule = ret_schedule;

	is_aligned = (uintptr_t)ret_schedule % AEAD_SCHEDULE_ALIGNMENT == 0;
	memcpy(schedule, key, AEAD_KEY_BYTES);
	schedule[0] ^= fault == FAULT_KEY;
}

static void compute(const void *schedule, const struct aead_message *m, struct span text,
		    uint8_t *sealed)
{
	const struct span aad = fault == FAULT_AAD ? span_of(NULL, 0) : m->aad;
	uint8_t nonce[AEAD_NONCE_BYTES];
	struct aead aead;

	memcpy(nonce, m->nonce, sizeof(nonce));
	if (fault == FAULT_NONCE)
		nonce[4] = 0;
	assert_int_equal(aead_init(&aead, &aead_aes_256_gcm, schedule), 0);
	assert_int_equal(aead_seal(&aead, nonce, aad, text, sealed), 0);
	aead_free(&aead);
}

static void seal(const void *schedule, const struct aead_message *m)
{
	uint8_t sealed[AEAD_TRIAL_BYTES_MAX + AEAD_TAG_BYTES];

	compute(schedule, m, m->in, sealed);
	memcpy(m->out, sealed, m->in.len);
	memcpy(m->tag, sealed + m->in.len, AEAD_TAG_BYTES);
	if (fault == FAULT_TAG)
		memset(m->tag + 8, 0, 8);
	if (fault == FAULT_LONG && m->in.len > 1000)
		m->out[1000] ^= 1;
}

/* In counter mode sealing undoes itself; the tag is that of the text which comes out. */
static void open_message(const void *schedule, const struct aead_message *m)
{
	uint8_t sealed[AEAD_TRIAL_BYTES_MAX + AEAD_TAG_BYTES];
	uint8_t given[AEAD_TAG_BYTES];

	memcpy(given, m->in.data + m->in.len, sizeof(given));
	compute(schedule, m, m->in, sealed);
	memcpy(m->out, sealed, m->in.len);
	compute(schedule, m, span_of(m->out, m->in.len), sealed);
	memcpy(m->tag, fault == FAULT_OPEN_TAG ? given : sealed + m->in.len, AEAD_TAG_BYTES);
	if (fault == FAULT_OPEN_TEXT && m->in.len > 0)
		m->out[0] ^= 1;
}

static const struct aead_functions functions = { .name = "a library",
						 .schedule_bytes = AEAD_KEY_BYTES,
						 .expand = expand,
						 .seal = seal,
						 .open = open_message };

static void right_functions_are_found_right(void **state)
{
	struct aead_loaded loaded;

	(void)state;
	fault = FAULT_NONE;
	aead_loaded_init(&loaded, &functions);
	assert_string_equal(loaded.ops.name, "a library");
	assert_true(aead_trial_is_aes_256_gcm(&loaded.ops));
	assert_true(is_aligned);
	assert_true(aead_trial_is_aes_256_gcm(&aead_aes_256_gcm));
}

static void every_fault_is_found(void **state)
{
	struct aead_loaded loaded;

	(void)state;
	aead_loaded_init(&loaded, &functions);
	for (fault = FAULT_NONE + 1; fault < FAULTS; fault++)
		assert_false(aead_trial_is_aes_256_gcm(&loaded.ops));
	assert_false(aead_trial_is_aes_256_gcm(&aead_chacha20_poly1305));
}

static void every_bit_counts(void **state)
{
	const uint8_t key[AEAD_KEY_BYTES] = { 7 }, nonce[AEAD_NONCE_BYTES] = { 8 };
	const struct span none = span_of(NULL, 0);
	uint8_t sealed[40 + AEAD_TAG_BYTES], out[40];
	struct aead_loaded loaded;
	struct aead aead;

	(void)state;
	fault = FAULT_NONE;
	aead_loaded_init(&loaded, &functions);
	memset(sealed, 'x', 40);
	assert_int_equal(aead_init(&aead, &loaded.ops, key), 0);
	assert_int_equal(aead_seal(&aead, nonce, none, span_of(sealed, 40), sealed), 0);
	for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
		sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
		memset(out, 0xee, sizeof(out));
		assert_int_equal(
			aead_open(&aead, nonce, none, span_of(sealed, sizeof(sealed)), out),
			ERR_AUTH);
		assert_true(span_is_zero(span_of(out, sizeof(out))));
		sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(aead_open(&aead, nonce, none, span_of(sealed, sizeof(sealed)), out), 0);
	assert_int_equal(out[39], 'x');
	aead_free(&aead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_functions_are_found_right),
		cmocka_unit_test(every_fault_is_found),
		cmocka_unit_test(every_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
