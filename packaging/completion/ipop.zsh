#compdef ipop
# Completion of ipop(1) for zsh: the program itself says what may come next (ipop complete). Where it
# knows nothing, names of files are offered.
_ipop() {
	local -a candidates
	candidates=("${(@f)$(ipop complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -n "$candidates[1]" ]]; then
		compadd -a candidates
	else
		_files
	fi
}
_ipop "$@"
