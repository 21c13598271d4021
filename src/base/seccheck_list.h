/* seccheck_list.h - every predicate of seccheck.h: X(name, what is true when all is well).
 *
 * The mutation gate runs twice for each line, and lint demands that each name is used in the code.
 */
#ifndef SECCHECK_LIST_H
#define SECCHECK_LIST_H

#define SECCHECK_LIST(X)    \
	SECCHECK_CRYPTO(X)  \
	SECCHECK_SESSION(X) \
	SECCHECK_PATH(X)    \
	SECCHECK_FORWARD(X) \
	SECCHECK_NODE(X)    \
	SECCHECK_STEWARD(X) \
	SECCHECK_GROUP(X)

#define SECCHECK_CRYPTO(X)                                                                  \
	X(SEC_AEAD_TAG, "the tag belongs to key, nonce, associated data and ciphertext")    \
	X(SEC_AEAD_LOADED_TAG, "the same, with a library that was loaded at run time")      \
	X(SEC_X25519_NONZERO, "the peer's X25519 key is no point of small order")           \
	X(SEC_NOISE_BIND_DUE, "the handshake lives and a message is yet to begin")          \
	X(SEC_NOISE_WRITE_KEYS_DUE, "the handshake lives and our keys are next")            \
	X(SEC_NOISE_WRITE_PAYLOAD_DUE, "the handshake lives and our payload is next")       \
	X(SEC_NOISE_READ_KEYS_DUE, "the handshake lives and the peer's keys are next")      \
	X(SEC_NOISE_READ_PAYLOAD_DUE, "the handshake lives and the peer's payload is next") \
	X(SEC_KEY_PASSPHRASE, "the passphrase opens the key file")                          \
	X(SEC_KEY_KIND, "the public key is Ed25519 or P-256 in its one form")               \
	X(SEC_KEY_SIGNATURE_FORM, "the signature has its one form")                         \
	X(SEC_KEY_SIGNATURE, "the signature is of this message and key")                    \
	X(SEC_CA_KEY, "the CA's key is of a kind that we know")                             \
	X(SEC_CA_NAME, "the CA has the name of a group")                                    \
	X(SEC_CA_FORM, "the CA's certificate has its one form")                             \
	X(SEC_CA_SIGNATURE, "the CA has signed its own certificate")                        \
	X(SEC_REQUEST_KEY, "the requested key is of a kind that we know")                   \
	X(SEC_REQUEST_NAME, "the requested name is a host name")                            \
	X(SEC_REQUEST_FORM, "the request has its one form")                                 \
	X(SEC_REQUEST_SIGNATURE, "the request was signed with its key")                     \
	X(SEC_CERT_SIZE, "the certificate is not longer than allowed")                      \
	X(SEC_CERT_CLASS, "the class is the network's: by the CA, or self-signed")          \
	X(SEC_CERT_NETWORK, "the certificate is for this network")                          \
	X(SEC_CERT_SALT, "a CA's member has a salt, a self-signed one has none")            \
	X(SEC_CERT_NAME, "the subject is a host name")                                      \
	X(SEC_CERT_SERIAL, "the serial is positive and of legal length")                    \
	X(SEC_CERT_KEY, "the member's key is of a kind that we know")                       \
	X(SEC_CERT_NOT_CA_KEY, "the member's key is not the CA's")                          \
	X(SEC_CERT_PERIOD, "the validity ends after it has begun")                          \
	X(SEC_CERT_FORM, "the certificate has its one form, with the id of key and salt")   \
	X(SEC_CERT_SIGNATURE_FORM, "the certificate's signature has its one form")          \
	X(SEC_CERT_SIGNATURE, "the CA (or, open, the member) has signed")                   \
	X(SEC_CERT_OWN_KEY, "what a host takes for its key is its certificate's")           \
	X(SEC_CERT_STARTED, "the validity has begun")                                       \
	X(SEC_CERT_NOT_ENDED, "the validity has not ended")

