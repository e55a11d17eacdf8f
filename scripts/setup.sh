# What ./weir, ./test and .ci/run share: find or install the tools, build what is stale. Sourced, with $root set.
# A build is stale when the files it was made of are not the same any more: no build tool is started to find out.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

weir_die() { printf 'weir: %s\n' "$1" >&2; exit 1; }
weir_say() { printf '%s\n' "$1" >&2; }

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
  weir_say "Installing $* ..."
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$root/.build/apt.log" 2>&1 \
    || { tail -n 5 "$root/.build/apt.log" >&2; return 1; }
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
  ( flock 9; "$@" 9>&- ) 9>"$root/.build/$name.lock"
}

weir_build_app() { weir_locked app weir_build_app_now; }
weir_build_app_now() {
  local stamp=$root/.build/app.stamp print
  print=$(weir_print "$root/src" "$root/Directory.Build.props" "$root/Directory.Packages.props" "$root/global.json")
  [ -x "$root/.build/app/weir" ] && ! weir_stale "$stamp" "$print" && return 0
  weir_say "Building Weir (once; about a minute the first time) ..."
  rm -rf "$root/.build/app.new"
  dotnet publish "$root/src/Weir/Weir.csproj" -c Release -nodeReuse:false --use-current-runtime --self-contained false \
    -p:PublishReadyToRun=true -o "$root/.build/app.new" -v quiet --nologo >"$root/.build/app.log" 2>&1 \
    || { cat "$root/.build/app.log" >&2; weir_die "the build failed"; }
  rm -rf "$root/.build/app"
  mv "$root/.build/app.new" "$root/.build/app"
  printf '%s' "$print" >"$stamp"
}

weir_build_bench() { weir_locked bench weir_build_bench_now; }
weir_build_bench_now() {
  local stamp=$root/.build/bench.stamp print
  print=$(weir_print "$root/src" "$root/bench" "$root/tests/Weir.EndToEnd/Harness" "$root/Directory.Build.props" "$root/Directory.Packages.props")
  weir_stale "$stamp" "$print" || return 0
  dotnet publish "$root/bench/Weir.Bench/Weir.Bench.csproj" -c Release -o "$root/.build/bench" -v quiet --nologo >"$root/.build/bench.log" 2>&1 \
    || { cat "$root/.build/bench.log" >&2; weir_die "the build of the benchmarks failed"; }
  printf '%s' "$print" >"$stamp"
}

weir_web_packages() {
  weir_need_node
  local stamp=$root/web/node_modules/.weir-stamp
  [ -e "$stamp" ] && [ ! "$root/web/package-lock.json" -nt "$stamp" ] && return 0
  weir_say "Fetching the web app's packages ..."
  (cd "$root/web" && npm ci --no-audit --no-fund --loglevel=error >"$root/.build/npm.log" 2>&1) \
    || { tail -n 20 "$root/.build/npm.log" >&2; weir_die "npm ci failed"; }
  touch "$stamp"
}

weir_build_web() { weir_locked web weir_build_web_now; }
weir_build_web_now() {
  local stamp=$root/.build/web.stamp print
  print=$(weir_print "$root/web")
  [ -e "$root/web/dist/index.html" ] && ! weir_stale "$stamp" "$print" && return 0
  weir_web_packages
  weir_say "Building the pages ..."
  (cd "$root/web" && npm run build --silent >"$root/.build/web.log" 2>&1) \
    || { tail -n 30 "$root/.build/web.log" >&2; weir_die "the build of the pages failed"; }
  printf '%s' "$print" >"$stamp"
}
