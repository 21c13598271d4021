# shellcheck shell=bash
# internet.sh - an Internet for the machines of a lab; sourced after lab.sh.
#
#                             core
#                  /            |            \
#            west             east             north         the routers of three providers
#        192.0.2.0/24    198.51.100.0/24   203.0.113.0/24    RFC 5737
#        2001:db8:1::     2001:db8:2::      2001:db8:3::     RFC 3849, a /48 each
#
# Two customers of different providers have three routers between them, so a packet with a small
# time to live can pass its own NAT box and die before the other one.

# internet: makes it, in a lab that has begun.
internet() {
	local provider number=0
	declare -gA INTERNET_PREFIX=([west]=192.0.2 [east]=198.51.100 [north]=203.0.113)
	declare -gA INTERNET_NUMBER=() INTERNET_LINES=() ADDRESS4=() ADDRESS6=()
	lab_router core west east north
	for provider in west east north; do
		number=$((number + 1))
		INTERNET_NUMBER[$provider]=$number INTERNET_LINES[$provider]=0
		lab_link "$provider" "100.128.$number.1/30,2001:db8:f:$number::1/64" \
			core "100.128.$number.2/30,2001:db8:f:$number::2/64"
		lab_route "$provider" default core
		lab_route core "${INTERNET_PREFIX[$provider]}.0/24" "$provider"
		lab_route core "2001:db8:$number::/48" "$provider"
	done
}

# internet_line MACHINE PROVIDER [FAMILIES]: a line of its own, for a host or for a router that stands
# before a home. FAMILIES is 46 (without it), 4 or 6. The machine's addresses are then in ADDRESS4 and
# ADDRESS6.
internet_line() {
	local machine=$1 provider=$2 families=${3:-46} line=${INTERNET_LINES[$2]} theirs='' ours=''
	local prefix4=${INTERNET_PREFIX[$2]} prefix6=2001:db8:${INTERNET_NUMBER[$2]}:$((INTERNET_LINES[$2] + 1))
	INTERNET_LINES[$provider]=$((line + 1))
	if [[ $families == *4* ]]; then
		ADDRESS4[$machine]=$prefix4.$((4 * line + 2))
		theirs=$prefix4.$((4 * line + 1))/30 ours=${ADDRESS4[$machine]}/30
	fi
	if [[ $families == *6* ]]; then
		ADDRESS6[$machine]=$prefix6::2
		theirs+=${theirs:+,}$prefix6::1/64 ours+=${ours:+,}${ADDRESS6[$machine]}/64
	fi
	lab_link "$provider" "$theirs" "$machine" "$ours"
	[[ ${LAB_KIND[$machine]} == host ]] || lab_route "$machine" default "$provider"
}

# internet_home BOX PROVIDER KIND HOST...: a home with IPv4 only: hosts on one Ethernet behind a NAT
# box of that kind (nat.sh). All homes have the same private addresses, 192.168.1.0/24.
internet_home() {
	local box=$1 provider=$2 kind=$3 host number=1 hosts=()
	shift 3
	for host; do
		number=$((number + 1))
		hosts+=("$host" "192.168.1.$number/24")
	done
	lab_router "$box"
	lab_host "$@"
	internet_line "$box" "$provider" 4
	lab_lan "$box" 192.168.1.1/24 "${hosts[@]}"
	lab_nat "$box" lan "$provider" "$kind"
}
