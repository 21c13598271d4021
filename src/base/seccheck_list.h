/* seccheck_list.h - every predicate of seccheck.h: X(name, what is true when all is well).
 *
 * The mutation gate runs once for each line, and lint demands that each name is used in the code.
 */
#ifndef SECCHECK_LIST_H
#define SECCHECK_LIST_H

#define SECCHECK_LIST(X)    \
	SECCHECK_CRYPTO(X)  \
	SECCHECK_SESSION(X) \
	SECCHECK_FORWARD(X)

#define SECCHECK_CRYPTO(X)                                                               \
	X(SEC_AEAD_TAG, "the tag belongs to key, nonce, associated data and ciphertext") \
	X(SEC_X25519_NONZERO, "the peer's X25519 key is no point of small order")        \
	X(SEC_NOISE_WRITE_KEYS_DUE, "the handshake lives and our keys are next")         \
	X(SEC_NOISE_WRITE_PAYLOAD_DUE, "the handshake lives and our payload is next")    \
	X(SEC_NOISE_READ_KEYS_DUE, "the handshake lives and the peer's keys are next")   \
	X(SEC_NOISE_READ_PAYLOAD_DUE, "the handshake lives and the peer's payload is next")

#define SECCHECK_SESSION(X)                                                          \
	X(SEC_FRAME_PLACES, "the places that a frame states lie inside its payload") \
	X(SEC_REPLAY_LAST, "the counter is below the last of all")                   \
	X(SEC_REPLAY_OLD, "the counter is inside the replay window")                 \
	X(SEC_REPLAY_SEEN, "the counter was not seen")                               \
	X(SEC_REPLAY_UPDATE, "an opened packet's counter is still new")              \
	X(SEC_IP_NOT_MAPPED, "no IPv6 packet carries an IPv4 address that one table would mix up")

#define SECCHECK_FORWARD(X)                                                                     \
	X(SEC_TABLE_ADDRESS_FREE, "an address that enters the table is nobody else's")          \
	X(SEC_SEAL_NOT_STOPPED, "the keys to send with are not at their end")                   \
	X(SEC_SEAL_COUNTER, "a counter is left to send with")                                   \
	X(SEC_OPEN_NOT_STOPPED, "the keys to receive with are not at their end")                \
	X(SEC_OPEN_COUNTER, "a received counter is below the limit")                            \
	X(SEC_OPEN_FAILURES, "not too many packets failed to open")                             \
	X(SEC_OPEN_WINDOW, "the counter of a packet that comes may be new")                     \
	X(SEC_OPEN_AUTHENTIC, "the packet opens")                                               \
	X(SEC_OPEN_FRESH, "the counter of the opened packet was new")                           \
	X(SEC_FORWARD_SNAPSHOT, "this is the run of the machine for which the table was built") \
	X(SEC_TUN_SOURCE, "a packet from the TUN has a source of ours")                         \
	X(SEC_TUN_ADMITTED, "policy lets us send IP to the peer")                               \
	X(SEC_WIRE_ADMITTED, "policy lets the peer send IP to us")                              \
	X(SEC_WIRE_SOURCE, "the inner source is an address of the peer that sealed the packet") \
	X(SEC_WIRE_DESTINATION, "the inner destination is ours")                                \
	X(SEC_WIRE_LAST_HOP, "the packet does not ask to be sent on from here")

#endif
