# hardened: build/src/prog/program: an executable stack
echo '-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,execstack' >link-flags
