# hardened: build/src/prog/program: not position-independent
echo '-no-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack' >link-flags
