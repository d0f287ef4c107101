/**
 * The few lines that teach a shell to ask the plugin: they hold no knowledge of their own, so they never grow old.
 */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Every line but the last is a value, a tab and what it means; the last one says `:4` (nothing else) or `:0` (files too). */
const BASH = `# shopmind completion for bash: source <(kubectl shopmind completion bash)
_shopmind() {
  local IFS=$'\\n' out directive
  out=$("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  directive=\${out##*:}
  COMPREPLY=($(printf '%s\\n' "$out" | sed -e '$d' -e 's/\\t.*//'))
  if [[ $directive == 0 ]]; then compopt -o default; COMPREPLY=(); fi
}
complete -F _shopmind shopmind kubectl-shopmind
`;

const ZSH = `#compdef shopmind kubectl-shopmind
# shopmind completion for zsh: source <(kubectl shopmind completion zsh)
_shopmind() {
  local -a lines found
  lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${lines[-1]} == ':0' ]]; then _files; return; fi
  for line in "\${(@)lines[1,-2]}"; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe 'shopmind' found
}
compdef _shopmind shopmind kubectl-shopmind
`;

const FISH = `# shopmind completion for fish: kubectl shopmind completion fish | source
function __shopmind_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l lines ($words[1] __complete $words[2..-1] 2>/dev/null)
  if test "$lines[-1]" = ':0'
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $lines[1..-2]
  end
end
complete -c shopmind -f -a '(__shopmind_complete)'
complete -c kubectl-shopmind -f -a '(__shopmind_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
