#!/bin/bash
# bulk.sh - much data, and not one bit of it is another at the end: $GIGABYTES (10) over a cable, a tenth of
# that where two packets of a hundred get lost and others overtake them. Minutes; `make soak PARTS=bulk`.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

nothing_was_forged() {
	local host
	for host in a b; do
		ipop_on "$host" status lab --json | python3 -c '
import json, sys
counters = json.load(sys.stdin)["counters"]
print(counters["forward"], counters["tun"], counters["udp"])
assert counters["forward"]["drop_forged"] == counters["forward"]["drop_malformed"] == 0' || return 1
	done
}

lab_begin bulk
lab_host a b
lab_link a 192.0.2.1/24 b 192.0.2.2/24
members_found a 192.0.2.1
members_admit a b
members_up a b
lab_wait_until 20 member_goes a b direct
lab_wait_until 20 member_goes b a direct
MEGABYTES=$((${GIGABYTES:-10} * 1024))
lab_check "${GIGABYTES:-10} GB arrive as they were sent" carries a b "$(member_is b ipv6)"
lab_check "nothing was forged" nothing_was_forged
lab_end

lab_begin badbulk
lab_host a b
lab_link a 192.0.2.1/24 b 192.0.2.2/24
lab_impair a b --loss 2 --delay 2 --jitter 2 --reorder 5
members_found a 192.0.2.1
members_admit a b
members_up a b
lab_wait_until 30 member_goes a b direct
MEGABYTES=$((MEGABYTES / 10))
lab_check "a tenth of that over a bad line as well" carries a b "$(member_is b ipv6)"
lab_check "nothing was forged there" nothing_was_forged
lab_end