#define SECCHECK_SESSION(X)                                                                  \
	X(SEC_FRAME_PLACES, "the places that a frame states lie inside its payload")         \
	X(SEC_ROUTED_HOPS, "a routed message has no more steps left than any may take")      \
	X(SEC_BROADCAST_HOPS, "a broadcast has no more steps left than any may take")        \
	X(SEC_WHO_LENGTH, "a question who is there is as long as it may be, and its answer") \
	X(SEC_PART_PLACE, "a piece stands inside the whole that it states")                  \
	X(SEC_REPLAY_LAST, "the counter is below the last of all")                           \
	X(SEC_REPLAY_OLD, "the counter is inside the replay window")                         \
	X(SEC_REPLAY_SEEN, "the counter was not seen")                                       \
	X(SEC_REPLAY_UPDATE, "an opened packet's counter is still new")                      \
	X(SEC_EPOCH, "a message names an epoch whose secret we have")                        \
	X(SEC_M0_MAC1, "M0 comes from who knows the network and whom he dials")              \
	X(SEC_M0_VERSION, "M0 speaks our version")                                           \
	X(SEC_M0_SUITE, "M0 names a suite that we speak")                                    \
	X(SEC_M0_TARGET, "M0 is for us")                                                     \
	X(SEC_M0_CALM, "few handshakes are half-open: no cookie is needed")                  \
	X(SEC_M0_CLAIMED_SHARE,                                                              \
	  "a claimed source has less than its share of half-open handshakes")                \
	X(SEC_M0_CLAIMED_RATE, "a claimed source starts few handshakes")                     \
	X(SEC_M0_SHARE, "a proven source has less than its share of half-open handshakes")   \
	X(SEC_M0_RATE, "a proven source starts few handshakes")                              \
	X(SEC_M0_REPEAT_RATE, "a link has few M1 sent again")                                \
	X(SEC_COOKIE_SLOT, "the cookie is of this slot of time or the two before")           \
	X(SEC_COOKIE_MAC2, "mac2 was made with a cookie of ours for this address")           \
	X(SEC_HALF_OPEN_VICTIM, "who gives way has not proven his address, unless all have") \
	X(SEC_INDEX_FREE, "nothing of ours has this index")                                  \
	X(SEC_ANSWER_CARRIAGE, "the answer came the way M0 went, raw or carried")            \
	X(SEC_M1_MAC1, "M1 answers our M0 and comes from who knows the network")             \
	X(SEC_VERSION_MAC1, "VERSION answers our M0 and comes from who knows the network")   \
	X(SEC_M2_CARRIAGE, "M2 came the way M0 came, raw or carried")                        \
	X(SEC_M2_MAC1, "M2 answers our M1 and comes from who knows the network")             \
	X(SEC_M2_REPEAT, "an M2 for a standing session is the one that made it")             \
	X(SEC_RUN_CERTIFICATE, "the peer's certificate is verified")                         \
	X(SEC_RUN_SIGNATURE, "the peer has signed this run")                                 \
	X(SEC_RUN_NOT_SELF, "the peer is not we ourselves")                                  \
	X(SEC_TARGET_EXACT, "the id is the one that was dialled")                            \
	X(SEC_TARGET_PREFIX, "the id has the prefix that was dialled")                       \
	X(SEC_POLICY, "policy admits the peer")                                              \
	X(SEC_REKEY_ROLE, "a rekey is started by who started the session")                   \
	X(SEC_REKEY_STATE, "a rekey begins when no other one is under way")                  \
	X(SEC_REKEY_WANTED_ROLE, "a rekey is asked of who started the session")              \
	X(SEC_REKEY_PACE, "rekeys keep their distance")                                      \
	X(SEC_REKEY_VALIDITY, "the peer's certificate is still valid when keys change")      \
	X(SEC_KEYS_STOP, "the keys have not reached their end")                              \
	X(SEC_SNAPSHOT, "the calendar and the steady clock go together")                     \
	X(SEC_IP_NOT_MAPPED, "no IPv6 packet carries an IPv4 address that one table would mix up")

#define SECCHECK_PATH(X)                                                                   \
	X(SEC_CANDIDATE_PROBEABLE, "an address that is probed can be somebody's, outside") \
	X(SEC_CANDIDATE_MOVE, "nobody alone names one address after another for us")       \
	X(SEC_CANDIDATE_AGREED, "two peers see us under the same endpoint")                \
	X(SEC_PROBE_PEER, "few probes left for this peer within a minute")                 \
	X(SEC_PROBE_TARGET, "few probes left for this address within a second")            \
	X(SEC_PROBE_PLACE, "an address that is forgotten got no probe for a second")       \
	X(SEC_RELAY_SHARE, "a member has asked us to relay for few pairs")                 \
	X(SEC_RELAY_CLAIM, "who gives way to a pair has less claim to its place")          \
	X(SEC_RELAY_BOTH_ASKED, "both ends have asked for each other")                     \
	X(SEC_PATH_TOKEN, "an answer carries the token of a probe that waits for it")      \
	X(SEC_PATH_WAY, "an answer came by the way its probe went")                        \
	X(SEC_PATH_PROVEN, "a way that is adopted has answered")                           \
	X(SEC_SIZE_ALIVE, "a way that gets padded probes answers small ones")

