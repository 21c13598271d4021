/* packet.h - IP packets for tests, made by hand: what the code under test reads and writes must
 * not be made by the code under test. */
#ifndef TESTS_PACKET_H
#define TESTS_PACKET_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PACKET_UDP 17

static inline void packet_u16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The 16-bit ones' complement sum the slow way (RFC 1071, 1): 0xffff over bytes whose checksum is
 * right. */
static inline uint16_t packet_sum(const uint8_t *bytes, size_t len, uint16_t start)
{
	uint32_t sum = start;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
		if (sum > 0xffff)
			sum -= 0xffff; /* the carry comes back in */
	}
	return (uint16_t)sum;
}

/* An IPv4 packet of `len` >= 28 bytes: header, UDP header, bytes that count up. */
static inline size_t packet_v4(uint8_t *ret, size_t len, const uint8_t source[4],
			       const uint8_t destination[4])
{
	memset(ret, 0, 28);
	ret[0] = 0x45;
	packet_u16(ret + 2, len);
	ret[6] = 0x40; /* do not fragment */
	ret[8] = 64;
	ret[9] = PACKET_UDP;
	memcpy(ret + 12, source, 4);
	memcpy(ret + 16, destination, 4);
	packet_u16(ret + 10, 0xffffU - packet_sum(ret, 20, 0));
	packet_u16(ret + 20, 4000);
	packet_u16(ret + 22, 53);
	packet_u16(ret + 24, len - 20);
	for (size_t i = 28; i < len; i++)
		ret[i] = (uint8_t)i;
	return len;
}

/* The same of IPv6: `len` >= 48. */
static inline size_t packet_v6(uint8_t *ret, size_t len, const uint8_t source[16],
			       const uint8_t destination[16])
{
	memset(ret, 0, 48);
	ret[0] = 0x60;
	packet_u16(ret + 4, len - 40);
	ret[6] = PACKET_UDP;
	ret[7] = 64;
	memcpy(ret + 8, source, 16);
	memcpy(ret + 24, destination, 16);
	packet_u16(ret + 40, 4000);
	packet_u16(ret + 42, 53);
	packet_u16(ret + 44, len - 40);
	for (size_t i = 48; i < len; i++)
		ret[i] = (uint8_t)i;
	return len;
}

#endif
