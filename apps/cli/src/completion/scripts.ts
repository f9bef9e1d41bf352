import { ASK, FILES } from './answer.ts';

/** What each shell has to be told once. The choices themselves come from the program, so they are always current. */
export const COMPLETION_SCRIPTS = {
  bash: `# bash completion for hexclave
_hexclave() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == '${FILES}' ]]; then compopt -o default; else COMPREPLY+=("\${line%%$'\\t'*}"); fi
  done < <("\${COMP_WORDS[0]}" ${ASK} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _hexclave hexclave
`,
  zsh: `#compdef hexclave
_hexclave() {
  local value summary
  local -a candidates
  while IFS=$'\\t' read -r value summary; do
    if [[ $value == '${FILES}' ]]; then _files; else candidates+=("\${value//:/\\\\:}:\${summary}"); fi
  done < <("\${words[1]}" ${ASK} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe hexclave candidates
}
compdef _hexclave hexclave
`,
  fish: `# fish completion for hexclave
function __hexclave_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] ${ASK} -- $words[2..-1] 2>/dev/null | string match --invert '${FILES}'
end
complete --command hexclave --no-files --arguments '(__hexclave_complete)'
`,
} as const;
