# symbols: src/base/tally.c:1: mutable global tally_default
printf '\nextern struct tally tally_default;\nstruct tally tally_default = { 1, 1 };\n' >>src/base/tally.c