#define SECCHECK_FORWARD(X)                                                                      \
	X(SEC_TABLE_ADDRESS_FREE, "an address that enters the table is nobody else's")           \
	X(SEC_SEAL_NOT_STOPPED, "the keys to send with are not at their end")                    \
	X(SEC_SEAL_COUNTER, "a counter is left to send with")                                    \
	X(SEC_OPEN_NOT_STOPPED, "the keys to receive with are not at their end")                 \
	X(SEC_OPEN_COUNTER, "a received counter is below the limit")                             \
	X(SEC_OPEN_FAILURES, "not too many packets failed to open")                              \
	X(SEC_OPEN_WINDOW, "the counter of a packet that comes may be new")                      \
	X(SEC_OPEN_AUTHENTIC, "the packet opens")                                                \
	X(SEC_OPEN_FRESH, "the counter of the opened packet was new")                            \
	X(SEC_FORWARD_SNAPSHOT, "this is the run of the machine for which the table was built")  \
	X(SEC_TUN_SOURCE, "a packet from the TUN has a source of ours")                          \
	X(SEC_TUN_ADMITTED, "policy lets us send IP to the peer")                                \
	X(SEC_WIRE_ADMITTED, "policy lets the peer send IP to us")                               \
	X(SEC_WIRE_SOURCE, "the inner source is an address of the peer that sealed the packet")  \
	X(SEC_WIRE_DESTINATION, "the inner destination is ours")                                 \
	X(SEC_WIRE_LAST_HOP, "the packet does not ask to be sent on from here")                  \
	X(SEC_WIRE_CHECKSUM, "a checksum is left to us only where we said so, and in its place") \
	X(SEC_JOIN_HEADERS, "what is joined has the headers of what it is joined to")            \
	X(SEC_HANDSHAKE_DIRECT, "a datagram that is no data came straight from the socket")      \
	X(SEC_RELAY_DIRECT, "what is to be relayed came straight from the link")                 \
	X(SEC_RELAY_LINK, "the index on a relayed datagram was made for the link it came by")    \
	X(SEC_RELAY_RATE, "the sender relays no more than is allowed")
#define SECCHECK_NODE(X)                                                                     \
	X(SEC_ROUTE_POLICY, "policy lets the link have messages passed on")                  \
	X(SEC_ROUTE_ALLOWANCE, "and it has not had too much passed on within a second")      \
	X(SEC_BROADCAST_POLICY, "policy lets the link have broadcasts passed on")            \
	X(SEC_BROADCAST_RANGE, "what a broadcast is to reach has neither asker nor link")    \
	X(SEC_BROADCAST_ALLOWANCE, "and the link has not had too much of the ring asked")    \
	X(SEC_LINKS_CARRY, "what links carry did not come along the ring itself")            \
	X(SEC_CANDIDATES_ALLOWANCE, "a member tells its candidates not too often")           \
	X(SEC_LIST_ALLOWANCE, "a member tells not too many lists of neighbours a second")    \
	X(SEC_NAMES_ALLOWANCE, "and has not too many dialled who are not there")             \
	X(SEC_SOUGHT_DENSITY, "who answers to a key stands as near as somebody must")        \
	X(SEC_CANDIDATE_TOLD, "what one alone says of us is told where it is needed")        \
	X(SEC_BEACON_NEW, "a beacon is newer than the last of its sender")                   \
	X(SEC_BEACON_FRESH, "a beacon was made now, as calendars go")                        \
	X(SEC_BEACON_SOURCE, "few members speak from one address")                           \
	X(SEC_BEACON_PROBEABLE, "a beacon came from where a member can be")                  \
	X(SEC_BEACON_SITE, "few members were dialled there in vain within a minute")         \
	X(SEC_PART_LENGTH, "a piece is no longer than its place")                            \
	X(SEC_FOUND_TOKEN, "an answer carries the token of an open question")                \
	X(SEC_FOUND_OWNER, "who answered has a certificate for what was asked")              \
	X(SEC_FOUND_SHARE, "one link has no more than its share of the claims")              \
	X(SEC_UNREACHABLE_INDEX, "who says that nobody is there has seen our M0")            \
	X(SEC_WHO_ALLOWANCE, "a link has us say who we are not too often")                   \
	X(SEC_IAM_TOKEN, "who says who it is was asked")                                     \
	X(SEC_IAM_TARGET, "and is the one that was asked for, if it says so")                \
	X(SEC_ASK_ALLOWANCE, "a member asks us to relay not too often")                      \
	X(SEC_GRANT_ASKED, "a relay that grants was asked")                                  \
	X(SEC_RELAY_POLICY, "policy lets the member have its packets relayed, and we relay") \
	X(SEC_POLICY_CLASS_GROUP, "in a group the certificate is the CA's")                  \
	X(SEC_POLICY_TIME, "a member's certificate is valid now")                            \
	X(SEC_POLICY_REVOKED, "neither serial nor key was revoked")                          \
	X(SEC_POLICY_TWINS, "no two live certificates share the first 80 bits of this id")   \
	X(SEC_TWIN_NONE, "nobody else with a live certificate has the first 80 bits")        \
	X(SEC_POLICY_CLASS_OPEN, "in an open network the certificate is self-signed")        \
	X(SEC_POLICY_FRIEND, "the key was befriended")

