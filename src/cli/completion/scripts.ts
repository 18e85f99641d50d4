/** Shells that `tenantbot completion` knows. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# Completion of tenantbot for bash: source <(tenantbot completion bash)
_tenantbot() {
  COMPREPLY=()
  local line files=
  while IFS= read -r line; do
    case $line in
      :0) files=yes ;;
      :*) ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(tenantbot __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [[ $files ]] && compopt -o default 2>/dev/null
  return 0
}
complete -F _tenantbot tenantbot
`;

const ZSH = `#compdef tenantbot
# Completion of tenantbot for zsh: source <(tenantbot completion zsh)
_tenantbot() {
  local line files=
  local -a candidates
  for line in "\${(@f)$(tenantbot __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :0) files=yes ;;
      :*) ;;
      *$'\\t'*) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) candidates+=("\${line//:/\\\\:}") ;;
    esac
  done
  if (( $#candidates )); then
    _describe tenantbot candidates
  elif [[ -n $files ]]; then
    _files
  fi
}
if [[ $funcstack[1] == _tenantbot ]]; then _tenantbot "$@"; else compdef _tenantbot tenantbot; fi
`;

const FISH = `# Completion of tenantbot for fish: tenantbot completion fish | source
function __tenantbot
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (tenantbot __complete -- $words[2..] "$current" 2>/dev/null)
        switch $line
            case :0
                __fish_complete_path "$current"
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c tenantbot -f -a '(__tenantbot)'
`;

/** What a shell has to read so that it completes `tenantbot`. */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
};
