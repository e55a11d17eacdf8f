# What ./weir, ./test and .ci/run share: find or install the tools, build what is stale. Sourced, with $root set.
# A build is stale when the files it was made of are not the same any more: no build tool is started to find out.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

weir_die() { printf 'weir: %s\n' "$1" >&2; exit 1; }
weir_say() { printf '%s\n' "$1" >&2; }

# weir_busy WHAT LOG COMMAND...: runs a command whose output goes to a log, and shows while it lasts that it goes on.
weir_busy() {
  local what=$1 log=$2 code=0 began=$SECONDS end ticker
  shift 2
  # The ticker ends when this end of its pipe is closed, so the command must not have it: a build server may stay behind.
  exec {end}> >(weir_tick "$what")
  ticker=$!
  "$@" >"$log" 2>&1 {end}>&- || code=$?
  exec {end}>&-
  wait "$ticker" || true
  weir_say "$what $([ "$code" = 0 ] && echo took || echo failed after) $(weir_time $((SECONDS - began)))"
  return "$code"
}

# On a terminal one line that counts the seconds; elsewhere a line at the start and every 15 seconds.
weir_tick() {
  local what=$1 began=$SECONDS step=15 start='' end='\n'
  if [ -t 2 ]; then what=${1:0:60} step=1 start='\r\033[K' end=''; fi
  printf "%s ...$end" "$what" >&2
  # A status above 128 is a timeout, any other the end of the pipe.
  while read -rt "$step" || [ $? -gt 128 ]; do printf "$start%s ... %s$end" "$what" "$(weir_time $((SECONDS - began)))" >&2; done
  printf "$start" >&2
}

weir_time() { if [ "$1" -lt 60 ]; then printf '%d s' "$1"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi; }

weir_need_dotnet() {
  command -v dotnet >/dev/null || weir_die "the .NET 10 SDK is needed: see https://dotnet.microsoft.com/download"
  [ -n "${WEIR_DOTNET_CHECKED:-}" ] || case "$(cd "$root" && dotnet --version 2>/dev/null)" in
    10.* | 1[1-9].*) export WEIR_DOTNET_CHECKED=1 ;;
    *) weir_die "the .NET 10 SDK is needed, found '$(dotnet --version 2>/dev/null || echo none)'" ;;
  esac
}

weir_need_node() {
  command -v node >/dev/null && command -v npm >/dev/null || weir_debian nodejs npm || weir_die "Node.js 20 or newer with npm is needed to build the pages"
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || weir_die "Node.js 20 or newer is needed, found $(node --version)"
}

# Installs Debian packages where that is possible without asking anybody; fails otherwise.
weir_debian() {
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
  mkdir -p "$root/.build"
  weir_busy "Installing $*" "$root/.build/apt.log" weir_apt "$@" || { tail -n 5 "$root/.build/apt.log" >&2; return 1; }
}
weir_apt() { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; }

