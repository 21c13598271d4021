# words: README.md:1: FIXME
echo 'FIXME: say what this is' >README.md
