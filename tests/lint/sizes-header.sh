# sizes: src/base/tally.h:251: 251 lines; at most 250
yes '' | head -n $((251 - $(wc -l <src/base/tally.h))) >>src/base/tally.h