# weir_needs FILE...: installs what files of needs name and this machine lacks.
# A line of them is a command, or a file (a pattern), and its Debian package.
weir_needs() {
  local what package missing=()
  while read -r what package; do
    case "$what" in '' | '#'*) continue ;; esac
    type -P "$what" >/dev/null || compgen -G "$what" >/dev/null || missing+=("$package")
  done < <(cat "$@" </dev/null)
  [ ${#missing[@]} = 0 ] && return
  mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
  weir_debian "${missing[@]}" || weir_die "these tests need the Debian packages ${missing[*]}"
}

# weir_room MB DIRECTORY: ends the run where a disk has less room, before something fails in the middle for a reason that nobody sees.
weir_room() {
  local room
  room=$(df -Pm "$2" | awk 'NR == 2 { print $4 }')
  [ "${room:-$1}" -ge "$1" ] || weir_die "$2 has $room MB of free space, and this needs $1"
}

# weir_print PATH...: what the files below some paths are: names, sizes and times. Build output does not count.
weir_print() {
  find "$@" \( -name bin -o -name obj -o -name node_modules -o -name dist -o -name .vite \) -prune -o -type f -printf '%p %s %T@\n' 2>/dev/null | sort | sha256sum
}

# weir_stale STAMP PRINT: true unless the last good build was of exactly these files.
weir_stale() { [ "$(cat "$1" 2>/dev/null)" != "$2" ]; }

# weir_locked NAME COMMAND...: one at a time, so that two starts do not build into each other.
weir_locked() {
  local name=$1; shift
  mkdir -p "$root/.build"
  # Not handed on to the command: a build server that stays behind would keep the lock.
  (
    flock -n 9 || weir_busy "Waiting for a build that somebody else began" /dev/null flock 9
    "$@" 9>&-
  ) 9>"$root/.build/$name.lock"
}

weir_build_app() { weir_locked app weir_build_app_now; }
weir_build_app_now() {
  local stamp=$root/.build/app.stamp print
  print=$(weir_print "$root/src" "$root/Directory.Build.props" "$root/Directory.Packages.props" "$root/global.json")
  [ -x "$root/.build/app/weir" ] && ! weir_stale "$stamp" "$print" && return 0
  rm -rf "$root/.build/app.new"
  # Without --use-current-runtime, which would compile everything that Weir refers to once more, for this runtime alone.
  weir_busy "Building Weir" "$root/.build/app.log" \
    dotnet publish "$root/src/Weir/Weir.csproj" -c Release -nodeReuse:false --self-contained false \
    -p:PublishReadyToRun=true -o "$root/.build/app.new" -v quiet --nologo \
    || { cat "$root/.build/app.log" >&2; weir_die "the build failed"; }
  # A build that was ended from outside may call itself a success.
  [ -x "$root/.build/app.new/weir" ] || weir_die "the build ended before it was done"
  rm -rf "$root/.build/app"
  mv "$root/.build/app.new" "$root/.build/app"
  printf '%s' "$print" >"$stamp"
}

weir_build_bench() { weir_locked bench weir_build_bench_now; }
weir_build_bench_now() {
  local stamp=$root/.build/bench.stamp print
  print=$(weir_print "$root/src" "$root/bench" "$root/tests/Weir.EndToEnd/Harness" "$root/Directory.Build.props" "$root/Directory.Packages.props")
  weir_stale "$stamp" "$print" || return 0
  weir_busy "Building the benchmarks" "$root/.build/bench.log" \
    dotnet publish "$root/bench/Weir.Bench/Weir.Bench.csproj" -c Release -o "$root/.build/bench" -v quiet --nologo \
    || { cat "$root/.build/bench.log" >&2; weir_die "the build of the benchmarks failed"; }
  printf '%s' "$print" >"$stamp"
}

# Instrumented, so that the fuzzer sees which branches an input takes.
weir_build_fuzz() { weir_locked fuzz weir_build_fuzz_now; }
weir_build_fuzz_now() {
  local stamp=$root/.build/fuzz.stamp print
  print=$(weir_print "$root/src" "$root/fuzz/Weir.Fuzz" "$root/Directory.Build.props" "$root/Directory.Packages.props")
  weir_stale "$stamp" "$print" || return 0
  rm -rf "$root/.build/fuzz"
  weir_busy "Building the fuzzer" "$root/.build/fuzz.log" weir_publish_fuzz \
    || { cat "$root/.build/fuzz.log" >&2; weir_die "the build of the fuzzer failed"; }
  printf '%s' "$print" >"$stamp"
}
weir_publish_fuzz() {
  dotnet publish "$root/fuzz/Weir.Fuzz/Weir.Fuzz.csproj" -c Release -nodeReuse:false -o "$root/.build/fuzz" -v quiet --nologo \
    && "$root/.build/fuzz/Weir.Fuzz" instrument
}

weir_web_packages() {
  weir_need_node
  local stamp=$root/web/node_modules/.weir-stamp
  [ -e "$stamp" ] && [ ! "$root/web/package-lock.json" -nt "$stamp" ] && return 0
  weir_busy "Fetching the web app's packages" "$root/.build/npm.log" env -C "$root/web" npm ci --no-audit --no-fund --loglevel=error \
    || { tail -n 20 "$root/.build/npm.log" >&2; weir_die "npm ci failed"; }
  touch "$stamp"
}

weir_build_web() { weir_locked web weir_build_web_now; }
weir_build_web_now() {
  local stamp=$root/.build/web.stamp print
  print=$(weir_print "$root/web")
  [ -e "$root/web/dist/index.html" ] && ! weir_stale "$stamp" "$print" && return 0
  weir_web_packages
  weir_busy "Building the pages" "$root/.build/web.log" env -C "$root/web" npm run build --silent \
    || { tail -n 30 "$root/.build/web.log" >&2; weir_die "the build of the pages failed"; }
  printf '%s' "$print" >"$stamp"
}
