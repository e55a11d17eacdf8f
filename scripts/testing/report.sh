# Counts what ran, keeps what failed for ./test failed, and ends a run with what one needs to know. Sourced, with $root set.

passed=0 failed=0 skipped=0
# .names: a line each; .again: what ./test failed runs; .details: the beginning of what the runner said; .servers: whose logs are shown.
failures=$root/.build/test-failures

report_begin() {
  local kind
  for kind in names again details servers; do : >"$failures.$kind"; done
  if wants "$e2e" || wants "$browsers"; then rm -rf "$root/.build/logs"; fi
}

# What failed in the last run, as "PROJECT FILTER" or "web FILE".
last_failed() {
  [ -e "$root/.build/test-failed" ] || weir_die "no run of ./test has ended here yet"
  [ -s "$root/.build/test-failed" ] || weir_say "Nothing failed in the last run."
  sort -u "$root/.build/test-failed"
}

# What could not even begin.
report_broken() { # project, what of it was to run, why it did not
  echo "$1: $3" >>"$failures.names"
  echo "$1 $2" >>"$failures.again"
  failed=$((failed + 1))
}

# A run that ends without the runner's closing lines counts as one failure.
report_project() { # project, what it ran, log, exit code
  local project=$1 ran=$2 log=$3 code=$4 total fail skip
  total=$(sed -nE 's/^ *total: ([0-9]+).*/\1/p' "$log" | tail -n 1)
  fail=$(sed -nE 's/^ *failed: ([0-9]+).*/\1/p' "$log" | tail -n 1)
  skip=$(sed -nE 's/^ *skipped: ([0-9]+).*/\1/p' "$log" | tail -n 1)
  # What servers logged stays in the file: thousands of lines of tests that passed.
  if [ "$code" = 0 ]; then weir_say "  $total tests"; else sed -E '/^Slowest tests:/,$d; /^[0-9]{4}-[0-9]{2}-[0-9]{2}T/d' "$log"; fi
  # "failed NAMESPACE.CLASS.METHOD(VALUES) (TIME)"
  sed -nE 's/^failed (.*)$/\1/p' "$log" | sed -E 's/ \([0-9hms ]+\)$//' >>"$failures.names"
  sed -nE "s/^failed ([A-Za-z0-9_.+]+).*/$project \1/p" "$log" >>"$failures.again"
  sed -nE 's/^failed ([A-Za-z0-9_+]+\.)*([A-Za-z0-9_+]+)\.([A-Za-z0-9_]+)[^A-Za-z0-9_+.].*$/\2 \3/p' "$log" \
    >>"$failures.servers"
  awk '/^Test run summary/ { left = 0 } /^failed / { left = 25 } /^\[Long Running Test/ { left = left < 1 ? 1 : left }
    left > 0 && !/^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T/ { print; left-- }' "$log" >>"$failures.details"
  if [ -z "$total" ] || { [ "$code" != 0 ] && [ "${fail:-0}" = 0 ]; }; then
    report_broken "$project" "$ran" "the test run itself failed (exit code $code)"
    # It says of no test that it failed: what the servers wrote to last is the nearest to it.
    [ ! -d "$root/.build/logs" ] || find "$root/.build/logs" -name '*.log' -printf '%T@ %P\n' | sort -rn | head -n 3 \
      | sed -nE 's/^[0-9.]+ ([^/]+)\/(.+)-[0-9]+\.log$/\1 \2/p' >>"$failures.servers"
    return
  fi
  passed=$((passed + total - fail - skip)) failed=$((failed + fail)) skipped=$((skipped + skip))
}

report_web() {
  local build=$root/.build p=0 f=0 s=0
  if [ -e "$build/test-web.check" ] && [ "$(cat "$build/test-web.check")" != 0 ]; then
    cat "$build/test-web.check.log"
    tail -n 40 "$build/test-web.check.log" >>"$failures.details"
    echo "web: the check of its types" >>"$failures.names"
    echo "web check" >>"$failures.again"
    failed=$((failed + 1))
  fi
  [ -e "$build/test-web.code" ] || { [ -e "$build/test-web.check" ] && return; echo 1 >"$build/test-web.code"; }
  if [ -s "$build/test-web.json" ]; then
    read -r p f s < <(node "$root/scripts/testing/web-results.mjs" "$build/test-web.json" "$failures" "$root/web")
    weir_say "Web app: $((p + f + s)) tests"
  fi
  if [ "$(cat "$build/test-web.code")" != 0 ]; then
    # Where its packages could not be installed no test began: then what is said of that counts.
    [ -e "$build/test-web.log" ] || cp "$build/test-beside.log" "$build/test-web.log" 2>/dev/null || echo "no word of it" >"$build/test-web.log"
    cat "$build/test-web.log"
    tail -n 40 "$build/test-web.log" >>"$failures.details"
    if [ "$f" = 0 ]; then
      echo "web: the test run itself failed" >>"$failures.names"
      echo "web everything" >>"$failures.again"
      f=1
    fi
  fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# The names, the details, the servers' last lines, and the names in short.
# The end of an output is what everybody sees, and what is left of a log that was cut off.
report_end() {
  cp "$failures.again" "$root/.build/test-failed"
  if [ "$failed" != 0 ]; then
    printf '\n== %d failed\n' "$failed"
    cut -c 1-200 "$failures.names"
    printf '\n== what the runner said of each\n'
    cut -c 1-300 "$failures.details"
    report_servers
    printf '\n== failed; ./test failed runs these again\n'
    sed -E 's/^([A-Za-z0-9_]+\.)*([A-Za-z0-9_+]+\.[A-Za-z0-9_]+)([(<]|$)/\2\3/' "$failures.names" | cut -c 1-120 | head -n 20
    [ "$(wc -l <"$failures.names")" -le 20 ] || echo "and $(($(wc -l <"$failures.names") - 20)) more"
  fi
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  # A run without a test is a mistake, unless it was to run again what failed: that may have been the check of the web app, or nothing.
  [ "$failed" = 0 ] && { [ "$passed" -gt 0 ] || [ "$part" = failed ]; }
}

# The end-to-end tests keep each server's log as .build/logs/CLASS/TEST-PORT.log, or CLASS/shared-PORT.log where tests share it.
report_servers() {
  local class test log logs=()
  while read -r class test; do
    for log in "$root/.build/logs/$class/$test"-*.log "$root/.build/logs/$class"/shared-*.log; do [ ! -e "$log" ] || logs+=("$log"); done
  done < <(sort -u "$failures.servers")
  [ ${#logs[@]} = 0 ] || while read -r log; do
    printf '\n== the last lines of %s\n' "${log#"$root/"}"
    tail -n 40 "$log" | cut -c 1-300
  done < <(printf '%s\n' "${logs[@]}" | sort -u | head -n 12)
}
