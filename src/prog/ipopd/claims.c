/* claims.c - see claims.h. */
#include "prog/ipopd/claims.h"

#include "base/err.h"
#include "base/seccheck.h"

struct ip_address claims_ipv6(const struct claims *claims)
{
	const struct id zero = { 0 };

	return address_ipv6(&claims->network_id, &zero);
}

static bool ipv6_is_ours(const struct claims *claims, const struct node_addresses *wanted)
{
	return wanted->ipv6_prefix_len == ADDRESS_IPV6_PREFIX_LEN &&
	       address_is_in(&wanted->ipv6, &claims->network_id);
}

static bool ipv4_is_ours(const struct claims *claims, const struct node_addresses *wanted)
{
	return !wanted->has_ipv4 || (wanted->ipv4_prefix_len == claims->ipv4.len &&
				     prefix_has_host(&claims->ipv4, wanted->ipv4));
}

int claims_check(const struct claims *claims, const struct node_addresses *wanted)
{
	if (!SECCHECK(SEC_STEWARD_IPV6, ipv6_is_ours(claims, wanted)) ||
	    !SECCHECK(SEC_STEWARD_IPV4, ipv4_is_ours(claims, wanted)) ||
	    !SECCHECK(SEC_STEWARD_MTU, wanted->mtu == FORWARD_MTU))
		return ERR_DENIED;
	return 0;
}

bool claims_are_of(const struct claims *claims, const struct id *network_id)
{
	return SECCHECK(SEC_STEWARD_NETWORK, id_equal(&claims->network_id, network_id));
}

bool claims_may_read(uint32_t uid, bool in_group, uint32_t own_uid)
{
	return SECCHECK(SEC_CONTROL_READ, uid == 0 || uid == own_uid || in_group);
}

bool claims_may_change(uint32_t uid, uint32_t own_uid)
{
	return SECCHECK(SEC_CONTROL_CHANGE, uid == 0 || uid == own_uid);
}
