/* test_network.c - the keys that members share are those of doc/protocol.md, "Test vectors". */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "session/network.h"
#include "tests/lib/hex.h"
#include "tests/lib/party.h"

/* 00 01 02 ... of any length, from `first` on. */
static void count_up(uint8_t first, uint8_t *ret, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)(first + i);
}

static struct network numbered(bool open)
{
	struct network network = { .open = open };

	count_up(0, network.id.bytes, ID_BYTES);
	return network;
}

static struct id responder(void)
{
	struct id id;

	count_up(20, id.bytes, ID_BYTES);
	return id;
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
	uint8_t expected[32];

	assert_memory_equal(bytes, hex_bytes(hex, expected, sizeof(expected)).data, 32);
}

static void mac1_keys_are_the_published_ones(void **state)
{
	const struct network group = numbered(false);
	const struct network open = numbered(true);
	const struct id id = responder();
	struct network_epoch epoch = { .number = 1 };
	uint8_t key[MAC_KEY_BYTES];

	(void)state;
	count_up(0, epoch.secret, sizeof(epoch.secret));
	network_mac1_key(&group, &epoch, &id, key);
	assert_hex(key, "b608051c5a8a1d9611b3cc63a393909dfb45c7eb8bb62928b92cbcd248c4bca3");
	network_mac1_key(&open, &epoch, &id, key);
	assert_hex(key, "fe8ef8ba797b487d91c3d6c71883fdfe5668f72693733a3874416e6b0bb51ea7");
}

static void psks_are_the_published_ones(void **state)
{
	struct party_group *group = party_group_new(1, false);
	const struct id own = responder();
	struct network network;

	(void)state;
	group->secrets[0].epoch = 7;
	count_up(0, group->secrets[0].bytes, SESSION_SECRET_BYTES);
	group->secrets[1].epoch = 6;
	assert_int_equal(network_init(&network, group->trust, &own, group->secrets), 0);
	assert_int_equal(network.count, 2);
	assert_hex(network_epoch(&network, 7)->psk,
		   "843ff72abdabd06e6d3599d9714093bd6de7b2037fd9282e74d1af5842fcfa92");
	assert_memory_not_equal(network_epoch(&network, 6)->psk, network_epoch(&network, 7)->psk,
				HASH_BYTES);
	assert_null(network_epoch(&network, 5));
	assert_null(network_epoch(&network, 0));
	network_free(&network);
	group->secrets[0].epoch = group->secrets[1].epoch = 0;
	assert_int_equal(network_init(&network, group->trust, &own, group->secrets),
			 ERR_UNSUPPORTED);
	party_group_del(group);
}

static void an_open_network_has_epoch_0_alone(void **state)
{
	struct party_group *group = party_group_new(1, true);
	const struct id own = responder();
	struct network network;

	(void)state;
	assert_int_equal(network_init(&network, group->trust, &own, group->secrets), 0);
	assert_int_equal(network.count, 1); /* whatever secrets there are */
	assert_true(span_is_zero(span_of(network_epoch(&network, 0)->psk, HASH_BYTES)));
	assert_null(network_epoch(&network, group->secrets[0].epoch));
	network_free(&network);
	party_group_del(group);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mac1_keys_are_the_published_ones),
		cmocka_unit_test(psks_are_the_published_ones),
		cmocka_unit_test(an_open_network_has_epoch_0_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
