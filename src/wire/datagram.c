/* datagram.c - see datagram.h. */
#include "wire/datagram.h"

#include "base/err.h"
#include "base/reader.h"
#include "base/writer.h"

void datagram_header_encode(const struct datagram_header *header,
			    uint8_t ret[DATAGRAM_HEADER_BYTES])
{
	struct writer w = writer_of(ret, DATAGRAM_HEADER_BYTES);

	writer_u8(&w, DATAGRAM_DATA);
	writer_zero(&w, 3);
	writer_u32(&w, header->receiver);
	writer_u64(&w, header->counter);
}

int datagram_header_decode(struct span datagram, struct datagram_header *ret)
{
	struct reader r = reader_of(datagram);
	struct datagram_header header;
	uint8_t type;

	if (!reader_u8(&r, &type) || type != DATAGRAM_DATA || !reader_zero(&r, 3) ||
	    !reader_u32(&r, &header.receiver) || !reader_u64(&r, &header.counter))
		return ERR_MALFORMED;
	*ret = header;
	return 0;
}