#define SECCHECK_STEWARD(X)                                                              \
	X(SEC_STEWARD_NETWORK, "a bundle that was renewed is still of the same network") \
	X(SEC_STEWARD_IPV6, "the node asks for an IPv6 address of its network")          \
	X(SEC_STEWARD_IPV4, "the node asks for an IPv4 address of its network")          \
	X(SEC_STEWARD_MTU, "the node asks for the MTU that every interface of ours has") \
	X(SEC_CHANNEL_SENDER, "steward and node say each what is its own to say")        \
	X(SEC_CHANNEL_FDS, "and send as many descriptors with it as it has")             \
	X(SEC_CHANNEL_NAME, "what a program of the owner's is told is a member's name")  \
	X(SEC_UEVENT_SENDER, "what says that this machine is a copy is the kernel's")    \
	X(SEC_CONTROL_READ, "the user may see this network")                             \
	X(SEC_CONTROL_CHANGE, "the user may change this network")                        \
	X(SEC_CONTROL_VERB, "who asks for a change may have it")

#define SECCHECK_GROUP(X)                                                                     \
	X(SEC_REGISTRY_OF_NETWORK, "the registry is that of this CA")                         \
	X(SEC_REGISTRY_WHOLE, "the registry is what we wrote, to its last byte")              \
	X(SEC_REGISTRY_KEY_NOT_REVOKED, "the key that asks again was not revoked")            \
	X(SEC_REGISTRY_KEY_KEEPS_NAME, "the key that asks again asks for the name it has")    \
	X(SEC_REGISTRY_KEY_KEEPS_IPV4, "the key that asks again asks for the address it has") \
	X(SEC_REGISTRY_KEY_KEEPS_SALT, "the key that asks again keeps its salt")              \
	X(SEC_REGISTRY_LATEST_END, "the renewed certificate ends after all earlier ones")     \
	X(SEC_REGISTRY_NAME_FREE, "nobody else holds the name")                               \
	X(SEC_REGISTRY_IPV4_FREE, "nobody else holds the IPv4 address")                       \
	X(SEC_REGISTRY_ID_FREE, "nobody else has the first 80 bits of the id")                \
	X(SEC_AUTHORITY_KEY, "the key is that of the CA's certificate")                       \
	X(SEC_AUTHORITY_NETWORK, "the CA that is here is that of the network that is joined") \
	X(SEC_STORE_SECRET, "a file with a key or a secret in it is for its owner alone")     \
	X(SEC_STORE_NETWORK, "the bundle in a network's place is a bundle of that network")   \
	X(SEC_BUNDLE_NETWORK, "the CA in a bundle is that of the network it names")           \
	X(SEC_BUNDLE_NAME, "the CA in a bundle has the group's name")                         \
	X(SEC_BUNDLE_IPV4, "the IPv4 address of a bundle's certificate is in its prefix")     \
	X(SEC_BUNDLE_PREFIX, "the IPv4 addresses that a bundle takes are private ones")       \
	X(SEC_BUNDLE_SUCCESSOR, "a bundle that replaces another is of the same network")      \
	X(SEC_BUNDLE_EPOCH, "and has no older secret")                                        \
	X(SEC_BUNDLE_SECRET, "and no other secret for an epoch that both have")

#endif
