/* test_policy.c - who may do what: a member in good standing everything, a stranger nothing. */
#include "base/err.h"
#include "node/policy.h"

#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"

static const struct wall issued = { .us = INT64_C(1800000000) * 1000000 };

static struct wall after_s(int64_t s)
{
	return (struct wall){ .us = issued.us + s * 1000000 };
}

static struct certificate certificate_of(enum certificate_class class, uint8_t seed)
{
	struct certificate c = { .class = class,
				 .not_before = issued,
				 .not_after = after_s(86400) };

	c.serial_len = 16;
	memset(c.serial, seed, c.serial_len);
	memset(c.spki_hash, seed, sizeof(c.spki_hash));
	return c;
}

static void expect_all(const struct policy *policy, const struct certificate *c, struct wall now,
		       int want)
{
	for (int q = 0; q < POLICY_QUESTIONS; q++)
		assert_int_equal(policy_ask(policy, (enum policy_question)q, c, now), want);
}

static void a_member_may_all_while_its_certificate_is_valid(void **state)
{
	const struct certificate c = certificate_of(CERTIFICATE_GROUP, 1);
	struct policy *policy;

	(void)state;
	assert_int_equal(policy_new(POLICY_GROUP, &policy), 0);
	expect_all(policy, &c, after_s(0), 0);
	expect_all(policy, &c, after_s(86400 + CERTIFICATE_SKEW_S), 0);
	expect_all(policy, &c, after_s(86400 + CERTIFICATE_SKEW_S + 1), ERR_EXPIRED);
	expect_all(policy, &c, after_s(-CERTIFICATE_SKEW_S), 0);
	expect_all(policy, &c, after_s(-CERTIFICATE_SKEW_S - 1), ERR_NOT_YET);
	policy_del(policy);
}

static void self_signed_ones_are_nobody_in_a_group_and_members_nobody_in_the_open(void **state)
{
	const struct certificate open = certificate_of(CERTIFICATE_OPEN, 1);
	const struct certificate group = certificate_of(CERTIFICATE_GROUP, 1);
	struct policy *policy;

	(void)state;
	assert_int_equal(policy_new(POLICY_GROUP, &policy), 0);
	expect_all(policy, &open, after_s(1), ERR_DENIED);
	policy_del(policy);
	assert_int_equal(policy_new(POLICY_OPEN, &policy), 0);
	assert_int_equal(policy_befriend(policy, group.spki_hash), 0);
	expect_all(policy, &group, after_s(1), ERR_DENIED);
	policy_del(policy);
}

static void revocation_goes_by_serial_or_by_key_and_touches_nobody_else(void **state)
{
	const struct certificate a = certificate_of(CERTIFICATE_GROUP, 1);
	const struct certificate b = certificate_of(CERTIFICATE_GROUP, 2);
	struct certificate renewed = a; /* a new serial for the same key */
	struct certificate reissued =
		b; /* a new key under a revoked serial cannot be, but is refused */
	struct policy_revoked by_key = { .serial_len = 1, .serial = { 99 } };
	struct policy_revoked by_serial = { .serial_len = b.serial_len };
	struct policy *policy;

	(void)state;
	renewed.serial[0] = 77;
	reissued.spki_hash[0] = 77;
	memcpy(by_key.spki_hash, a.spki_hash, sizeof(by_key.spki_hash));
	memcpy(by_serial.serial, b.serial, b.serial_len);
	assert_int_equal(policy_new(POLICY_GROUP, &policy), 0);
	assert_int_equal(policy_revoke(policy, &by_key), 0);
	expect_all(policy, &a, after_s(1), ERR_REVOKED);
	expect_all(policy, &renewed, after_s(1), ERR_REVOKED);
	expect_all(policy, &b, after_s(1), 0);
	assert_int_equal(policy_revoke(policy, &by_serial), 0);
	expect_all(policy, &b, after_s(1), ERR_REVOKED);
	expect_all(policy, &reissued, after_s(1), ERR_REVOKED);
	for (size_t i = 2; i < POLICY_REVOKED_MAX; i++)
		assert_int_equal(policy_revoke(policy, &by_key), 0);
	assert_int_equal(policy_revoke(policy, &by_key), ERR_FULL);
	policy_del(policy);
}

