/* seccheck_list.h - every predicate of seccheck.h: X(name, what is true when all is well).
 *
 * The mutation gate runs once for each line, and lint demands that each name is used in the code.
 */
#ifndef SECCHECK_LIST_H
#define SECCHECK_LIST_H

#define SECCHECK_LIST(X)   \
	SECCHECK_CRYPTO(X) \
	SECCHECK_SESSION(X)

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

#endif
