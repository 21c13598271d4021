/* datagram.c - see datagram.h. The header is read and written in place after one look at the
 * length, since every packet passes here twice. */
#include "wire/datagram.h"

#include "base/err.h"

static void store_u32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static uint32_t load_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void datagram_header_encode(const struct datagram_header *header,
			    uint8_t ret[DATAGRAM_HEADER_BYTES])
{
	store_u32(ret, (uint32_t)DATAGRAM_DATA << 24); /* and three zeros */
	store_u32(ret + DATAGRAM_RECEIVER_AT, header->receiver);
	store_u32(ret + 8, (uint32_t)(header->counter >> 32));
	store_u32(ret + 12, (uint32_t)header->counter);
}

int datagram_header_decode(struct span datagram, struct datagram_header *ret)
{
	const uint8_t *at = datagram.data;

	if (datagram.len < DATAGRAM_HEADER_BYTES || load_u32(at) != (uint32_t)DATAGRAM_DATA << 24)
		return ERR_MALFORMED;
	ret->receiver = load_u32(at + DATAGRAM_RECEIVER_AT);
	ret->counter = (uint64_t)load_u32(at + 8) << 32 | load_u32(at + 12);
	return 0;
}
