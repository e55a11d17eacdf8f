# What a name on the command line of ./test means. Sourced, with $root set.

# Every test class that can run, as "PROJECT FULL-NAME CLASS BASE". Its tests are its own, or those of the class that it extends.
test_classes() {
  find "$root"/tests/*/ -name '*.cs' -not -path '*/bin/*' -not -path '*/obj/*' -print0 | xargs -0 -r awk -v tests="$root/tests/" '
    FNR == 1 { class = ""; project = substr(FILENAME, length(tests) + 1); sub(/^\/+/, "", project); sub(/\/.*/, "", project) }
    /^namespace / { space = $2; sub(/;.*/, "", space) }
    /^(public|internal) .*class [A-Za-z0-9_]+/ {
      line = $0
      abstract = line ~ / abstract /
      sub(/.*class /, "", line)
      class = line; sub(/[^A-Za-z0-9_].*/, "", class)
      sub(/\([^)]*\)/, "", line)
      extended = line ~ /:/ ? line : "-"
      sub(/^[^:]*: */, "", extended); sub(/[^A-Za-z0-9_-].*/, "", extended)
      if (!abstract) { row[++rows] = project " " space "." class " " class " " extended; name[rows] = class; base[rows] = extended }
    }
    /^ *\[(Fact|Theory)/ { tested[class] = 1 }
    END { for (i = 1; i <= rows; i++) if (tested[name[i]] || tested[base[i]]) print row[i] }'
}

# The classes that have a full size beside the small one.
deep_tests() { grep -rlE 'Deep\.Size\(' "$root"/tests/*/ --include=*.cs --exclude-dir=bin --exclude-dir=obj | sed 's/.*\///; s/\.cs$//'; }

# Every test file of the web app, by its path below web/.
web_test_files() { (cd "$root/web" 2>/dev/null && find . -name node_modules -prune -o -name '*.test.*' -printf '%P\n') || true; }

# find_tests NAME: what runs for a name, as "PROJECT FILTER" or "web FILE". Names that nothing has end the run.
find_tests() {
  local name=$1 found
  found=$(
    test_classes | awk -v name="$name" 'name == $2 || name == $3 || name == $4 { print $1, $2 ".*" }'
    web_test_files | awk -v name="$name" '{ file = $0; sub(/.*\//, "", file); bare = file; sub(/\.test\..*/, "", bare) }
      name == file || name == bare || name == $0 || name == "web/" $0 { print "web", $0 }'
  )
  [ -n "$found" ] && printf '%s\n' "$found" && return
  printf "weir: no test class and no test file of the web app is called '%s'.\n" "$name" >&2
  near_names "$name" >&2
  return 1
}

# Names that contain the unknown one, and those that few keystrokes make of it.
near_names() {
  {
    test_classes | awk '{ print $3; if ($4 ~ /(Tests|Story)$/) print $4 }'
    web_test_files | sed 's/.*\///'
  } | sort -u | awk -v name="$1" '
    function least(a, b) { return a < b ? a : b }
    function distance(a, b,   i, j, row, left, above) {
      for (j = 0; j <= length(b); j++) row[j] = j
      for (i = 1; i <= length(a); i++) {
        above = row[0]; row[0] = i
        for (j = 1; j <= length(b); j++) {
          left = least(row[j], row[j - 1]) + 1
          left = least(left, above + (substr(a, i, 1) != substr(b, j, 1)))
          above = row[j]; row[j] = left
        }
      }
      return row[length(b)]
    }
    { here = tolower($0); there = tolower(name); far = index(here, there) ? 0 : distance(here, there) }
    far <= 3 && far < length(name) / 2 { print far, $0 }' | sort -n \
    | awk 'NR == 1 { print "Near it:" } NR <= 6 { print "  " $2 }'
}
