# built: src/base/tally_unbuilt.c:1: no target of the main build compiles it
echo '/* tally_unbuilt.c - in no meson.build. */' >src/base/tally_unbuilt.c
