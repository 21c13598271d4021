# hardened: build/src/prog/program: bound lazily
echo '-pie -Wl,-z,relro -Wl,-z,lazy -Wl,-z,noexecstack' >link-flags