/* Somebody whose id begins with `prefix`, with a certificate that lasts so long. */
static struct certificate holder_of(uint8_t prefix, uint8_t rest, int64_t lasts_s)
{
	struct certificate c = certificate_of(CERTIFICATE_GROUP, rest);

	memset(c.id.bytes, prefix, ID_PREFIX_BYTES);
	memset(c.id.bytes + ID_PREFIX_BYTES, rest, ID_BYTES - ID_PREFIX_BYTES);
	c.not_after = after_s(lasts_s);
	return c;
}

static void refuse(struct policy *policy, const struct certificate *a, const struct certificate *b)
{
	policy_refuse_twins(policy, &(struct policy_holder){ a->id, a->not_after },
			    &(struct policy_holder){ b->id, b->not_after });
}

/* Both, and whoever else has these 80 bits, in both kinds of network; until one has ended. */
static void twins_may_nothing_until_one_certificate_has_ended(void **state)
{
	(void)state;
	for (enum policy_kind kind = POLICY_GROUP; kind <= POLICY_OPEN; kind++) {
		struct certificate a = holder_of(1, 1, 1000), b = holder_of(1, 2, 2000);
		struct certificate third = holder_of(1, 3, 3000), other = holder_of(2, 1, 3000);
		struct policy *policy;

		if (kind == POLICY_OPEN)
			a.class = b.class = third.class = other.class = CERTIFICATE_OPEN;
		assert_int_equal(policy_new(kind, &policy), 0);
		assert_int_equal(policy_ask(policy, POLICY_MAY_LINK, &a, after_s(1)), 0);
		refuse(policy, &a, &b);
		expect_all(policy, &a, after_s(1), ERR_EXISTS);
		expect_all(policy, &b, after_s(1), ERR_EXISTS);
		expect_all(policy, &third, after_s(1), ERR_EXISTS);
		assert_int_equal(policy_ask(policy, POLICY_MAY_LINK, &other, after_s(1)), 0);
		expect_all(policy, &b, after_s(1000 + CERTIFICATE_SKEW_S), ERR_EXISTS);
		assert_int_equal(policy_ask(policy, POLICY_MAY_LINK, &b,
					    after_s(1000 + CERTIFICATE_SKEW_S + 1)),
				 0);
		policy_del(policy);
	}
}

/* Of three, two are left when the first has ended; and renewal counts from when it is seen. */
static void who_lasts_longest_is_remembered(void **state)
{
	const struct certificate a = holder_of(1, 1, 1000), b = holder_of(1, 2, 2000);
	const struct certificate third = holder_of(1, 3, 3000), renewed = holder_of(1, 1, 5000);
	struct policy *policy;

	(void)state;
	assert_int_equal(policy_new(POLICY_GROUP, &policy), 0);
	refuse(policy, &b, &a);
	refuse(policy, &a, &third);
	expect_all(policy, &third, after_s(2000 + CERTIFICATE_SKEW_S), ERR_EXISTS);
	expect_all(policy, &third, after_s(2000 + CERTIFICATE_SKEW_S + 1), 0);
	refuse(policy, &third, &renewed);
	expect_all(policy, &renewed, after_s(3000 + CERTIFICATE_SKEW_S), ERR_EXISTS);
	expect_all(policy, &renewed, after_s(3000 + CERTIFICATE_SKEW_S + 1), 0);
	refuse(policy, &third, &a); /* an old certificate of the same member takes nothing back */
	expect_all(policy, &renewed, after_s(3000 + CERTIFICATE_SKEW_S), ERR_EXISTS);
	policy_del(policy);
}

static void expect_refused(const struct policy *policy, uint8_t prefix)
{
	const struct certificate c = holder_of(prefix, 1, 5000);

	expect_all(policy, &c, after_s(1), ERR_EXISTS);
}

