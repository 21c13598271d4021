# layers: tools/layers.txt: wire: may include itself through others
sed -i 's/^wire: base/wire: base session/' tools/layers.txt
