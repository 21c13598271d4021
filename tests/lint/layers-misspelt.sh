# layers: tools/layers.txt: wire: no layer is called bass
sed -i 's/^wire: base/wire: bass/' tools/layers.txt