/* Of one more than there are places, the one gives way that would end first. */
static void twins_have_64_places(void **state)
{
	struct policy *policy;

	(void)state;
	assert_int_equal(policy_new(POLICY_GROUP, &policy), 0);
	for (uint8_t i = 0; i <= POLICY_TWINS_MAX; i++) {
		const struct certificate a = holder_of(i, 1, 1000 + i),
					 b = holder_of(i, 2, 1000 + i);

		if (i == POLICY_TWINS_MAX)
			for (uint8_t k = 0; k < i; k++)
				expect_refused(policy, k);
		refuse(policy, &a, &b);
	}
	for (uint8_t i = 0; i <= POLICY_TWINS_MAX; i++) {
		const struct certificate a = holder_of(i, 1, 5000);

		expect_all(policy, &a, after_s(1), i == 0 ? 0 : ERR_EXISTS);
	}
	policy_del(policy);
}

static void in_the_open_anybody_helps_the_overlay_but_only_friends_reach_us(void **state)
{
	static const int stranger[POLICY_QUESTIONS] = {
		[POLICY_MAY_LINK] = 0,           [POLICY_MAY_ROUTE] = 0,
		[POLICY_MAY_STORE] = ERR_DENIED, [POLICY_MAY_RELAY] = ERR_DENIED,
		[POLICY_MAY_VOTE] = ERR_DENIED,  [POLICY_MAY_IP] = ERR_DENIED,
	};
	const struct certificate friend = certificate_of(CERTIFICATE_OPEN, 1);
	const struct certificate other = certificate_of(CERTIFICATE_OPEN, 2);
	uint8_t hash[HASH_BYTES] = { 0 };
	struct policy *policy;

	(void)state;
	assert_int_equal(policy_new(POLICY_OPEN, &policy), 0);
	assert_int_equal(policy_befriend(policy, friend.spki_hash), 0);
	assert_int_equal(policy_befriend(policy, friend.spki_hash), 0); /* twice is once */
	for (int q = 0; q < POLICY_QUESTIONS; q++) {
		const enum policy_question question = (enum policy_question)q;

		assert_int_equal(policy_ask(policy, question, &other, after_s(1)), stranger[q]);
		assert_int_equal(policy_ask(policy, question, &friend, after_s(1)),
				 question == POLICY_MAY_VOTE ? ERR_DENIED : 0);
	}
	for (size_t i = 1; i < POLICY_FRIENDS_MAX; i++) {
		hash[0] = (uint8_t)i;
		hash[1] = 1;
		assert_int_equal(policy_befriend(policy, hash), 0);
	}
	hash[1] = 2;
	assert_int_equal(policy_befriend(policy, hash), ERR_FULL);
	policy_del(policy);
}

static void without_memory_nothing_is_noted(void **state)
{
	const struct policy_revoked revoked = { .serial_len = 1, .serial = { 7 } };
	const uint8_t hash[HASH_BYTES] = { 7 };
	struct policy *policy;

	(void)state;
	assert_int_equal(policy_new(POLICY_GROUP, &policy), 0);
	allocations_fail_at(1);
	assert_int_equal(policy_revoke(policy, &revoked), ERR_NOMEM);
	assert_int_equal(policy_revoke(policy, &revoked), 0);
	policy_del(policy);
	assert_int_equal(policy_new(POLICY_OPEN, &policy), 0);
	allocations_fail_at(1);
	assert_int_equal(policy_befriend(policy, hash), ERR_NOMEM);
	assert_int_equal(policy_befriend(policy, hash), 0);
	policy_del(policy);
	allocations_fail_at(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_may_all_while_its_certificate_is_valid),
		cmocka_unit_test(
			self_signed_ones_are_nobody_in_a_group_and_members_nobody_in_the_open),
		cmocka_unit_test(revocation_goes_by_serial_or_by_key_and_touches_nobody_else),
		cmocka_unit_test(twins_may_nothing_until_one_certificate_has_ended),
		cmocka_unit_test(who_lasts_longest_is_remembered),
		cmocka_unit_test(twins_have_64_places),
		cmocka_unit_test(in_the_open_anybody_helps_the_overlay_but_only_friends_reach_us),
		cmocka_unit_test(without_memory_nothing_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
