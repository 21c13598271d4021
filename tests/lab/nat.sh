# shellcheck shell=bash
# nat.sh - NAT boxes of each kind, by nftables; sourced by lab.sh.
#
# The words are those of RFC 4787: a mapping is endpoint-independent (EI) or address-and-port-
# dependent (APD), and so is filtering, which may also be address-dependent (AD).
#
#     kind             mapping  filtering
#     full-cone        EI       EI         what comes to a mapped port passes, whoever sent it
#     restricted       EI       AD         ... if the inside has sent to that address
#     port-restricted  EI       APD        ... and port
#     symmetric        APD      APD        another outside port, at random, for each peer
#     linuxaccept      EI       APD        as port-restricted, but see below
#
# Linux keeps the inside's source port as long as no other flow has it, so its mapping is in effect
# endpoint-independent. But a packet that comes to the port before the inside has sent, and is not
# dropped, becomes a flow of the router itself; the inside's packet to that peer then finds its port
# taken and gets another. This is linuxaccept: a plain masquerade without a firewall, on which a
# punch that knocks too early spoils its own hole. All other kinds drop such packets.
#
# The kinds with filtering wider than Linux's keep their own list of mapped ports, which relies on
# the kept port: two inside machines that use one source port are not for them. IPv6 passes as is.

# lab_nat ROUTER INSIDE OUTSIDE KIND [SECONDS]: translates what comes from the neighbour INSIDE and
# leaves to the neighbour OUTSIDE. SECONDS (20) is the life of an idle UDP mapping: RFC 4787 section
# 4.3 wants 120 at least, boxes with far less are about, and who is silent for longer than that shall
# find out here. Called again, it makes the router another box; what it had mapped is forgotten.
lab_nat() {
	local router=$1 inside=$2 outside=$3 kind=$4 seconds=${5:-20}
	local firewall="iifname $outside meta l4proto udp drop" learn='' admit='' scatter=''

	case $kind in
	full-cone)
		learn='update @ports { udp sport : ip saddr . udp sport }'
		admit='dnat ip to udp dport map @ports' ;;
	restricted)
		learn='update @ports { udp sport : ip saddr . udp sport } update @met { ip daddr . udp sport }'
		admit='ip saddr . udp dport @met dnat ip to udp dport map @ports' ;;
	port-restricted) ;;
	symmetric) scatter='meta l4proto udp masquerade to :1024-65535 fully-random' ;;
	linuxaccept) firewall='' ;;
	*) lab_die "there is no NAT of kind $kind" ;;
	esac
	lab_run "$router" nft -f - <<-END
		table ip lab_nat
		delete table ip lab_nat
		table ip lab_nat {
			map ports {
				type inet_service : ipv4_addr . inet_service
				flags dynamic, timeout
				timeout ${seconds}s
				size 65535
			}
			set met {
				type ipv4_addr . inet_service
				flags dynamic, timeout
				timeout ${seconds}s
				size 65535
			}
			chain learn {
				type filter hook forward priority 0
				${learn:+iifname $inside oifname $outside meta l4proto udp $learn}
			}
			chain admit {
				type nat hook prerouting priority -100
				${admit:+iifname $outside fib daddr type local meta l4proto udp $admit}
			}
			chain moved {
			}
			chain translate {
				type nat hook postrouting priority 100
				iifname $inside oifname $outside meta l4proto udp jump moved
				${scatter:+iifname $inside oifname $outside $scatter}
				iifname $inside oifname $outside masquerade
			}
			chain firewall {
				type filter hook input priority 0
				$firewall
			}
		}
	END
	lab_run "$router" sysctl -qw "net.netfilter.nf_conntrack_udp_timeout=$seconds" \
		"net.netfilter.nf_conntrack_udp_timeout_stream=$seconds"
	lab_nat_forget "$router"
}

# lab_nat_forget ROUTER: drops all mappings, as a box does that runs out of memory or changes its
# address.
lab_nat_forget() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab_run "$1" sh -c 'conntrack -F 2>&1 && nft "flush map ip lab_nat ports; flush set ip lab_nat met"' >/dev/null
}

# lab_nat_rebind ROUTER PORT: all that is mapped is forgotten, and what is mapped from now on leaves by
# that outside port, as from a box that lost its state and hands out other ports. Not for full-cone and
# restricted, which rely on the kept port, and for one program behind the box.
lab_nat_rebind() {
	lab_run "$1" nft "flush chain ip lab_nat moved; add rule ip lab_nat moved meta l4proto udp masquerade to :$2" &&
		lab_nat_forget "$1"
}

# lab_nat_reboot ROUTER: the box is switched off and on: links down, everything forgotten, links up.
# For a longer outage use the three functions that this is made of.
lab_nat_reboot() {
	lab_down "$1" && lab_nat_forget "$1" && lab_up "$1"
}
