# hardened: build/src/prog/program: no read-only relocations
echo '-pie -Wl,-z,norelro -Wl,-z,now -Wl,-z,noexecstack' >link-flags
